"""What happens to a handoff's clocks. Runs inside the transaction of the verb."""

import logging

from django.db import transaction
from django.dispatch import receiver

from routing import signals
from sla import clocks
from sla.follow_ups import begin, end, plan_next, restart

log = logging.getLogger(__name__)


@receiver(signals.handoff_waits, dispatch_uid="sla.start_review_clock")
def start_review_clock(sender, handoff, now, **kwargs):
    _begin(clocks.start_review, handoff, now=now)


@receiver(signals.handoff_reviewed, dispatch_uid="sla.stop_review_clock")
def stop_review_clock(sender, handoff, now, **kwargs):
    clocks.stop(handoff, clocks.REVIEW, at=now)


@receiver(signals.handoffs_routed, dispatch_uid="sla.start_clocks")
def start_clocks(sender, routed, now, **kwargs):
    handoffs = [one.handoff for one in routed]
    try:
        with transaction.atomic():
            clocks.start_all(handoffs, now=now)
    except Exception:
        log.exception("Clocks could not be started together; now one by one.")
        for handoff in handoffs:
            _begin(clocks.start, handoff, now=now)


def _begin(start, handoff, *, now):
    # A lead with a rep and without a clock is better than one without a rep. What failed stays
    # in the timeline, and the sweep tries again.
    try:
        with transaction.atomic():
            start(handoff, now=now)
    except Exception as error:
        log.exception("No clock could be started for %r.", handoff)
        handoff.lead.record(
            clocks.FAILED, now=now, handoff=handoff.pk, cause=f"No clock: {error}"[:200]
        )


@receiver(signals.handoff_accepted, dispatch_uid="sla.stop_accept_clock")
def stop_accept_clock(sender, handoff, now, **kwargs):
    clocks.stop(handoff, clocks.ACCEPT, at=now)


@receiver(signals.handoff_qualified, dispatch_uid="sla.go_on_with_sql")
def go_on_with_sql(sender, handoff, now, **kwargs):
    """What was promised of the vetting is over; what comes next has a clock of its own."""
    end_clocks(sender, handoff, now)
    plan_next(handoff, now=now)


@receiver(signals.handoff_rejected, dispatch_uid="sla.end_clocks")
def end_clocks(sender, handoff, now, **kwargs):
    # A rejection is an answer, so the accept clock is met by it; no touch is owed any more.
    # Whether it is worth an opportunity has been decided, either way.
    clocks.stop(handoff, clocks.ACCEPT, at=now)
    clocks.stop(handoff, clocks.QUALIFY, at=now)
    clocks.cancel(handoff, at=now)


@receiver(signals.touch_logged, dispatch_uid="sla.stop_first_touch_clock")
def stop_first_touch_clock(sender, handoff, touch, **kwargs):
    clocks.stop(handoff, clocks.FIRST_TOUCH, at=touch.occurred_at)


@receiver(signals.follow_ups_planned, dispatch_uid="sla.start_follow_up_clocks")
def start_follow_up_clocks(sender, handoff, follow_ups, by, now, **kwargs):
    begin(handoff, follow_ups, by=by, now=now)


@receiver(signals.follow_up_rescheduled, dispatch_uid="sla.restart_follow_up_clock")
def restart_follow_up_clock(sender, follow_up, by, now, **kwargs):
    restart(follow_up, by=by, now=now)


@receiver(signals.follow_ups_closed, dispatch_uid="sla.end_follow_up_clocks")
def end_follow_up_clocks(sender, follow_ups, at, **kwargs):
    end(follow_ups, at=at)


# Whether it is worth an opportunity is decided by whoever gets it when it wakes.
@receiver(signals.handoff_recycled, dispatch_uid="sla.cancel_clocks_of_recycled")
@receiver(signals.handoff_withdrawn, dispatch_uid="sla.cancel_clocks")
def cancel_clocks(sender, handoff, now, **kwargs):
    clocks.cancel(handoff, at=now)


@receiver(signals.handoff_reinstated, dispatch_uid="sla.revive_clocks")
def revive_clocks(sender, handoff, since, **kwargs):
    clocks.revive(handoff, since=since)
