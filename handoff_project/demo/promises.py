"""The clocks of past handoffs, what the watch noticed about them, and who was told."""

from datetime import timedelta

from django.utils.formats import date_format

from leads.models import Delivery, Event
from routing.notifications import told_in_words, url_of
from sla.models import Clock, Escalation

READ_AFTER = timedelta(minutes=6)
NOTICED = timedelta(seconds=6)  # by then the watch has looked
REMIND, LATE = Escalation.Step.REMIND, Escalation.Step.LATE


class Promises:
    """Writes clocks with their escalations into the ledger."""

    def __init__(self, ledger, rng, *, pool_reps):
        self.ledger = ledger
        self.rng = rng
        self.pool_reps = pool_reps  # team -> its reps

    def keep(self, handoff, plan, *, stops):
        """Write the clocks of a handoff; `stops` says by clock when what was promised was done.

        What was not done ended with the handoff.
        """
        hours = plan.calendar.hours()
        for kind, target in plan.policy.compiled["targets"].items():
            minutes, stopped = timedelta(minutes=target["minutes"]), stops.get(kind)
            clock = self.ledger.new(
                Clock,
                handoff=handoff,
                kind=kind,
                policy=plan.policy,
                calendar=plan.calendar,
                state=Clock.State.STOPPED if stopped else Clock.State.CANCELLED,
                target_minutes=target["minutes"],
                started_at=handoff.opened_at,
                due_at=hours.due_at(handoff.opened_at, minutes),
                stopped_at=stopped,
                cancelled_at=None if stopped else plan.work.ended_at,
            )
            warning = minutes - timedelta(minutes=target["warn_minutes"])
            warn_at = hours.due_at(handoff.opened_at, warning)
            ended = (stopped or plan.work.ended_at) - NOTICED
            for step, at in ((REMIND, warn_at), (LATE, clock.due_at)):
                if ended > at:
                    self._escalate(clock, step, at, self._told(plan, step, at))

    def tell(self, user, *, event, subject, body, url, at):
        """Write a notice that was sent and read."""
        common = {
            "event": event,
            "recipient": user,
            "available_at": at,
            "state": Delivery.State.SENT,
            "payload": {"subject": subject, "body": body, "url": url},
        }
        in_app, email = Delivery.Channel.IN_APP, Delivery.Channel.EMAIL
        self.ledger.new(Delivery, channel=in_app, sent_at=at, read_at=at + READ_AFTER, **common)
        sent = at + timedelta(seconds=1)
        self.ledger.new(
            Delivery, channel=email, sent_at=sent, address=user.email, attempts=1, **common
        )

    def _told(self, plan, step, at):
        pooled = plan.was_claimed and at < plan.work.accepted_at
        people = self.pool_reps[plan.pool.team_id] if pooled else [plan.owner]
        users = [rep.user for rep in people]
        return [*users, plan.owner.team.manager] if step == LATE else users

    def _escalate(self, clock, step, due_at, users):
        noticed = due_at + timedelta(seconds=self.rng.uniform(0.2, 5))
        late = step == LATE
        self.ledger.new(Escalation, clock=clock, step=step, due_at=due_at, noticed_at=noticed)
        promise, handoff = clock.get_kind_display(), clock.handoff
        event = self.ledger.new(
            Event,
            lead=handoff.lead,
            kind="sla.breached" if late else "sla.reminded",
            cause=f"{promise} by {clock.policy}",
            happened_at=noticed,
            data={
                "handoff": handoff.pk,
                "clock": clock.kind,
                "due_at": clock.due_at.isoformat(),
                "noticed_at": noticed.isoformat(),
            },
        )
        verb = "is late" if late else "is due soon"
        for user in users:
            due = date_format(clock.due_at.astimezone(user.tzinfo), "D j M H:i")
            self.tell(
                user,
                event=event,
                at=noticed,
                url=url_of(handoff),
                subject=f"{promise} {verb}: {told_in_words(handoff)}",
                body=f"The {promise.lower()} was promised by {due} ({user.zone}), "
                f"by policy {clock.policy}.",
            )
