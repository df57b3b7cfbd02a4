"""What is planned for leads: the lists of it, and who may plan."""

import uuid
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q

from leads.deadlocks import retried
from routing import signals
from routing.models.handoff import Handoff
from routing.models.opportunity import sellable_by
from routing.models.reassignment import OWNED, reassignable_by
from routing.models.refused import Refused
from routing.models.touch import Touch

WORKED = (*OWNED, Handoff.State.QUALIFIED)  # a rep has it, and its follow-ups


class FollowUpQuerySet(models.QuerySet):
    model: Any

    def visible_to(self, user):
        return self.filter(handoff__in=Handoff.objects.visible_to(user))

    def open(self):
        return self.filter(state=self.model.State.OPEN)

    def held(self):
        """Those of leads that somebody has: in a pool they wait for whoever claims the lead."""
        return self.filter(handoff__state__in=WORKED)

    def owned_by(self, user):
        """Those of the leads that this rep holds, whoever planned them."""
        return self.held().filter(handoff__owner__user=user)

    def late(self, *, now):
        """Open ones whose time has passed."""
        return self.open().filter(due_at__lt=now)

    def in_order(self):
        """By deadline, with the lead and who has it."""
        return (
            self.select_related("handoff__lead__company", "handoff__owner__user", "cadence")
            .defer("handoff__packet")
            .order_by(F("due_at").asc(nulls_last=True), "pk")
        )

    def store(self, made, *, by, now):
        """Insert new follow-ups of one handoff, which the caller holds, and announce them.

        Those without a time of their own get the policy's.
        """
        self.bulk_create(made)
        handoff = made[0].handoff
        signals.follow_ups_planned.send(
            sender=self.model, handoff=handoff, follow_ups=made, by=by, now=now
        )
        for one in made:
            one.record("created", by=by, now=now, cause=one.cause, note=one.note)

    def open_first(self, handoff, *, now):
        """Plan the first contact with a lead that was handed over; its clock gives it its time."""
        first = self.model(
            handoff=handoff, kind=self.model.Kind.FIRST, cause="Handed over", created_at=now
        )
        first.save()
        first.record("created", now=now, cause=first.cause, note="")

    @retried
    @transaction.atomic
    def plan(self, handoff, *, kind, by, now, due_at=None, note="", cause="", nonce=None):
        """Add a follow-up to a handoff and return it; without `due_at` the policy says when.

        `nonce` is the form's own id: a second call with it returns what the first one made. Raise
        Refused for whoever does not work the lead, or for a time that cannot be.
        """
        held = Handoff.objects.select_for_update(of=("self",)).get(pk=handoff.pk)
        again = nonce and self.filter(handoff=held, nonce=nonce, created_by=by).first()
        if again:
            return again
        held = held_for_planning(held, by=by, now=now)
        if due_at is not None and due_at <= now:
            raise Refused("A follow-up lies in the future.")
        made = self.model(
            handoff=held,
            kind=kind,
            note=note,
            due_at=due_at,
            created_by=by,
            created_at=now,
            cause=cause or f"Planned by {by}"[:200],
            nonce=nonce or uuid.uuid4(),
        )
        self.store([made], by=by, now=now)
        return made

    def heed(self, touch, *, now):
        """A rep reached out: the first contact is made. One who answered is spared a cadence."""
        handoff = touch.handoff
        first = self.open().filter(handoff=handoff, kind=self.model.Kind.FIRST)
        said = {"state": self.model.State.DONE, "outcome": touch.outcome, "touch": touch}
        self._close(first, by=touch.user, now=now, at=touch.occurred_at, **said)
        if touch.outcome in Touch.REACHED:
            rest = self.open().filter(handoff=handoff, cadence__isnull=False)
            reason = f"{touch.get_outcome_display()}: the rest of the cadence is not needed"
            said = {"state": self.model.State.CANCELLED, "reason": reason}
            return self._close(rest, by=touch.user, now=now, at=now, **said)
        return []

    def settle(self, handoff, *, reason, now):
        """Cancel what is still planned for a handoff that ended; its clocks end with it."""
        said = {"state": self.model.State.CANCELLED, "reason": reason[:300]}
        return self._close(handoff.follow_ups.open(), by=None, now=now, at=now, **said)

    def reopen(self, handoff, *, since):
        """Plan again what was cancelled together with a handoff that should not have ended."""
        settled = handoff.follow_ups.filter(state=self.model.State.CANCELLED, closed_at=since)
        settled.filter(closed_by=None).update(
            state=self.model.State.OPEN, closed_at=None, closed_by=None, reason=""
        )

    def _close(self, which, *, by, now, at, **said):
        """End these open follow-ups, in a transaction that holds their handoff; return them."""
        found = list(which.select_related("handoff__lead").defer("handoff__packet").order_by("pk"))
        for one in found:
            one.close(by=by, now=now, **said)
        if found:
            signals.follow_ups_closed.send(sender=self.model, follow_ups=found, at=at, now=now)
        return found


def plannable_by(handoff, user, *, in_charge=None):
    """Whether this person may plan for the lead: who accepted it, or who answers for its rep.

    `in_charge` is whether they answer for it, where the caller knows.
    """
    if handoff.held_by(user) and handoff.is_worked:
        return True
    if in_charge is None and handoff.state in WORKED:
        in_charge = answered_for_by(user).filter(pk=handoff.pk).exists()
    return bool(in_charge) and handoff.state in WORKED


def answered_for_by(user):
    """The handoffs, and SQLs, of whose rep or pool this person is in charge."""
    placed, sqls = reassignable_by(user).values("pk"), sellable_by(user).values("pk")
    return Handoff.objects.filter(Q(pk__in=placed) | Q(pk__in=sqls))


def held_for_planning(handoff, *, by, now):
    """Lock and return a handoff whose follow-ups this person (None: nobody) is about to change.

    Raise Refused where they may not.
    """
    held = Handoff.objects.select_for_update(of=("self",)).get(pk=handoff.pk)
    if by is None and held.state in OWNED:
        return held
    if by is not None and plannable_by(held, by):
        return held
    if by is not None and held.held_by(by) and held.state == Handoff.State.OFFERED:
        raise Refused("Accept the lead first, then plan what you do.")
    raise Refused(held.standing(now=now))
