from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from handoff_project.portal import queue as queues
from handoff_project.portal.queue_form import QueueFilterForm
from routing.models import Handoff

PAGE = 25  # rows


@require_safe
def queue(request):
    """The rep's work, by deadline."""
    now, user = timezone.now(), request.user
    tabs = queues.tabs(user, now=now)
    tab = tabs.get(request.GET.get("tab"), tabs["mine"])
    narrowing = QueueFilterForm(request.GET, sources=tab.sources())
    found = narrowing.narrow(tab.handoffs)
    page = Paginator(queues.with_rows(found), PAGE).get_page(request.GET.get("page"))
    rows = [queues.row(handoff, user=user) for handoff in page]
    news = queues.news(user, now=now)
    return render(
        request,
        "portal/queue.html",
        {
            "now": now,
            "tabs": tabs.values(),
            "tab": tab,
            "narrowing": narrowing,
            "page": page,
            "rows": rows,
            "silences": queues.silences(user),
            "clocks": [row.clock for row in rows if row.clock],
            "changes": {"seen": queues.pack(news.mine | news.pool), "told": ""},
        },
    )


@require_safe
def changes(request):
    """Say what changed since the page in `?seen=` was made; 204 where nothing did."""
    now, user = timezone.now(), request.user
    news = queues.news(
        user,
        now=now,
        shown=queues.unpack(request.GET.get("seen", "")),
        waiting=queues.unpack(request.GET.get("told", "")),
    )
    if not news.is_new:
        response = HttpResponse(status=204, headers={"ETag": news.etag})
        return get_conditional_response(request, etag=news.etag, response=response)
    # The ids come from the address, where anybody can write anything.
    gone = Handoff.objects.known_to(user).filter(pk__in=news.gone)
    gone = gone.select_related("lead", "owner__user")
    taken = [
        (handoff, queues.where_gone(handoff, user=user, now=now))
        for handoff in gone.defer("packet")
    ]
    context = {
        "news": news,
        "taken": taken,
        "changes": {"seen": queues.pack(news.shown), "told": queues.pack(news.waiting)},
    }
    response = render(request, "portal/queue/_changes.html", context)
    response["ETag"] = news.etag
    return response
