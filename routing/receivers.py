"""What routing does when a lead qualifies. Runs inside the transaction that qualified it."""

from celery import current_task
from django.dispatch import receiver

from leads.signals import (
    lead_declined,
    lead_erased,
    lead_qualified,
    leads_merged,
    leads_unmerged,
    merge_foreseen,
    review_asked,
)
from routing import duplicates, erasing, notifications, packet, signals, tasks
from routing.models import FollowUp, Handoff
from routing.models.cadence import start_by_itself


@receiver(review_asked, dispatch_uid="routing.wait_for_review")
def wait_for_review(sender, qualification, now, **kwargs):
    """The lead waits for a marketer; its handoff exists already, so that the wait has a clock."""
    handoff = _open(qualification, state=Handoff.State.REVIEW, now=now)
    signals.handoff_waits.send(sender=Handoff, handoff=handoff, now=now)


@receiver(lead_declined, dispatch_uid="routing.withdraw_declined")
def withdraw_declined(sender, qualification, now, **kwargs):
    handoff = qualification.handoff
    signals.handoff_reviewed.send(sender=Handoff, handoff=handoff, now=now)
    by = qualification.actor
    cause = "Declined by marketing" if by else "Declined: nobody reviewed it in time"
    handoff.withdraw(cause=cause, by=by, now=now)


@receiver(lead_erased, dispatch_uid="routing.erase")
def erase(sender, lead, by, now, **kwargs):
    return erasing.erase(lead, by=by, now=now)


@receiver(lead_qualified, dispatch_uid="routing.open_handoff")
def open_handoff(sender, qualification, now, **kwargs):
    waiting = Handoff.objects.filter(qualification=qualification, state=Handoff.State.REVIEW)
    handoff = waiting.first()
    if handoff is None:
        handoff = _open(qualification, state=Handoff.State.NEW, now=now)
    else:
        _release(handoff, qualification, now=now)
        signals.handoff_reviewed.send(sender=Handoff, handoff=handoff, now=now)
    qualification.lead.record("routing.opened", now=now, handoff=handoff.pk, cause="Qualified")
    FollowUp.objects.open_first(handoff, now=now)
    signals.handoff_opened.send(sender=Handoff, handoff=handoff, now=now)
    # A web request never talks to the broker; the sweep routes what it opened.
    if current_task:
        tasks.route_new.delay_on_commit()  # type: ignore[attr-defined]


def _open(qualification, *, state, now):
    lead = qualification.lead
    return Handoff.objects.create(
        lead=lead,
        qualification=qualification,
        state=state,
        previous=lead.handoffs.order_by("-opened_at").first(),
        opened_at=now,
        **_as_known(qualification, now=now),
    )


def _release(handoff, qualification, *, now):
    """The review is over: what was promised to the lead counts from here, on today's facts."""
    facts = {"state": Handoff.State.NEW, "opened_at": now, **_as_known(qualification, now=now)}
    for name, value in facts.items():
        setattr(handoff, name, value)
    handoff.save(update_fields=list(facts))


def _as_known(qualification, *, now):
    return {
        "score": qualification.total,
        "tier": qualification.tier,
        "packet": packet.build(qualification, now=now),
    }


@receiver(signals.handoff_accepted, dispatch_uid="routing.start_cadence")
def start_cadence(sender, handoff, now, **kwargs):
    """What the lead's tier asks for begins, unless the lead has had a cadence already."""
    start_by_itself(handoff, now=now)


@receiver(signals.touch_logged, dispatch_uid="routing.heed_touch")
def heed_touch(sender, touch, now, **kwargs):
    FollowUp.objects.heed(touch, now=now)


@receiver(signals.handoff_rejected, dispatch_uid="routing.settle_rejected")
def settle_rejected(sender, handoff, now, **kwargs):
    FollowUp.objects.settle(handoff, reason=f"Rejected: {handoff.rejection.reason}", now=now)


@receiver(signals.handoff_qualified, dispatch_uid="routing.settle_qualified")
def settle_qualified(sender, handoff, now, **kwargs):
    FollowUp.objects.settle(handoff, reason="The lead is an SQL", now=now)


@receiver(signals.handoff_recycled, dispatch_uid="routing.settle_recycled")
def settle_recycled(sender, handoff, now, **kwargs):
    reason = f"Recycled: {handoff.recycling.get_reason_display()}"
    FollowUp.objects.settle(handoff, reason=reason, now=now)


@receiver(signals.handoff_withdrawn, dispatch_uid="routing.settle_withdrawn")
def settle_withdrawn(sender, handoff, now, **kwargs):
    FollowUp.objects.settle(handoff, reason="The handoff was withdrawn", now=now)


@receiver(signals.handoff_reinstated, dispatch_uid="routing.reopen_follow_ups")
def reopen_follow_ups(sender, handoff, since, **kwargs):
    FollowUp.objects.reopen(handoff, since=since)


@receiver(signals.handoffs_promised, dispatch_uid="routing.notify")
def notify(sender, routed, now, **kwargs):
    notifications.tell_of_routed(routed, now=now)


@receiver(signals.handoff_rejected, dispatch_uid="routing.notify_of_rejection")
def notify_of_rejection(sender, handoff, event, now, **kwargs):
    notifications.tell_of_rejection(handoff, event=event, now=now)


@receiver(signals.handoff_recycled, dispatch_uid="routing.notify_of_recycling")
def notify_of_recycling(sender, handoff, event, now, **kwargs):
    notifications.tell_of_recycling(handoff, event=event, now=now)


@receiver(signals.handoff_qualified, dispatch_uid="routing.notify_of_sql")
def notify_of_sql(sender, handoff, event, now, **kwargs):
    notifications.tell_of_sql(handoff, event=event, now=now)


@receiver(signals.opportunity_closed, dispatch_uid="routing.notify_of_outcome")
def notify_of_outcome(sender, opportunity, event, now, **kwargs):
    notifications.tell_of_outcome(opportunity, event=event, now=now)


@receiver(signals.marketing_asked, dispatch_uid="routing.notify_of_question")
def notify_of_question(sender, question, event, now, **kwargs):
    notifications.tell_of_question(question, event=event, now=now)


@receiver(signals.question_answered, dispatch_uid="routing.notify_of_answer")
def notify_of_answer(sender, question, event, now, **kwargs):
    notifications.tell_of_answer(question, event=event, now=now)


@receiver(signals.handoff_reassigned, dispatch_uid="routing.notify_of_reassignment")
def notify_of_reassignment(sender, row, event, now, quietly, **kwargs):
    if not quietly:
        notifications.tell_of_reassignment(row, event=event, now=now)


@receiver(signals.handoffs_reassigned, dispatch_uid="routing.notify_of_reassignments")
def notify_of_reassignments(sender, rows, event, now, **kwargs):
    notifications.tell_of_reassignments(rows, event=event, now=now)


@receiver(leads_merged, dispatch_uid="routing.join_handoffs")
def join_handoffs(sender, merge, by, now, **kwargs):
    duplicates.join(merge, by=by, now=now)


@receiver(leads_unmerged, dispatch_uid="routing.part_handoffs")
def part_handoffs(sender, merge, by, now, **kwargs):
    duplicates.part(merge, by=by, now=now)


@receiver(merge_foreseen, dispatch_uid="routing.foresee_merge")
def foresee_merge(sender, survivor, other, **kwargs):
    return duplicates.foresee(survivor, other)
