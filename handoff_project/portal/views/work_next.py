"""Work next: one lead at a time, in the order of the queue."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal import queue as queues
from handoff_project.portal.forms import sent
from handoff_project.portal.move_forms import SkipForm
from handoff_project.portal.views.verbs import refused, visible
from routing import work_next as domain
from routing.models import Handoff, Refused, Skip


@require_http_methods(["GET", "HEAD", "POST"])
def work_next(request):
    """Show the lead that this rep has before them; sending the form takes one from the pool."""
    rep, now = _rep_of(request.user), timezone.now()
    if request.method == "POST":
        if domain.current(rep, now=now)[0] is None and domain.serve(rep, now=now) is None:
            messages.info(request, "Nothing waits that you have not skipped.")
        return redirect("portal:work-next")
    return _page(request, rep, SkipForm(), now=now)


def _rep_of(user):
    if not hasattr(user, "rep"):
        raise Http404
    return user.rep


@require_POST
def skips(request, pk):
    """Put the lead aside with a reason, and show the next one."""
    rep, now = _rep_of(request.user), timezone.now()
    handoff = visible(request.user, pk)
    form = SkipForm(sent(request))
    if not form.is_valid():
        return _page(request, rep, form, now=now)
    try:
        Skip.objects.skip(handoff, by=request.user, now=now, **form.cleaned_data)
    except Refused as error:
        return refused(request, handoff, error, now=now)
    messages.success(request, f"Skipped {handoff.lead} for an hour.")
    domain.serve(rep, now=now)
    return redirect("portal:work-next")


def _page(request, rep, form, *, now):
    handoff, lease = domain.current(rep, now=now)
    found = Handoff.objects.filter(pk=handoff.pk if handoff else None).for_queue()
    rows = [queues.row(one, user=request.user) for one in queues.with_rows(found)]
    skipped = Skip.objects.put_aside(rep, now=now)
    context = {
        "now": now,
        "form": form,
        "row": rows[0] if rows else None,
        "handoff": handoff,
        "lease": lease,
        "waiting": domain.waiting_for(rep, now=now).count(),
        "skipped": skipped.filter(handoff__state__in=Handoff.OPEN).count(),
    }
    return render(request, "portal/queue/next.html", context, status=422 if form.errors else 200)
