"""Recycled leads wake and are handed over anew, or their rep takes them back."""

from django.db import transaction

from leads.deadlocks import retried
from leads.scoring.qualify import requalify
from leads.sweep import one_by_one
from routing.duplicates import reinstate
from routing.models import Handoff, Recycling, Refused

LIMIT = 200  # leads that one sweep looks at


def wake(*, now):
    """Hand over anew what is due; return how many were looked at."""
    looked_at: list[int] = []

    def claim(passed_over):
        left = Recycling.objects.due(now=now).exclude(pk__in=[*passed_over, *looked_at])
        found = left.in_order().select_for_update(skip_locked=True, of=("self",)).first()
        if found:
            looked_at.append(found.pk)
        return found

    return one_by_one(claim, lambda one: _wake(one, now=now), limit=LIMIT)


def _wake(recycling, *, now):
    """Hand the lead over anew, which opens the next handoff. It may turn out not to pass now."""
    handoff, woken = recycling.handoff, Recycling.Woken
    if Handoff.objects.open().filter(lead=handoff.lead_id).exists():
        return _end(recycling, woken.OVERTAKEN, now=now)
    agreed = recycling.woken != woken.SCORE
    if requalify(handoff.lead_id, at_any_score=agreed, now=now):
        _end(recycling, woken(recycling.woken), now=now)


def _end(recycling, woken_by, *, now):
    recycling.ended_at, recycling.woken_by = now, woken_by
    recycling.save(update_fields=["ended_at", "woken_by"])
    handoff = recycling.handoff
    handoff.lead.record(
        "routing.woken",
        now=now,
        cause=woken_by.label,
        handoff=handoff.pk,
        reason=recycling.reason,
        track=recycling.track.name,
        woken_by=woken_by,
    )


@retried
@transaction.atomic
def undo(handoff, *, by, now):
    """The rep takes the lead back, as if it had not been recycled.

    Raise Refused for anybody else, and once something else has happened to the lead.
    """
    mine = Recycling.objects.waiting().filter(handoff=handoff, recycled_by=by)
    recycling = mine.select_for_update(of=("self",)).first()
    handoff.refresh_from_db()
    if recycling is None or not handoff.held_by(by):
        raise Refused(handoff.standing(now=now))
    if Handoff.objects.open().filter(lead=handoff.lead_id).exists():
        raise Refused("The lead was handed over again.")
    recycling.delete()
    cause, lead = "The recycling was taken back", handoff.lead
    lead.enter_stage(lead.stage_id, status=recycling.lead_status, cause=cause, now=now, by=by)
    reinstate(handoff, Handoff.State.ACCEPTED, cause=cause, by=by, now=now)
