"""Pauses: the rep waits for the lead, and the clocks of the handoff wait too, up to a limit."""

from datetime import timedelta

from django.db import transaction

from leads.deadlocks import retried
from routing.models import Handoff, Refused
from sla import clocks
from sla.models import Clock, ClockKind, Pause

NOTHING = timedelta(0)


def pausable(handoff, *, now):
    """Return the handoff's clocks that could be paused now, with how much pause is left of each."""
    clocks = handoff.clocks.select_related("policy", "calendar").order_by("pk")
    found = [(clock, left(clock)) for clock in clocks if may_wait(handoff, clock, now=now)]
    return [(clock, rest) for clock, rest in found if rest > NOTHING]


def may_wait(handoff, clock, *, now):
    """Whether a clock could be paused now, if its policy's limit is not used up yet."""
    # A follow-up is put off instead: its time was chosen.
    waits = clock.kind != ClockKind.FOLLOW_UP
    runs = clock.state == Clock.State.RUNNING and clock.due_at > now
    return waits and runs and handoff.state == Handoff.State.ACCEPTED and bool(_limit(clock))


def _limit(clock):
    return timedelta(minutes=clock.policy.compiled.get("pause_minutes", 0))


def left(clock):
    """Return how many working hours the clock may still be paused for."""
    hours = clock.calendar.hours()
    used = sum((hours.elapsed(began, ended) for began, ended in clock.waits()), NOTHING)
    return _limit(clock) - used


@retried
@transaction.atomic
def pause(handoff, *, by, cause, now):
    """Stop the handoff's clocks while its rep waits for the lead; return the pauses.

    Each ends by itself at its policy's limit. A second call returns the pauses that last. Raise
    Refused unless the rep has accepted the lead, and a clock runs that is still in time.
    """
    held = Handoff.objects.select_for_update(of=("self",)).get(pk=handoff.pk)
    if held.state != Handoff.State.ACCEPTED or not held.held_by(by):
        raise Refused("Accept the lead first: only whoever works it can wait for it.")
    lasting = list(Pause.objects.filter(clock__handoff=held, ended_at=None))
    if lasting:
        return lasting
    if not cause.strip():
        raise Refused("Say what you are waiting for.")
    made = [
        _pause(clock, rest, by=by, cause=cause, now=now) for clock, rest in pausable(held, now=now)
    ]
    if not made:
        raise Refused(_why_not(held, now=now))
    limit = min(one.limit_at for one in made)
    _record(made, "sla.paused", by=by, cause=cause[:200], now=now, until=limit.isoformat())
    clocks.note_next_due(held)
    return made


def _pause(clock, rest, *, by, cause, now):
    limit = clock.calendar.hours().due_at(now, rest)
    made = Pause.objects.create(
        clock=clock, cause=cause[:200], by=by, started_at=now, limit_at=limit
    )
    # The watch wakes it at the limit.
    clock.state, clock.next_step_at = Clock.State.PAUSED, limit
    clock.save(update_fields=["state", "next_step_at"])
    return made


def _why_not(handoff, *, now):
    running = handoff.clocks.running()
    if not running.exists():
        return "No clock runs, so there is nothing to pause."
    if not running.filter(due_at__gt=now).exists():
        return "The deadline has passed already: a pause would not change it."
    return "The policy allows no more pauses for this lead."


@retried
@transaction.atomic
def resume(handoff, *, by, now):
    """Let the handoff's clocks run on with the time that was left; return how many did.

    Raise Refused unless this rep works it. What is not paused stays as it is.
    """
    held = Handoff.objects.select_for_update(of=("self",)).get(pk=handoff.pk)
    if not held.held_by(by):
        raise Refused("Only whoever works the lead can go on.")
    paused = held.clocks.filter(state=Clock.State.PAUSED).order_by("pk").select_for_update()
    ended = [clocks.end_pause(clock, at=now, by=by) for clock in paused]
    _record(ended, "sla.resumed", by=by, cause="", now=now)
    clocks.note_next_due(held)
    return len(ended)


def end(clock, *, now):
    """The limit of a paused clock, which the caller has locked, is reached: it runs on.

    Return from when until when it was paused.
    """
    ended = clocks.end_pause(clock, at=now)
    _record([ended], "sla.resumed", by=None, cause="The limit of the pause", now=now)
    clocks.note_next_due(clock.handoff)
    return ended.started_at, ended.ended_at


def _record(pauses, kind, *, by, cause, now, **data):
    if not pauses:
        return
    handoff = pauses[0].clock.handoff
    kinds = [one.clock.kind for one in pauses]
    handoff.lead.record(kind, now=now, by=by, cause=cause, handoff=handoff.pk, clocks=kinds, **data)
