from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce

from leads import bulk
from leads.deadlocks import retried
from leads.models import Lead, Qualification
from routing import signals
from routing.models.decision import Decision
from routing.models.lease import Lease
from routing.models.reason import Rejection, RejectionReason
from routing.models.team import Pool, Rep


class Refused(Exception):
    """A verb that this handoff, in its state and for this person, does not allow."""


class HandoffQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The handoffs that this user may see, wherever they ask.

        A rep: their own, and those waiting in a pool of their team. A team's manager: the team's.
        Marketing, managers and RevOps: all.
        """
        if user.has_perm("routing.view_every_handoff"):
            return self
        if not user.is_authenticated:
            return self.none()
        mine = Q(owner__user=user)
        waiting = Q(state=Handoff.State.POOLED, pool__team__reps__user=user)
        managed = Q(owner__team__manager=user) | Q(pool__team__manager=user)
        return self.filter(pk__in=Handoff.objects.filter(mine | waiting | managed).values("pk"))

    def known_to(self, user):
        """The handoffs visible to this user, and those that ever waited in their team's pools.

        Of the latter a rep may be told who took them; they open what is visible alone.
        """
        visible = Handoff.objects.visible_to(user).values("pk")
        waited = Decision.objects.filter(rep=None, pool__team__reps__user=user)
        return self.filter(Q(pk__in=visible) | Q(pk__in=waited.values("handoff")))

    def open(self):
        return self.filter(state__in=Handoff.OPEN)

    def owned_by(self, user):
        """The handoffs that wait for this rep: offered or accepted."""
        return self.filter(
            owner__user=user, state__in=(Handoff.State.OFFERED, Handoff.State.ACCEPTED)
        )

    def waiting_for_team_of(self, user):
        """The handoffs in the pools of this rep's team."""
        return self.filter(state=Handoff.State.POOLED, pool__team__reps__user=user)

    def waiting_for_somebody(self):
        """Those in a pool only because nobody could take them when they were routed.

        One at which a rep looks now, by *Work next*, is theirs to take or to skip.
        """
        newer = Decision.objects.filter(handoff=OuterRef("handoff"), pk__gt=OuterRef("pk"))
        nobody = Decision.objects.filter(
            ~Exists(newer), handoff=OuterRef("pk"), pool=OuterRef("pool"), nobody=True
        )
        looked_at = Exists(Lease.objects.in_force().filter(handoff=OuterRef("pk")))
        return self.filter(Exists(nobody), ~looked_at, state=Handoff.State.POOLED)

    def after(self, place):
        """Those that were opened after this `(moment, id)`."""
        moment, pk = place
        return self.filter(Q(opened_at__gt=moment) | Q(opened_at=moment, pk__gt=pk))

    def set_next_due(self, moments):
        """Note the earliest deadline that runs of each of these handoffs, at once."""
        bulk.change(Handoff, ["next_due_at"], [[one.pk, at] for one, at in moments.items()])
        for handoff, at in moments.items():
            handoff.next_due_at = at

    def for_queue(self):
        """In the order in which they are worked: deadline, then score; with what a row shows."""
        return self.select_related("lead__company", "owner__user", "pool").order_by(
            F("next_due_at").asc(nulls_last=True), "-score", "pk"
        )


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
        self.refresh_from_db()
        if not taken:
            raise Refused(self.standing(now=now))
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

        Raise Refused unless it is offered to, or accepted by, this rep.
        """
        if reason.needs_note and not note.strip():
            raise Refused("Tell marketing what was wrong with this lead: this reason needs a note.")
        held = (self.State.OFFERED, self.State.ACCEPTED)
        taken = self.held_by(by) and Handoff.objects.filter(
            pk=self.pk, state__in=held, owner_id=self.owner_id
        ).update(state=self.State.REJECTED, closed_at=now, next_due_at=None)
        self.refresh_from_db()
        if not taken:
            raise Refused(self.standing(now=now))
        Rejection.objects.create(
            handoff=self,
            reason=reason,
            note=note,
            rejected_by=by,
            rejected_at=now,
            destination=reason.destination,
        )
        self.assignments.filter(ended_at=None).update(ended_at=now)
        lost = reason.destination == RejectionReason.Destination.DISQUALIFY
        status = Lead.Status.UNQUALIFIED if lost else Lead.Status.SALES_UNREADY
        self.lead.enter_stage(
            self.lead.stage_id, status=status, cause=f"Rejected: {reason}", now=now, by=by
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
        signals.handoff_rejected.send(sender=Handoff, handoff=self, event=event, now=now)

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
        self.refresh_from_db()
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
