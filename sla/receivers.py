"""What happens to a handoff's clocks. Runs inside the transaction of the verb."""

from django.dispatch import receiver

from routing import signals
from sla import clocks


@receiver(signals.handoff_routed, dispatch_uid="sla.start_clocks")
def start_clocks(sender, handoff, now, **kwargs):
    clocks.start(handoff, now=now)


@receiver(signals.handoff_accepted, dispatch_uid="sla.stop_accept_clock")
def stop_accept_clock(sender, handoff, now, **kwargs):
    clocks.stop(handoff, clocks.ACCEPT, at=now)


@receiver(signals.handoff_rejected, dispatch_uid="sla.end_clocks")
def end_clocks(sender, handoff, now, **kwargs):
    # A rejection is an answer, so the accept clock is met by it; no touch is owed any more.
    clocks.stop(handoff, clocks.ACCEPT, at=now)
    clocks.cancel(handoff)


@receiver(signals.touch_logged, dispatch_uid="sla.stop_first_touch_clock")
def stop_first_touch_clock(sender, handoff, touch, **kwargs):
    clocks.stop(handoff, clocks.FIRST_TOUCH, at=touch.occurred_at)
