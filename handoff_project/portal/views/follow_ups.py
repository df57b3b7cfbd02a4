"""The list of what is to be done, and what is done about each of it."""

from functools import partial

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff_project.portal import agenda
from handoff_project.portal.follow_up_forms import (
    PlanForm,
    StartForm,
    TimeForm,
    WhoseForm,
    WhyForm,
)
from handoff_project.portal.forms import TouchForm, sent
from handoff_project.portal.team import manages
from handoff_project.portal.views.verbs import (
    NextStepRefused,
    after,
    done,
    refused,
    touch_in_words,
    visible,
)
from routing.models import FollowUp, Refused
from routing.models.agenda import plannable_by

PAGE = 50  # rows


@require_safe
def follow_ups(request):
    """What a rep has to do for their leads, by deadline; a manager sees their reps'."""
    user, now = request.user, timezone.now()
    is_rep, is_manager = hasattr(user, "rep"), manages(user)
    if not (is_rep or is_manager):
        raise Http404
    form = WhoseForm(
        request.GET,
        reps=agenda.reps_of(user) if is_manager else agenda.reps_of(user).none(),
        empty_label="Mine" if is_rep else "All my reps",
    )
    found = agenda.of(user, rep=form.chosen())
    tabs = agenda.tabs(found, now=now)
    asked = request.GET.get("show", "")
    first = next((key for key in ("overdue", "today", "week", "later") if tabs[key].count), "today")
    tab = tabs.get(asked) or tabs[first]
    page = Paginator(agenda.listed(found, tab.key, now=now), PAGE).get_page(request.GET.get("page"))
    context = {"now": now, "tabs": tabs.values(), "tab": tab, "page": page}
    context |= {"rows": agenda.rows(page, user=user), "form": form if is_manager else None}
    return render(request, "portal/follow_ups.html", context | {"is_rep": is_rep})


@require_http_methods(["GET", "HEAD", "POST"])
def completion(request, pk):
    """The rep has done it: its outcome is logged as a touch, and the next step is planned."""
    follow_up, now = _visible(request.user, pk), timezone.now()
    handoff, lead = follow_up.handoff, follow_up.handoff.lead
    channel = "" if follow_up.is_first else follow_up.channel()
    initial = {"when": timezone.localtime(now), "channel": channel, "outcome": ""}
    form = TouchForm(sent(request), lead=lead, initial=initial)
    if form.is_valid():
        try:
            touch = done(form, follow_up.complete, handoff, request.user, now=now)
        except NextStepRefused as error:
            form.add_error("next_when", str(error))
        except Refused as error:
            return refused(request, handoff, error, now=now)
        else:
            messages.success(request, _told(touch, now=now))
            return redirect(after(request, handoff))
    elif not form.is_bound and not follow_up.may_be_done_by(request.user):
        return refused(request, handoff, _why_not(follow_up, now=now), now=now)
    context = {"form": form, "follow_up": follow_up, "handoff": handoff, "lead": lead, "now": now}
    return render(
        request, "portal/follow_ups/done.html", context, status=422 if form.errors else 200
    )


def _told(touch, *, now):
    """Return what was logged, and what comes next for this lead."""
    coming = touch.handoff.follow_ups.open().in_order().first()
    if coming is None:
        return f"{touch_in_words(touch, now=now)} Nothing more is planned for this lead."
    due = timezone.localtime(coming.due_at) if coming.due_at else None
    when = date_format(due, "D j M H:i") if due else "without a time"
    what = coming.get_kind_display().lower()
    return f"{touch_in_words(touch, now=now)} Next: {what}, {when}."


def _why_not(follow_up, *, now):
    if not follow_up.is_open:
        return follow_up.standing()
    return follow_up.handoff.standing(now=now)


