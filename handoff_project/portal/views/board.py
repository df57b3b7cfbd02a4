from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from handoff_project.portal import board as boards
from handoff_project.portal.forms import BoardFilter
from handoff_project.portal.move_forms import place_of
from handoff_project.portal.team import left_behind
from leads.text import whole
from reporting.models import Slowdown
from reporting.slowing import in_words
from routing.models import Team
from routing.models.agenda import answered_for_by
from sla.models import Clock, Escalation, Silence

PAGE = 50  # rows


@require_safe
def board(request):
    """Every clock of open work of a manager's teams: how many in which state, and which."""
    if not request.user.has_perm("sla.view_board"):
        raise Http404
    now, user = timezone.now(), request.user
    form, clocks = _asked(request)
    states = boards.states(clocks, now=now)
    show = request.GET.get("show", "")
    rows = clocks.filter(states[show]) if show in states else clocks
    rows = rows.select_related(
        "handoff__lead__company", "handoff__owner__user", "handoff__pool", "calendar"
    )
    steps = Prefetch(
        "escalations", Escalation.objects.order_by("-noticed_at", "-pk"), to_attr="steps"
    )
    rows = rows.defer("handoff__packet").prefetch_related(steps, "pauses").order_by("due_at", "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    mine = answered_for_by(user).filter(pk__in=[clock.handoff_id for clock in page])
    return render(
        request,
        "portal/board.html",
        {
            "now": now,
            "form": form,
            "page": page,
            "show": show if show in states else "",
            "silences": Silence.objects.endable_by(user).select_related(
                "rep__user", "clock__handoff__lead"
            ),
            "slowdowns": [in_words(row) for row in Slowdown.objects.current_for(user)],
            "counters": boards.counters(clocks, states),
            "loads": boards.loads(clocks, states),
            "left": left_behind(user),
            "answered": set(mine.values_list("pk", flat=True)),
            "is_filtered": bool(any(form.chosen()) or show or request.GET.get("with")),
            "after": _newest(clocks),
            "redrawn": ",".join(
                [f"#counter-{key}" for key in states]
                + [f"#clock-{clock.pk},#step-{clock.pk}" for clock in page]
            ),
        },
    )


@require_safe
def changes(request):
    """Say how many clocks began since the page was made; 204 where none did."""
    if not request.user.has_perm("sla.view_board"):
        raise Http404
    _, clocks = _asked(request)
    after = whole(request.GET.get("after", "")) or 0
    new = clocks.filter(pk__gt=after).order_by().count()
    etag = f'"{after}-{new}"'
    if not new:
        response = HttpResponse(status=204, headers={"ETag": etag})
        return get_conditional_response(request, etag=etag, response=response)
    response = render(request, "portal/_board_news.html", {"new": new, "after": after})
    response["ETag"] = etag
    return response


def _asked(request):
    """Return the filter of the board and the open clocks that it leaves."""
    form = BoardFilter(request.GET, teams=teams_of(request.user))
    team, kind = form.chosen()
    clocks = watched(request.user, team=team, kind=kind)
    holder = request.GET.get("with", "")
    if place := place_of(holder):
        of_rep = holder.startswith("rep")
        clocks = clocks.filter(**{"handoff__owner" if of_rep else "handoff__pool": place.pk})
    return form, clocks


def _newest(clocks):
    return clocks.order_by("-pk").values_list("pk", flat=True).first() or 0


def teams_of(user):
    """The teams that this person may choose from."""
    if user.has_perm("routing.view_every_handoff"):
        return Team.objects.all()
    return Team.objects.filter(Q(manager=user) | Q(reps__user=user)).distinct()


def watched(user, *, team, kind):
    """The open clocks that this person may see, of one team and of one kind if given."""
    clocks = Clock.objects.visible_to(user).open()
    if team:
        clocks = clocks.filter(Q(handoff__owner__team=team) | Q(handoff__pool__team=team))
    return clocks.filter(kind=kind) if kind else clocks
