"""Carries out what was decided: handoffs get an owner or a pool, with every row that tells of it.

The caller has locked the handoffs. A batch costs as many statements as one handoff does.
"""

from typing import NamedTuple

from leads import bulk
from leads.models import Event
from routing import signals
from routing.models import Assignment, Decision, Handoff, Pool, Rep

State = Handoff.State


class Routed(NamedTuple):
    """A handoff that has an owner or a pool now, by this decision, as this event tells."""

    handoff: Handoff
    decision: Decision
    event: Event


def place(found, *, rule_set, now):
    """Put each handoff where its outcome says; `found` has `(handoff, inputs, outcome)` rows."""
    if not found:
        return
    decisions = decisions_of(found, rule_set, now=now)
    bulk.store_new(decisions)
    bulk.store_new(
        Assignment(
            handoff=one.handoff,
            rep=one.rep,
            decision=one,
            cause=f"Routed: {one.rule_label}",
            started_at=now,
        )
        for one in decisions
        if one.rep
    )
    for one in decisions:
        put(one.handoff, one)
    bulk.change(
        Handoff,
        ["state", "owner_id", "pool_id"],
        [[one.pk, one.state, one.owner_id, one.pool_id] for one, *_ in found],
    )
    events = [_event(one, now=now) for one in decisions]
    bulk.store_new(events)
    routed = [Routed(one.handoff, one, event) for one, event in zip(decisions, events, strict=True)]
    signals.handoffs_routed.send(sender=Handoff, routed=routed, now=now)
    signals.handoffs_promised.send(sender=Handoff, routed=routed, now=now)


def decisions_of(found, rule_set, *, now):
    """Return what was found as Decisions, not stored yet."""
    pools = Pool.objects.select_related("team__calendar", "team__manager").in_bulk(
        {outcome.pool for _, _, outcome in found}
    )
    reps = Rep.objects.select_related("user", "calendar", "team__calendar").in_bulk(
        {outcome.rep for _, _, outcome in found if outcome.rep}
    )
    return [
        Decision(
            handoff=handoff,
            rule_set=rule_set,
            rule_label=outcome.rule_label,
            pool=pools[outcome.pool],
            rep=reps.get(outcome.rep),
            nobody=outcome.nobody,
            inputs=inputs.as_json(),
            trace=outcome.trace,
            decided_at=now,
        )
        for handoff, inputs, outcome in found
    ]


def put(handoff, decision):
    """Give a handoff the owner or the pool that was decided on; nothing is stored."""
    handoff.state = State.OFFERED if decision.rep else State.POOLED
    handoff.owner = decision.rep
    handoff.pool = None if decision.rep else decision.pool


def _event(decision, *, now):
    return Event(
        lead=decision.handoff.lead,
        kind="routing.routed",
        cause=decision.rule_label,
        data={
            "handoff": decision.handoff_id,
            "decision": decision.pk,
            "to": str(decision.rep or decision.pool),
        },
        happened_at=now,
    )
