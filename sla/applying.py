"""Carries a live policy over to clocks that run by an older version: seen first, then done."""

import hashlib
from dataclasses import dataclass

from django.db import transaction

from leads.deadlocks import retried
from sla import clocks, deadlines
from sla.models import Clock, Policy


class Overtaken(Exception):
    """The clocks are no longer those that were shown."""


@dataclass(frozen=True)
class Change:
    """What becomes of one open clock; `due` is None where its promise is no longer made."""

    clock: Clock
    due: deadlines.Due | None

    @property
    def target(self):
        return self.due and self.due.due_at


def foresee(policy):
    """Return a Change for each open clock that runs by an older version of this live policy.

    Time that was used since the start counts, and so do pauses.
    """
    return [_change(clock, policy) for clock in _older(policy)]


def _older(policy):
    return (
        Clock.objects.open()
        .filter(policy__name=policy.name)
        .exclude(policy=policy)
        .select_related("handoff__lead", "handoff__owner__user", "handoff__pool")
        .select_related("policy", "calendar")
        .prefetch_related("pauses")
        .order_by("due_at", "pk")
    )


def _change(clock, policy):
    target = clock.target_by(policy)
    hours = clock.calendar.hours()
    return Change(clock, target and deadlines.due(target, hours, clock.started_at, clock.waits()))


def seal(changes):
    """Return a text that says which changes were shown."""
    shown = ";".join(f"{one.clock.pk} {one.clock.due_at} {one.target}" for one in changes)
    return hashlib.sha256(shown.encode()).hexdigest()[:32]


@retried
@transaction.atomic
def apply(policy, *, seen, by, now):
    """Have the open clocks run by this version from now on; return the changes.

    Each is noted on its lead. `seen` is the seal of what was shown: raise Overtaken if there is
    something else to do by now. Steps that were taken are not taken again.
    """
    policy = Policy.objects.live().get(pk=policy.pk)
    ids = list(_older(policy).values_list("handoff", flat=True))
    # The order of the verbs: handoffs first, then clocks.
    list(clocks.Handoff.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    changes = foresee(policy)
    if seal(changes) != seen:
        raise Overtaken("Meanwhile other clocks are open. Look at them again.")
    for change in changes:
        _carry_over(change, policy, by=by, now=now)
    for handoff in {change.clock.handoff for change in changes}:
        clocks.note_next_due(handoff)
    return changes


def _carry_over(change, policy, *, by, now):
    clock, old, was_due = change.clock, change.clock.policy, change.clock.due_at
    if change.due is None:
        clocks.end_pause(clock, at=now, by=by)
        clock.state, clock.cancelled_at, clock.next_step_at = Clock.State.CANCELLED, now, None
        clock.save()
    else:
        clocks.run_by(clock, policy)
    clock.handoff.lead.record(
        "sla.policy_applied",
        now=now,
        by=by,
        cause=f"{clock.get_kind_display()}: {policy} instead of {old}"[:200],
        handoff=clock.handoff_id,
        clock=clock.kind,
        was_due_at=was_due.isoformat(),
        due_at=change.target and change.target.isoformat(),
    )
