"""A good lead rests until its time comes, and the rep may take it back."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal.forms import sent
from handoff_project.portal.recycle_form import RecycleForm
from handoff_project.portal.views.verbs import refused, visible
from routing import recycling
from routing.models import Handoff, Refused


@require_http_methods(["GET", "HEAD", "POST"])
def recycle(request, pk):
    handoff, now = visible(request.user, pk), timezone.now()
    form = RecycleForm(sent(request))
    if form.is_valid():
        try:
            handoff.recycle(by=request.user, now=now, **form.said())
        except Refused as error:
            handoff.refresh_from_db()
            if _is_theirs(handoff, request.user):
                form.add_error(None, str(error))
                return _page(request, form, handoff)
            # The second click of a double click finds done what the first one did.
            if handoff.state != Handoff.State.RECYCLED or not handoff.held_by(request.user):
                return refused(request, handoff, error, now=now)
        waits = handoff.recycling.waits_for(zone=timezone.get_current_timezone())
        messages.success(request, f"Recycled: {handoff.lead}. Comes back: {waits}.")
        return redirect("portal:lead", handoff.lead_id)
    if not _is_theirs(handoff, request.user):
        early = handoff.state == Handoff.State.OFFERED and handoff.held_by(request.user)
        first = "Accept the lead first, then recycle it."
        return refused(request, handoff, first if early else handoff.standing(now=now), now=now)
    return _page(request, form, handoff)


@require_POST
def undo(request, pk):
    handoff, now = visible(request.user, pk), timezone.now()
    try:
        recycling.undo(handoff, by=request.user, now=now)
    except Refused as error:
        return refused(request, handoff, error, now=now)
    messages.success(request, f"{handoff.lead} is yours again, with the deadlines it had.")
    return redirect("portal:lead", handoff.lead_id)


def _is_theirs(handoff, user):
    return handoff.state == Handoff.State.ACCEPTED and handoff.held_by(user)


def _page(request, form, handoff):
    context = {"form": form, "handoff": handoff, "lead": handoff.lead, "now": timezone.now()}
    return render(request, "portal/recycle.html", context, status=422 if form.errors else 200)
