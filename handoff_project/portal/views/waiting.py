"""Clocks that stand still while a rep waits for the lead, and reps who get no new leads."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal.forms import PageForm, sent
from handoff_project.portal.views.verbs import clocks_in_words, refused, visible
from routing.models import Refused
from sla import pauses
from sla.models import Silence


class PauseForm(PageForm):
    cause = forms.CharField(
        label="What are you waiting for?",
        max_length=200,
        help_text="For example: back from leave on Thursday. The lead's timeline shows it.",
        error_messages={"required": "Say what you are waiting for."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request, pk):
    """A rep waits for the lead: its clocks stand still, up to the policy's limit."""
    handoff, now = visible(request.user, pk), timezone.now()
    form = PauseForm(sent(request))
    if form.is_valid():
        try:
            made = pauses.pause(handoff, by=request.user, cause=form.cleaned_data["cause"], now=now)
        except Refused as error:
            return refused(request, handoff, error, now=now)
        until = timezone.localtime(min(one.limit_at for one in made))
        told = f"Paused until you go on, at latest until {date_format(until, 'D j M H:i')}."
        messages.success(request, told)
        return redirect("portal:lead", handoff.lead_id)
    limits = [
        clock.calendar.hours().due_at(now, rest)
        for clock, rest in pauses.pausable(handoff, now=now)
    ]
    if not handoff.held_by(request.user) or not limits:
        why = "There is no clock of yours that could be paused now."
        return refused(request, handoff, why, now=now)
    context = {"form": form, "handoff": handoff, "lead": handoff.lead, "now": now}
    return render(
        request,
        "portal/pause.html",
        context | {"limit": min(limits)},
        status=422 if form.errors else 200,
    )


@require_POST
def resumption(request, pk):
    """The rep goes on: what was left of the deadlines runs again."""
    handoff, now = visible(request.user, pk), timezone.now()
    try:
        pauses.resume(handoff, by=request.user, now=now)
    except Refused as error:
        return refused(request, handoff, error, now=now)
    messages.success(request, f"Going on. {clocks_in_words(handoff, now=now)}".strip())
    return redirect("portal:lead", handoff.lead_id)


@require_POST
def back_in_rotation(request, pk):
    """A rep, or their manager, says that they take turns again."""
    seen = Silence.objects.select_related("rep__user", "rep__team")
    found = get_object_or_404(seen, pk=pk)
    may_know = (found.rep.user_id, found.rep.team.manager_id)
    if request.user.pk not in may_know and not request.user.has_perm("routing.change_rep"):
        raise Http404
    try:
        found.end(by=request.user, now=timezone.now())
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{found.rep} gets new leads again.")
    return redirect("portal:queue" if found.rep.user == request.user else "portal:board")
