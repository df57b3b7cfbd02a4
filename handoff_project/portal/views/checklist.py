"""What a rep finds out about a lead, and the lead's way from it to an SQL."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal.checklist_form import ChecklistForm
from handoff_project.portal.forms import sent
from handoff_project.portal.views.verbs import refused, visible
from routing.models import ChecklistAnswer, Handoff, Refused, checklist


@require_http_methods(["GET", "HEAD", "POST"])
def answers(request, pk):
    """Keep the answers; nothing else happens."""
    handoff, now = visible(request.user, pk), timezone.now()
    form = ChecklistForm(sent(request), checklist=checklist.of(handoff))
    if form.is_valid():
        try:
            ChecklistAnswer.objects.note(handoff, by=request.user, said=form.said(), now=now)
        except Refused as error:
            return refused(request, handoff, error, now=now)
        found = checklist.of(handoff)
        missing = f" Still missing: {'; '.join(found.gaps)}." if found.gaps else ""
        messages.success(request, f"Checklist saved: {found.in_words()}.{missing}")
        return redirect("portal:lead", handoff.lead_id)
    if not form.is_bound and not _is_theirs(handoff, request.user):
        said = "Only who has accepted the lead answers its checklist."
        early = handoff.state == Handoff.State.OFFERED and handoff.held_by(request.user)
        told = "Accept the lead first, then answer the checklist." if early else said
        return refused(request, handoff, told, now=now)
    return _page(request, form, handoff, now=now)


@require_POST
def qualify(request, pk):
    """Keep the answers, and make the lead an SQL by them."""
    handoff, now = visible(request.user, pk), timezone.now()
    form = ChecklistForm(request.POST, checklist=checklist.of(handoff))
    if not form.is_valid() and _is_theirs(handoff, request.user):
        return _page(request, form, handoff, now=now)
    try:
        if form.is_valid() and _is_theirs(handoff, request.user):
            ChecklistAnswer.objects.note(handoff, by=request.user, said=form.said(), now=now)
        handoff.qualify(by=request.user, now=now)
    except Refused as error:
        handoff.refresh_from_db()
        if _is_theirs(handoff, request.user):
            # What was said is kept; what is missing is named.
            form = ChecklistForm(request.POST, checklist=checklist.of(handoff))
            form.add_error(None, str(error))
            return _page(request, form, handoff, now=now)
        # The second click of a double click finds done what the first one did.
        if handoff.state != Handoff.State.QUALIFIED or not handoff.held_by(request.user):
            return refused(request, handoff, error, now=now)
    messages.success(request, f"{handoff.lead} is an SQL. Marketing is told.")
    return redirect("portal:lead", handoff.lead_id)


def _is_theirs(handoff, user):
    return handoff.state == Handoff.State.ACCEPTED and handoff.held_by(user)


def _page(request, form, handoff, *, now):
    context = {
        "form": form,
        "handoff": handoff,
        "lead": handoff.lead,
        "checklist": checklist.of(handoff),
        "now": now,
    }
    status = 422 if form.errors else 200
    return render(request, "portal/checklist.html", context, status=status)
