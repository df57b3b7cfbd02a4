"""What routing does when a lead qualifies. Runs inside the transaction that qualified it."""

from celery import current_task
from django.dispatch import receiver

from leads.signals import lead_qualified
from routing import notifications, packet, signals, tasks
from routing.models import Handoff, Rule


@receiver(lead_qualified, dispatch_uid="routing.open_handoff")
def open_handoff(sender, qualification, now, **kwargs):
    lead = qualification.lead
    handoff = Handoff.objects.create(
        lead=lead,
        qualification=qualification,
        score=qualification.total,
        opened_at=now,
        tier=qualification.tier,
        packet=packet.build(qualification, now=now),
        previous=lead.handoffs.order_by("-opened_at").first(),
    )
    lead.record("routing.opened", now=now, handoff=handoff.pk, cause="Qualified")
    signals.handoff_opened.send(sender=Handoff, handoff=handoff, now=now)
    # A web request never talks to the broker; the sweep routes what it opened.
    if current_task:
        tasks.route_new.delay_on_commit()  # type: ignore[attr-defined]


@receiver(signals.handoff_routed, dispatch_uid="routing.notify")
def notify(sender, handoff, decision, event, now, **kwargs):
    if handoff.owner_id:
        notifications.tell_of_offer(handoff, event=event, now=now)
    elif decision.trace["method"] == Rule.Method.ROUND_ROBIN:
        notifications.tell_of_nobody(handoff, event=event, now=now)
