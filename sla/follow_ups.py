"""The clocks of follow-ups: each open one has a clock, which gives it its time and watches it."""

from datetime import timedelta

from django.utils.formats import date_format

from leads import bulk
from routing.models import FollowUp, Refused
from sla import clocks, deadlines
from sla.models import Clock, ClockKind

FOLLOW_UP = ClockKind.FOLLOW_UP
ENDS = {
    FollowUp.State.DONE: Clock.State.STOPPED,
    FollowUp.State.CANCELLED: Clock.State.CANCELLED,
}
FURTHEST = timedelta(days=365)  # of a time that a person sets, where the policy has no limit


def begin(handoff, follow_ups, *, by, now):
    """Start the clocks of new follow-ups of one handoff.

    One without a time of its own gets the policy's. Raise Refused for a time that a person set
    beyond the policy's limit; what a cadence says needs none.
    """
    policy = next(iter(clocks.policies_for([handoff], now=now)[handoff.pk]), None)
    if policy is None:
        if any(one.due_at is None for one in follow_ups):
            raise Refused("Say when: no policy promises anything to this lead.")
        return  # it keeps its time, and nobody watches it
    calendar = clocks.calendar_of(handoff, policy).current()
    hours, target = calendar.hours(), policy.target_of(FOLLOW_UP)
    made = []
    for one in follow_ups:
        if one.due_at and by and not one.cadence_id:
            _check(one.due_at, target, hours, by=by, now=now)
        made.append(_clock(one, policy, calendar, now=now))
    bulk.store_new(made)
    clocks.note_next_due(handoff)
    for one, clock in zip(follow_ups, made, strict=True):
        one.due_at = clock.due_at


def plan_next(handoff, *, now):
    """Plan what the policy wants of the owner of a lead that became an SQL, if it says so."""
    policy = next(iter(clocks.policies_for([handoff], now=now)[handoff.pk]), None)
    kind = policy and policy.compiled.get("after_sql")
    if kind:
        cause = f"The lead is an SQL, by policy {policy}"[:200]
        made = FollowUp(handoff=handoff, kind=kind, created_at=now, cause=cause)
        FollowUp.objects.store([made], by=None, now=now)


def _check(due_at, target, hours, *, by, now):
    limit = latest(target, hours, now=now)
    if due_at > limit:
        until = date_format(limit.astimezone(by.tzinfo), "D j M Y H:i")
        raise Refused(f"That is too late: the policy allows follow-ups until {until}.")


def latest(target, hours, *, now):
    """Return the latest moment that a person may set by a compiled target."""
    bound = deadlines.modern(target)["bound"]
    if bound is None:
        return now + FURTHEST
    return deadlines.counting(bound["unit"], hours).due_at(now, timedelta(minutes=bound["minutes"]))


def _clock(follow_up, policy, calendar, *, now):
    handoff = follow_up.handoff
    return clocks.new_clock(handoff, FOLLOW_UP, policy, calendar, follow_up=follow_up, started=now)


def restart(follow_up, *, by, now):
    """Watch a follow-up by the time that was set for it now.

    The promise until then ends; one that was missed stays missed.
    """
    _end(Clock.objects.filter(follow_up=follow_up), Clock.State.CANCELLED, at=now)
    begin(follow_up.handoff, [follow_up], by=by, now=now)


def end(follow_ups, *, at):
    """End the open clocks of follow-ups of one handoff that are done or cancelled."""
    for state, clock_state in ENDS.items():
        ended = [one for one in follow_ups if one.state == state]
        _end(Clock.objects.filter(follow_up__in=ended), clock_state, at=at)
    clocks.note_next_due(follow_ups[0].handoff)


def _end(found, state, *, at):
    ended = "stopped_at" if state == Clock.State.STOPPED else "cancelled_at"
    for clock in found.open().select_for_update().order_by("pk"):
        clock.state, clock.next_step_at = state, None
        # What was done before it was planned was done in time.
        setattr(clock, ended, max(at, clock.started_at))
        clock.save(update_fields=["state", "next_step_at", ended])
