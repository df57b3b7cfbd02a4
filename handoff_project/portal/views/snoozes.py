"""A rep puts a lead aside for a while; it comes back into the queue by itself."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal.forms import MinuteField, PageForm, sent
from handoff_project.portal.views.verbs import is_held_by, refused, visible
from routing.models import Refused, Snooze

USUAL = timedelta(hours=1)


class SnoozeForm(PageForm):
    until = MinuteField(
        label="Until",
        help_text="In your time zone, and before its next deadline.",
        error_messages={"required": "Say until when.", "invalid": "Write a date and a time."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def snooze(request, pk):
    handoff, now = visible(request.user, pk), timezone.now()
    if not is_held_by(handoff, request.user):
        return refused(request, handoff, handoff.standing(now=now), now=now)
    usual = now + USUAL
    if handoff.next_due_at and handoff.next_due_at > now:
        # So that it is back with time left to meet the deadline.
        usual = min(usual, now + (handoff.next_due_at - now) / 2)
    form = SnoozeForm(sent(request), initial={"until": timezone.localtime(usual)})
    if form.is_valid():
        until = form.cleaned_data["until"]
        try:
            Snooze.objects.begin(handoff, by=request.user, until=until, now=now)
        except Refused as error:
            form.add_error("until", str(error))
        else:
            back = date_format(timezone.localtime(until), "D j M H:i")
            told = f"{handoff.lead} is snoozed and comes back {back}. Its clocks run on."
            messages.success(request, told)
            return redirect("portal:queue")
    context = {"form": form, "handoff": handoff, "lead": handoff.lead, "now": now}
    status = 422 if form.errors else 200
    return render(request, "portal/snooze.html", context, status=status)


@require_POST
def end(request, pk):
    handoff, now = visible(request.user, pk), timezone.now()
    try:
        Snooze.objects.end(handoff, by=request.user, now=now)
    except Refused as error:
        return refused(request, handoff, error, now=now)
    messages.success(request, f"{handoff.lead} is back in your queue.")
    return redirect("portal:lead", handoff.lead_id)
