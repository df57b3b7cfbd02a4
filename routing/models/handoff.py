from django.db import models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from leads.deadlocks import retried
from leads.models import Lead, LifecycleStage, Qualification
from routing import signals
from routing.models import checklist, recycling
from routing.models.desk import HandoffQuerySet
from routing.models.lease import Lease
from routing.models.reason import Rejection, RejectionReason
from routing.models.recycling import USUAL, Recycling
from routing.models.refused import Refused
from routing.models.team import Pool, Rep


class Handoff(models.Model):
    """A qualified lead on its way from marketing to one rep, with what was known at the time."""

    class State(models.TextChoices):
        REVIEW = "review", "Waits for a marketer"
        NEW = "new", "To be routed"
        POOLED = "pooled", "In a pool"
        OFFERED = "offered", "Waiting for the rep"
        ACCEPTED = "accepted", "Accepted"
        QUALIFIED = "qualified", "Qualified (SQL)"
        RECYCLED = "recycled", "Recycled"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Kind(models.TextChoices):
        FIRST = "first", "Marketing to sales"
        CLOSING = "closing", "SDR to closer"

    OPEN = (State.REVIEW, State.NEW, State.POOLED, State.OFFERED, State.ACCEPTED)
    HELD = (State.OFFERED, State.ACCEPTED)  # on a rep's desk

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="handoffs")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.FIRST)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    qualification = models.OneToOneField(
        Qualification, models.PROTECT, null=True, related_name="handoff"
    )
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="next")
    packet = models.JSONField(help_text="What was known when it was handed over; never changes.")
    score = models.IntegerField()
    tier = models.CharField(max_length=1)
    owner = models.ForeignKey(Rep, models.PROTECT, null=True, related_name="handoffs")
    pool = models.ForeignKey(Pool, models.PROTECT, null=True, related_name="handoffs")
    opened_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    next_due_at = models.DateTimeField(null=True, help_text="Set by the clocks alone.")

    objects = HandoffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                condition=Q(state__in=["review", "new", "pooled", "offered", "accepted"]),
                name="routing_one_open_handoff_per_lead",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["review", "new"], owner=None, pool=None)
                | Q(state="pooled", owner=None, pool__isnull=False)
                | Q(state__in=["offered", "accepted"], owner__isnull=False, pool=None)
                | Q(state__in=["qualified", "recycled", "rejected", "withdrawn"]),
                name="routing_open_handoff_has_owner_or_pool",
            ),
            models.CheckConstraint(
                condition=Q(kind="first", qualification__isnull=False)
                | Q(kind="closing", previous__isnull=False),
                name="routing_handoff_has_its_origin",
            ),
        ]
        indexes = [
            # The rep's queue, in its order.
            models.Index(
                F("owner"),
                F("next_due_at"),
                F("score").desc(),
                F("id"),
                condition=Q(state__in=["offered", "accepted"]),
                name="routing_handoff_queue",
            ),
            # Read every second by route_new().
            models.Index(
                fields=["opened_at"], condition=Q(state="new"), name="routing_handoff_to_route"
            ),
            models.Index(fields=["pool"], condition=Q(state="pooled"), name="routing_in_pool"),
            models.Index(fields=["-opened_at"], name="routing_handoff_newest"),
        ]
        permissions = [("view_every_handoff", "Can see every handoff")]

    def __str__(self):
        return f"Handoff {self.pk} of {self.lead}"

    @property
    def is_open(self):
        return self.state in self.OPEN

    @property
    def is_worked(self):
        """Whether a rep took it on and goes on with it: until it ends, and as an SQL."""
        return self.state in (self.State.ACCEPTED, self.State.QUALIFIED)

    def held_by(self, user):
        """Whether this user is the rep who has it on their desk."""
        return self.owner is not None and self.owner.user_id == user.pk

    def may_be_accepted_by(self, user):
        """Whether this user could accept it now: their own offer, or one of their team's pool."""
        rep = getattr(user, "rep", None)
        if rep is None:
            return False
        if self.state == self.State.POOLED:
            mine = self.pool is not None and self.pool.team_id == rep.team_id
            return mine and not rep.team.only_work_next
        return self.state == self.State.OFFERED and self.owner_id == rep.pk

    @transaction.atomic
    def accept(self, *, by, now):
        """Take it on. Raise Refused, naming who was faster, if it is no longer to be had."""
        is_served = Lease.objects.in_force().filter(handoff=self, rep__user=by).exists()
        if not (is_served or self.may_be_accepted_by(by)):
            raise Refused(self.standing(now=now))
        # Only columns of this very row: PostgreSQL checks them again after waiting for a rival.
        seen = {"state": self.state, "owner": self.owner, "pool": self.pool}
        taken = Handoff.objects.filter(pk=self.pk, **seen).update(
            state=self.State.ACCEPTED,
            owner=by.rep,
            pool=None,
            # Sales took the lead on when the first rep did; another one may have it since.
            accepted_at=Coalesce("accepted_at", Value(now)),
        )
        claimed = self.state == self.State.POOLED
        # Asked under the row's lock, by which Work next shows a lead to one rep alone.
        holder = Lease.objects.holder_of(self) if claimed else None
        if taken and holder not in (None, by.rep):
            raise Refused(f"{holder} is looking at this lead.")
        if not taken:
            raise Refused(self.standing(now=now))
        self.refresh_from_db()
        if claimed:
            self.assignments.create(rep=by.rep, cause="Claimed from the pool", started_at=now)
        self.lead.record(
            "routing.accepted",
            now=now,
            by=by,
            handoff=self.pk,
            cause="Claimed from the pool" if claimed else "",
        )
        signals.handoff_accepted.send(sender=Handoff, handoff=self, now=now)

    @retried
    @transaction.atomic
    def reject(self, *, by, reason, note="", now):
        """Send the handoff back with a reason, which decides where the lead goes next.

        Back to nurture, it rests as the definition says, and comes back once it meets it anew.
        Raise Refused unless it is offered to, or accepted by, this rep.
        """
        if reason.needs_note and not note.strip():
            raise Refused("Tell marketing what was wrong with this lead: this reason needs a note.")
        self._end(
            self.State.REJECTED, out_of=(self.State.OFFERED, self.State.ACCEPTED), by=by, now=now
        )
        Rejection.objects.create(
            handoff=self,
            reason=reason,
            note=note,
            rejected_by=by,
            rejected_at=now,
            destination=reason.destination,
        )
        event = self.lead.record(
            "routing.rejected",
            now=now,
            by=by,
            cause=str(reason),
            handoff=self.pk,
            reason=reason.code,
            note=note,
            destination=reason.destination,
        )
        self._go(reason, by=by, now=now)
        signals.handoff_rejected.send(sender=Handoff, handoff=self, event=event, now=now)

    def _go(self, reason, *, by, now):
        """Put the lead where a rejection for this reason leads to."""
        cause = f"Rejected: {reason}"
        if reason.destination == RejectionReason.Destination.DISQUALIFY:
            self.lead.enter_stage(
                self.lead.stage_id, status=Lead.Status.UNQUALIFIED, cause=cause, now=now, by=by
            )
            return
        track, days = recycling.where_unwanted(self)
        Recycling.objects.begin(
            self,
            reason=Recycling.Reason.REJECTED,
            track=track,
            status=Lead.Status.SALES_UNREADY,
            cause=cause,
            cool_down_days=days,
            by=by,
            now=now,
        )

    @retried
    @transaction.atomic
    def qualify(self, *, by, now):
        """The rep vetted the lead: it is an SQL.

        Raise Refused unless this rep has accepted it and the checklist's gate is met.
        """
        # Whoever answers the checklist takes this lock, too.
        seen = Handoff.objects.select_for_update(of=("self",)).get(pk=self.pk)
        if seen.state == self.State.OFFERED and seen.held_by(by):
            raise Refused("Accept the lead first, then qualify it.")
        found = checklist.of(seen)
        if found.gaps and seen.state == self.State.ACCEPTED and seen.held_by(by):
            raise Refused(found.refusal())
        self._end(self.State.QUALIFIED, out_of=(self.State.ACCEPTED,), by=by, now=now)
        self.lead.enter_stage(
            LifecycleStage.Key.SQL, status=self.lead.status, cause=found.in_words(), now=now, by=by
        )
        event = self.lead.record(
            "routing.qualified",
            now=now,
            by=by,
            cause=found.in_words(),
            handoff=self.pk,
            answers=found.answers(),
        )
        signals.handoff_qualified.send(sender=Handoff, handoff=self, event=event, now=now)

    @retried
    @transaction.atomic
    def recycle(self, *, by, reason, track, now, cool_down_days=USUAL, **said):
        """A good lead, but not now: it rests on this track until `Recycling` wakes it.

        `said` may hold `note`, `wake_at`, `wake_signal` and `wake_field`.

        Raise Refused unless this rep has accepted it, or for a date that cannot be.
        """
        said = {"reason": reason, "note": "", "wake_at": None} | said
        recycling.check(**said, cool_down_days=cool_down_days, now=now)
        seen = Handoff.objects.get(pk=self.pk)
        if seen.state == self.State.OFFERED and seen.held_by(by):
            raise Refused("Accept the lead first, then recycle it.")
        self._end(self.State.RECYCLED, out_of=(self.State.ACCEPTED,), by=by, now=now)
        event = Recycling.objects.begin(
            self,
            track=track,
            status=Lead.Status.NURTURING,
            cause=f"Recycled: {Recycling.Reason(reason).label}",
            cool_down_days=cool_down_days,
            by=by,
            now=now,
            **said,
        )
        signals.handoff_recycled.send(sender=Handoff, handoff=self, event=event, now=now)

    def _end(self, state, *, out_of, by, now):
        """End a handoff that this rep holds in one of these states; raise Refused otherwise."""
        taken = self.held_by(by) and Handoff.objects.filter(
            pk=self.pk, state__in=out_of, owner_id=self.owner_id
        ).update(state=state, closed_at=now, next_due_at=None)
        self.refresh_from_db()
        if not taken:
            raise Refused(self.standing(now=now))
        self.assignments.filter(ended_at=None).update(ended_at=now)

    def withdraw(self, *, cause, now, by=None):
        """End an open handoff that nobody shall work; return the event. The lead is held."""
        self.assignments.filter(ended_at=None).update(ended_at=now)
        self._place(state=self.State.WITHDRAWN, closed_at=now, next_due_at=None)
        event = self.lead.record("routing.withdrawn", now=now, by=by, cause=cause, handoff=self.pk)
        signals.handoff_withdrawn.send(sender=Handoff, handoff=self, now=now)
        return event

    def _place(self, **values):
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=list(values))

    def set_next_due(self, due_at):
        """Note the earliest deadline that runs; the apps that keep clocks call this."""
        Handoff.objects.set_next_due({self: due_at})

    def standing(self, *, now):
        """Return one sentence on where the handoff stands, for somebody who came too late."""
        # Hundreds may come too late at once: one query for all that the sentence can name.
        named = Handoff.objects.select_related("lead", "owner__user", "pool")
        self.refresh_from_db(from_queryset=named)
        if self.state == self.State.ACCEPTED and self.accepted_at:
            said = self.lead.events.filter(kind="routing.accepted", data__handoff=self.pk).last()
            accepted_at = said.happened_at if said else self.accepted_at
            seconds = max(0, int((now - accepted_at).total_seconds()))
            ago = f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
            return f"{self.owner} accepted this lead {ago}."
        if self.state == self.State.OFFERED:
            return f"This lead is offered to {self.owner}."
        if self.state == self.State.POOLED:
            return f"This lead waits in {self.pool}."
        return f"This lead is no longer waiting: {self.get_state_display().lower()}."
