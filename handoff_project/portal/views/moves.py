"""A lead goes to somebody else: reassigned, offered to a colleague, handed back, taken back."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal.forms import sent
from handoff_project.portal.move_forms import ReasonForm, ReassignForm, TransferForm
from handoff_project.portal.views.verbs import refused, visible
from routing.models import Handoff, Reassignment, Refused
from routing.models.reassignment import OWNED, pool_of, reassignable_by


@require_http_methods(["GET", "HEAD", "POST"])
def reassignment(request, pk):
    """A manager gives a lead to a rep, a pool, or to whoever the rules say."""
    handoff, now = visible(request.user, pk), timezone.now()
    if not reassignable_by(request.user).filter(pk=pk).exists():
        return refused(request, handoff, handoff.standing(now=now), now=now)
    form = ReassignForm(sent(request), user=request.user, now=now)
    said = {"heading": "Reassign", "button": "Reassign lead"}
    return _moved(request, handoff, form, Reassignment.objects.reassign, said, now=now)


@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request, pk):
    """A rep offers their lead to a colleague of the team."""
    handoff, now = visible(request.user, pk), timezone.now()
    if not hasattr(request.user, "rep"):
        return refused(request, handoff, handoff.standing(now=now), now=now)
    form = TransferForm(sent(request), user=request.user, now=now)
    said = {"heading": "Offer to a colleague:", "button": "Offer it"}
    return _moved(request, handoff, form, Reassignment.objects.transfer, said, now=now)


@require_http_methods(["GET", "HEAD", "POST"])
def return_to_pool(request, pk):
    """A rep hands their lead back to the pool that it came from."""
    handoff, now = visible(request.user, pk), timezone.now()
    said = {"heading": "Hand back", "button": "Hand back"}
    if handoff.held_by(request.user) and handoff.state in OWNED:
        pool = pool_of(handoff)
        said["intro"] = f"It waits in {pool} for a colleague. It does not count as a rejection."
    form = ReasonForm(sent(request))
    return _moved(request, handoff, form, Reassignment.objects.hand_back, said, now=now)


@require_POST
def recovery(request, pk):
    """A rep who is back takes on again what an absence of theirs moved away."""
    moved = Reassignment.objects.filter(from_rep__user=request.user, handoff=pk)
    known = Handoff.objects.visible_to(request.user) | Handoff.objects.filter(
        pk__in=moved.values("handoff")
    )
    handoff = get_object_or_404(known.select_related("lead", "owner__user", "pool"), pk=pk)
    try:
        Reassignment.objects.take_back(handoff, by=request.user, now=timezone.now())
    except Refused as error:
        messages.warning(request, str(error))
        return redirect("portal:absences")
    messages.success(request, f"Taken back: {handoff.lead}. You have accepted it.")
    return redirect("portal:absences")


def _moved(request, handoff, form, verb, said, *, now):
    """Ask, or move the lead and say where it is."""
    if form.is_valid():
        try:
            verb(handoff, by=request.user, now=now, **form.cleaned_data)
        except Refused as error:
            return refused(request, handoff, error, now=now)
        messages.success(request, _told(handoff))
        seen = Handoff.objects.visible_to(request.user).filter(pk=handoff.pk).exists()
        return redirect("portal:lead", handoff.lead_id) if seen else redirect("portal:home")
    if not form.is_bound and not _may_try(request.user, handoff):
        return refused(request, handoff, handoff.standing(now=now), now=now)
    context = {"form": form, "handoff": handoff, "lead": handoff.lead, "now": now, **said}
    return render(request, "portal/move.html", context, status=422 if form.errors else 200)


def _may_try(user, handoff):
    held = handoff.held_by(user) and handoff.state in OWNED
    return held or reassignable_by(user).filter(pk=handoff.pk).exists()


def _told(handoff):
    if handoff.state == Handoff.State.NEW:
        return f"{handoff.lead} is routed again, within a second or two. Deadlines stay."
    where = f"is offered to {handoff.owner}" if handoff.owner else f"waits in {handoff.pool}"
    return f"{handoff.lead} {where}. Deadlines stay."
