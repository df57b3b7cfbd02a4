"""Starts and stops the clocks of a handoff, by the policy that fits it."""

from datetime import timedelta

from leads.conditions.judge import holds
from leads.sweep import one_by_one
from routing.models import Handoff
from sla.models import Clock, Escalation, Policy, Target

ACCEPT, FIRST_TOUCH = Target.Clock.ACCEPT, Target.Clock.FIRST_TOUCH
FAILED = "sla.clock_failed"  # the event of a handoff whose clocks could not be started


def start(handoff, *, now):
    """Start the handoff's clocks if it has none yet; return them.

    The first live policy whose segment holds decides. Deadlines count from `opened_at`, on the
    owner's calendar or, in a pool, the team's. Being routed again starts nothing anew.
    """
    if handoff.clocks.exists():
        return []
    policy = policy_for(handoff, now=now)
    if policy is None:
        return []
    holder = handoff.owner.working_calendar if handoff.owner else handoff.pool.team.calendar
    calendar = holder.current()
    clocks = [
        _clock(handoff, kind, target, policy, calendar)
        for kind, target in policy.compiled["targets"].items()
    ]
    Clock.objects.bulk_create(clocks)
    _stop_what_was_kept(handoff)
    _note_next_due(handoff)
    return clocks


def _stop_what_was_kept(handoff):
    """Clocks that start late find some promises kept already."""
    if handoff.accepted_at:
        stop(handoff, ACCEPT, at=handoff.accepted_at)
    first = handoff.touches.order_by("entered_at", "pk").first()
    if first:
        stop(handoff, FIRST_TOUCH, at=first.occurred_at)


def policy_for(handoff, *, now):
    """Return the first live policy that fits the handoff's lead, or None."""
    policies = list(Policy.objects.live())
    forms = {policy.pk: policy.compiled["when"] for policy in policies if policy.compiled["when"]}
    facts = holds(handoff.lead_id, forms, today=now.date())
    # A policy without a segment is for everybody.
    return next((policy for policy in policies if facts.get(policy.pk, True)), None)


def start_missing(*, now):
    """Start the clocks that could not be started when their handoff was routed."""
    missing = (
        Handoff.objects.open()
        .filter(clocks=None, lead__events__kind=FAILED)
        .exclude(state__in=(Handoff.State.REVIEW, Handoff.State.NEW))
    )

    def claim(passed_over):
        left = missing.exclude(pk__in=[*passed_over, *looked_at]).order_by("pk")
        found = left.select_for_update(skip_locked=True, of=("self",)).first()
        if found:
            looked_at.append(found.pk)
        return found

    looked_at: list[int] = []
    return one_by_one(claim, lambda handoff: start(handoff, now=now), limit=200)


def stop(handoff, kind, *, at):
    """Stop a clock that runs, at the moment when what was promised was done."""
    running = handoff.clocks.filter(kind=kind, state=Clock.State.RUNNING)
    running.update(state=Clock.State.STOPPED, stopped_at=at, next_step_at=None)
    _note_next_due(handoff)


def cancel(handoff, *, at):
    """End every clock that still runs: from now on, what was promised is no longer owed."""
    handoff.clocks.filter(state=Clock.State.RUNNING).update(
        state=Clock.State.CANCELLED, cancelled_at=at, next_step_at=None
    )
    _note_next_due(handoff)


def revive(handoff, *, since):
    """Let the clocks run again that were cancelled at this moment: it should not have happened.

    What was promised is still promised by the same time; steps that were taken stay taken.
    """
    for clock in handoff.clocks.filter(state=Clock.State.CANCELLED, cancelled_at=since):
        taken = set(clock.escalations.values_list("step", flat=True))
        target = clock.policy.compiled["targets"][clock.kind]
        first = _first_step(clock.calendar.hours(), clock.started_at, target, clock.due_at)
        if Escalation.Step.LATE in taken:
            first = None
        elif Escalation.Step.REMIND in taken:
            first = just_after(clock.due_at)
        clock.state, clock.cancelled_at, clock.next_step_at = Clock.State.RUNNING, None, first
        clock.save(update_fields=["state", "cancelled_at", "next_step_at"])
    _note_next_due(handoff)


def _clock(handoff, kind, target, policy, calendar):
    hours, started, minutes = calendar.hours(), handoff.opened_at, target["minutes"]
    due = hours.due_at(started, timedelta(minutes=minutes))
    return Clock(
        handoff=handoff,
        kind=kind,
        policy=policy,
        calendar=calendar,
        target_minutes=minutes,
        started_at=started,
        due_at=due,
        next_step_at=_first_step(hours, started, target, due),
    )


def _first_step(hours, started, target, due):
    """When the clock first asks for something: its reminder, else just after the deadline."""
    minutes, warn = target["minutes"], target["warn_minutes"]
    if not 0 < warn < minutes:
        return just_after(due)
    return hours.due_at(started, timedelta(minutes=minutes - warn))


def just_after(deadline):
    """Return the first instant at which a deadline has been missed."""
    return deadline + timedelta(microseconds=1)


def _note_next_due(handoff):
    running = handoff.clocks.filter(state=Clock.State.RUNNING).order_by("due_at")
    handoff.set_next_due(running.values_list("due_at", flat=True).first())
