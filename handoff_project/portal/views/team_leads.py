"""The open leads of a manager's teams, and giving many of them to somebody else."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from handoff_project.portal.move_forms import ReassignForm, key_of, place_of
from handoff_project.portal.team import left_behind, manages
from leads.text import whole
from routing.models import Handoff, Reassignment
from routing.models.reassignment import PLACED, reassignable_by

PAGE = 50  # rows
MOST = 500  # leads that one request moves


@require_safe
def leads(request):
    """Open leads with somebody or in a pool, to look through and to choose from."""
    if not manages(request.user):
        raise Http404
    now, holder = timezone.now(), request.GET.get("with", "")
    found = _held_by(request.user, holder)
    page = Paginator(found.for_queue(), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portal/team/leads.html",
        {
            "now": now,
            "page": page,
            "holder": holder,
            "holders": _holders(request.user),
            "left": left_behind(request.user),
            "form": ReassignForm(user=request.user, now=now),
        },
    )


def _held_by(user, holder):
    """What this person may reassign; of one rep, of one pool, or of everybody who left."""
    found = reassignable_by(user).select_related("lead__company", "owner__user", "pool")
    if holder == "left":
        return found.filter(owner__user__is_active=False)
    place = place_of(holder)
    if place is None:
        return found
    return found.filter(owner=place.pk) if holder.startswith("rep") else found.filter(pool=place.pk)


def _holders(user):
    """Whoever holds something that this person may reassign, as choices."""
    found = reassignable_by(user).select_related("owner__user", "pool").defer("packet")
    places = {key_of(one.owner or one.pool): str(one.owner or one.pool) for one in found}
    return sorted(places.items(), key=lambda choice: choice[1])


@require_POST
def reassignment(request):
    """Show what giving the chosen leads to somebody would change; do it once it is confirmed."""
    if not manages(request.user):
        raise Http404
    now, confirmed = timezone.now(), "confirm" in request.POST
    form = ReassignForm(request.POST, user=request.user, now=now)
    chosen = _as_seen(request) if confirmed else _chosen(request)
    context = {"form": form, "now": now, "rows": [(one, seen_as(one)) for one in chosen]}
    if not form.is_valid() or not chosen:
        if not chosen:
            form.add_error(None, "Choose at least one lead.")
        return render(request, "portal/team/preview.html", context, status=422)
    said = form.cleaned_data
    if not confirmed:
        return render(request, "portal/team/preview.html", context | {"to": said["to"]})
    answers = Reassignment.objects.reassign_many(chosen, by=request.user, now=now, **said)
    refused = [(handoff, why) for handoff, _, why in answers if why]
    done = len(answers) - len(refused)
    if not refused:
        where = said["to"] or "whoever the rules say"
        told = "1 lead" if done == 1 else f"{done} leads"
        messages.success(request, f"Reassigned {told} to {where}. Deadlines stay.")
        return redirect("portal:team-leads")
    context |= {"refused": refused, "done": done}
    return render(request, "portal/team/refused.html", context, status=409)


def _chosen(request):
    """The leads that were ticked, or all of the list where that was."""
    if request.POST.get("all"):
        return list(_held_by(request.user, request.POST.get("with", "")).for_queue()[:MOST])
    ids = [whole(text) for text in request.POST.getlist("handoff")]
    found = _held_by(request.user, "").filter(pk__in=[one for one in ids if one is not None])
    return list(found.for_queue()[:MOST])


def seen_as(handoff):
    """Return a handoff with its place as text: what changes meanwhile is not moved."""
    return f"{handoff.pk}.{handoff.state}.{handoff.owner_id or ''}.{handoff.pool_id or ''}"


def _as_seen(request):
    """The previewed leads, each in the state and the place in which they were shown."""
    shown = [text.split(".") for text in request.POST.getlist("seen")[:MOST]]
    seen = {whole(parts[0]): parts[1:] for parts in shown if len(parts) == 4 and parts[1] in PLACED}
    found = Handoff.objects.visible_to(request.user).filter(pk__in=[pk for pk in seen if pk])
    chosen = list(found.select_related("lead__company", "owner__user", "pool").for_queue())
    for handoff in chosen:
        state, owner, pool = seen[handoff.pk]
        handoff.state, handoff.owner_id, handoff.pool_id = state, whole(owner), whole(pool)
    return chosen
