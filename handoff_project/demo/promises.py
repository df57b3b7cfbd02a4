"""The clocks of past handoffs, what the watch noticed about them, and who was told."""

from datetime import timedelta

from leads.models import Delivery, Event, User
from routing.notifications import told_in_words, url_of
from sla import clocks, deadlines, watch
from sla.models import Clock, Escalation
from sla.notices import News

READ_AFTER = timedelta(minutes=6)
NOTICED = timedelta(seconds=6)  # by then the watch has looked


class Promises:
    """Writes clocks with their escalations into the ledger."""

    def __init__(self, ledger, rng, *, pool_reps):
        self.ledger = ledger
        self.rng = rng
        self.pool_reps = pool_reps  # team -> its reps
        self.named = [User.objects.get(email="mia@handoff.example")]

    def keep(self, handoff, plan, *, stops):
        """Write the clocks of a handoff; `stops` says by clock when what was promised was done.

        What was not done ended with the handoff.
        """
        hours = plan.calendar.hours()
        for kind, stopped in stops.items():
            target = plan.policy.compiled["targets"][kind]
            clock = clocks.new_clock(handoff, kind, plan.policy, plan.calendar)
            if stopped:
                clock.finish(at=stopped, waits=())
            else:
                clock.state, clock.cancelled_at = Clock.State.CANCELLED, plan.work.ended_at
                clock.next_step_at = None
            self.ledger.add(clock)
            ended = (stopped or plan.work.ended_at) - NOTICED
            for level in deadlines.levels(target, hours, handoff.opened_at):
                if ended > level.at:
                    self._escalate(clock, level, plan)

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

    def _told(self, plan, level):
        pooled = plan.was_claimed and level.at < plan.work.accepted_at
        people = self.pool_reps[plan.pool.team_id] if pooled else [plan.owner]
        whom = {"remind": [rep.user for rep in people], "manager": [plan.owner.team.manager]}
        whom["people"] = self.named
        found = [user for step in level.steps for user in whom.get(step.get("action"), ())]
        return list(dict.fromkeys(found))

    def _escalate(self, clock, level, plan):
        due_at = clock.due_at if level.is_breach else level.at
        noticed = level.at + timedelta(seconds=self.rng.uniform(0.2, 5))
        said = watch.event_of(clock, level, now=noticed)
        lead = clock.handoff.lead
        event = self.ledger.new(Event, lead=lead, happened_at=noticed, **said)
        times = {"due_at": due_at, "noticed_at": noticed}
        for step in level.steps:
            self.ledger.new(Escalation, clock=clock, step=step["key"], event=event, **times)
        news = News(clock, event.pk, told_in_words(clock.handoff), event.kind != watch.REMINDED)
        for user in self._told(plan, level):
            url = url_of(clock.handoff)
            said = {"subject": news.subject, "body": news.body(user), "url": url}
            self.tell(user, event=event, at=noticed, **said)
