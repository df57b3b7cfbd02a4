"""What a rep does with a handoff. Every verb is a plain form; htmx only saves the reload."""

from functools import partial

from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal import queue
from handoff_project.portal.forms import DESTINATIONS, RejectForm, TouchForm, sent
from routing.models import FollowUp, GutRead, Handoff, Refused, Touch
from routing.notifications import url_of
from sla.models import Clock

WITH = ("lead__company", "owner__user", "pool")


@require_POST
def accept(request, pk):
    handoff, now = _reachable(request.user, pk), timezone.now()
    try:
        handoff.accept(by=request.user, now=now)
    except Refused as error:
        # The second click of a double click finds done what the first one did.
        if not _is_accepted_by(handoff, request.user):
            return refused(request, handoff, error, now=now)
    told = f"Accepted. {clocks_in_words(handoff, now=now)}".strip()
    if request.htmx:
        return _row(request, handoff, now=now, told=told)
    messages.success(request, f"{handoff.lead}: {told}")
    return redirect(after(request, handoff))


def _reachable(user, pk):
    """Return a handoff that the user sees, or saw until a colleague took it from their pool."""
    # Without more rows: of hundreds who claim it at once, one alone is shown the lead.
    return get_object_or_404(Handoff.objects.known_to(user), pk=pk)


def _is_accepted_by(handoff, user):
    return handoff.state == Handoff.State.ACCEPTED and handoff.held_by(user)


@require_http_methods(["GET", "HEAD", "POST"])
def reject(request, pk):
    handoff, now = visible(request.user, pk), timezone.now()
    form = RejectForm(sent(request))
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            handoff.reject(by=request.user, reason=reason, note=form.cleaned_data["note"], now=now)
        except Refused as error:
            if not _is_rejected_by(handoff, request.user):
                return refused(request, handoff, error, now=now)
            reason = handoff.rejection.reason
        where = DESTINATIONS[reason.destination]
        messages.success(request, f"Rejected: {handoff.lead}, {reason}. The lead {where}.")
        return redirect("portal:queue")
    if not is_held_by(handoff, request.user) and not form.is_bound:
        return refused(request, handoff, handoff.standing(now=now), now=now)
    return _form(request, "portal/reject.html", form, handoff, now=now)


@require_POST
def gut_read(request, pk):
    """Keep whether the rep thinks the lead hot or cold."""
    handoff, now = visible(request.user, pk), timezone.now()
    said = request.POST.get("hot")
    if said not in ("0", "1"):
        return refused(request, handoff, "Say hot or cold.", now=now)
    try:
        read = GutRead.objects.note(handoff, by=request.user, hot=said == "1", now=now)
    except Refused as error:
        return refused(request, handoff, error, now=now)
    messages.success(request, f"{read}: kept. You may think again while you work the lead.")
    return redirect("portal:lead", handoff.lead_id)


def _is_rejected_by(handoff, user):
    return handoff.state == Handoff.State.REJECTED and handoff.rejection.rejected_by_id == user.pk


def is_held_by(handoff, user):
    """Whether a handoff is on this rep's desk, to be worked."""
    return handoff.held_by(user) and handoff.state in Handoff.HELD


@require_http_methods(["GET", "HEAD", "POST"])
def touches(request, pk):
    handoff, now = visible(request.user, pk), timezone.now()
    form = TouchForm(sent(request), lead=handoff.lead, initial={"when": timezone.localtime(now)})
    if form.is_valid():
        try:
            touch = done(form, partial(Touch.objects.log, handoff), handoff, request.user, now=now)
        except NextStepRefused as error:
            form.add_error("next_when", str(error))
        except Refused as error:
            handoff.refresh_from_db()
            if not _is_accepted_by(handoff, request.user):
                return refused(request, handoff, error, now=now)
            form.add_error("when", str(error))
        else:
            messages.success(request, touch_in_words(touch, now=now))
            return redirect("portal:lead", handoff.lead_id)
    elif not form.is_bound and not _is_accepted_by(handoff, request.user):
        return refused(request, handoff, "Accept the lead first, then log what you did.", now=now)
    stops = handoff.clocks.filter(kind=Clock.Kind.FIRST_TOUCH).select_related("calendar").first()
    return _form(request, "portal/touch.html", form, handoff, now=now, stops=stops)


class NextStepRefused(Exception):
    """What was done could be logged, but not what is to come next; so neither was."""


def done(form, log, handoff, user, *, now):
    """Log what a TouchForm says was done, plan its next step, and return the touch.

    Raise Refused or NextStepRefused with nothing changed.
    """
    said = form.cleaned_data
    with transaction.atomic():
        touch = log(
            by=user,
            channel=said["channel"],
            outcome=said["outcome"],
            note=said["note"],
            occurred_at=form.occurred_at(),
            nonce=said["nonce"],
            now=now,
        )
        step = form.next_step()
        try:
            if step:
                FollowUp.objects.plan(handoff, by=user, now=now, **step)
        except Refused as error:
            raise NextStepRefused(str(error)) from None
    return touch


def clocks_in_words(handoff, *, now):
    """Return what a handoff's clocks show, as sentences."""
    clocks = handoff.clocks.filter(follow_up=None).select_related("calendar")
    clocks = clocks.order_by("due_at", "pk")
    shown = [
        f"{clock.get_kind_display()}: {clock.reading(now=now).text.lower()}" for clock in clocks
    ]
    return " ".join(f"{text}." for text in shown)


def touch_in_words(touch, *, now):
    """Return what logging this touch did, and to which clock."""
    clock = touch.handoff.clocks.filter(kind=Clock.Kind.FIRST_TOUCH, stopped_at__isnull=False)
    stopped = clock.select_related("calendar").first()
    if stopped is None:
        return "Touch logged."
    first = touch.handoff.touches.order_by("entered_at", "pk").first()
    if first != touch:
        return "Touch logged. The first-touch clock was stopped by an earlier touch."
    return f"Touch logged. First touch: {stopped.reading(now=now).text.lower()}."


def visible(user, pk):
    handoffs = Handoff.objects.visible_to(user).select_related(*WITH)
    return get_object_or_404(handoffs, pk=pk)


def _form(request, template, form, handoff, *, now, **more):
    context = {"form": form, "handoff": handoff, "lead": handoff.lead, "now": now, **more}
    return render(request, template, context, status=422 if form.errors else 200)


def refused(request, handoff, error, *, now):
    """Answer a verb that came too late or from the wrong person, in the domain's words."""
    if request.htmx:
        gone = {"gone": True, "handoff": handoff, "told": str(error), "now": now}
        return render(request, "portal/queue/_row_answer.html", gone, status=409)
    messages.warning(request, str(error))
    seen = Handoff.objects.visible_to(request.user).filter(pk=handoff.pk).exists()
    return redirect(after(request, handoff) if seen else "portal:queue")


def _row(request, handoff, *, now, told):
    """Answer htmx with the handoff's row as it is now, and what to say of it."""
    handoffs = Handoff.objects.filter(pk=handoff.pk).select_related(*WITH)
    row = queue.row(queue.with_rows(handoffs).get(), user=request.user)
    return render(
        request,
        "portal/queue/_row_answer.html",
        {
            "row": row,
            "now": now,
            "told": told,
            "gone": False,
            "handoff": row.handoff,
            "here": request.htmx.current_url_abs_path,
        },
    )


def after(request, handoff):
    """Return where the form asked to go afterwards if that is here, else the lead's page."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return url_of(handoff)