@require_http_methods(["GET", "HEAD", "POST"])
def time(request, pk):
    """It is put off, or forward, and why."""
    follow_up, now = _visible(request.user, pk), timezone.now()
    due = follow_up.due_at and timezone.localtime(follow_up.due_at)
    form = TimeForm(sent(request), initial={"due_at": due})
    told = {"heading": "Another time for", "button": "Set this time"}
    verb = partial(follow_up.reschedule, by=request.user, now=now)
    return _changed(request, follow_up, form, verb, told, field="due_at", now=now)


@require_http_methods(["GET", "HEAD", "POST"])
def cancellation(request, pk):
    """It will not be done, and why."""
    follow_up, now = _visible(request.user, pk), timezone.now()
    form = WhyForm(sent(request))
    told = {"heading": "Cancel:", "button": "Cancel it"}
    verb = partial(follow_up.cancel, by=request.user, now=now)
    return _changed(request, follow_up, form, verb, told, field="reason", now=now)


def _changed(request, follow_up, form, verb, told, *, field, now):
    """Ask, or change it and say so."""
    user, handoff = request.user, follow_up.handoff
    may = follow_up.is_open and not follow_up.is_first and plannable_by(handoff, user)
    if form.is_valid():
        try:
            verb(**form.cleaned_data)
        except Refused as error:
            if not may:
                return refused(request, handoff, error, now=now)
            form.add_error(field, str(error))
        else:
            messages.success(request, f"{handoff.lead}: {_said(follow_up)}")
            return redirect(after(request, handoff))
    elif not form.is_bound and not may:
        return refused(request, handoff, _why_not(follow_up, now=now), now=now)
    context = {"form": form, "follow_up": follow_up, "lead": handoff.lead, "now": now, **told}
    return render(
        request, "portal/follow_ups/change.html", context, status=422 if form.errors else 200
    )


def _said(follow_up):
    what = follow_up.get_kind_display().lower()
    if not follow_up.is_open:
        return f"{what} cancelled."
    return f"{what} is due {date_format(timezone.localtime(follow_up.due_at), 'D j M H:i')}."


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request, pk):
    """Add a follow-up to a lead."""
    handoff, now = visible(request.user, pk), timezone.now()
    form = PlanForm(sent(request))
    if form.is_valid():
        try:
            made = FollowUp.objects.plan(handoff, by=request.user, now=now, **form.cleaned_data)
        except Refused as error:
            if not plannable_by(handoff, request.user):
                return refused(request, handoff, error, now=now)
            form.add_error("due_at", str(error))
        else:
            made.refresh_from_db()
            due = date_format(timezone.localtime(made.due_at), "D j M H:i")
            messages.success(request, f"Planned: {made.get_kind_display().lower()}, {due}.")
            return redirect("portal:lead", handoff.lead_id)
    elif not form.is_bound and not plannable_by(handoff, request.user):
        return refused(request, handoff, handoff.standing(now=now), now=now)
    context = {"form": form, "handoff": handoff, "lead": handoff.lead, "now": now}
    context |= {"heading": "Plan a follow-up for", "button": "Plan it"}
    return render(
        request, "portal/follow_ups/change.html", context, status=422 if form.errors else 200
    )


@require_POST
def cadences(request, pk):
    """Start a cadence on a lead."""
    handoff, now = visible(request.user, pk), timezone.now()
    form = StartForm(request.POST)
    if not form.is_valid():
        return refused(request, handoff, "That cadence is not in use any more.", now=now)
    cadence = form.cleaned_data["cadence"]
    try:
        made = cadence.start(handoff, by=request.user, now=now)
    except Refused as error:
        return refused(request, handoff, error, now=now)
    messages.success(request, f"{cadence} is started: {len(made)} follow-ups are planned.")
    return redirect("portal:lead", handoff.lead_id)


def _visible(user, pk):
    found = FollowUp.objects.visible_to(user).select_related(
        "handoff__lead__company", "handoff__owner__user", "handoff__pool", "closed_by"
    )
    return get_object_or_404(found, pk=pk)
