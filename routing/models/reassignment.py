from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from leads.deadlocks import retried
from leads.models import Event
from routing import signals
from routing.models.absence import Absence
from routing.models.decision import Assignment
from routing.models.handoff import Handoff
from routing.models.refused import Refused
from routing.models.team import Pool, Rep

# The states in which a handoff has somebody, or a pool, to be taken from.
OWNED = Handoff.HELD
PLACED = (Handoff.State.POOLED, *OWNED)


def reassignable_by(user):
    """The handoffs that this person may give to somebody else: their teams', or all."""
    placed = Handoff.objects.filter(state__in=PLACED)
    if user.has_perm("routing.reassign_every_handoff"):
        return placed
    if not user.is_authenticated:
        return placed.none()
    return placed.filter(Q(owner__team__manager=user) | Q(pool__team__manager=user))


def targets_of(user):
    """The active reps and the pools to which this person may reassign: `(reps, pools)`."""
    reps, pools = Rep.objects.filter(user__is_active=True), Pool.objects.all()
    if not user.has_perm("routing.reassign_every_handoff"):
        reps, pools = reps.filter(team__manager=user), pools.filter(team__manager=user)
    return reps.select_related("user", "team").order_by(
        "team__name", "user__first_name", "pk"
    ), pools


class ReassignmentQuerySet(models.QuerySet["Reassignment"]):
    def reassign(self, handoff, *, to, by, reason, now, quietly=False):
        """Give a handoff to a rep or a pool, or (None) have it routed again; return the row.

        Deadlines stay. Return None where it is there already. Raise Refused unless this person
        may, and the handoff is as they saw it. `quietly` tells nobody: the caller does.
        """
        if not reassignable_by(by).filter(pk=handoff.pk).exists():
            raise Refused(handoff.standing(now=now))
        reps, pools = targets_of(by)
        if isinstance(to, Rep) and not to.user.is_active:
            raise Refused(f"{to} is no longer active.")
        if to is not None and not (reps if isinstance(to, Rep) else pools).contains(to):
            raise Refused(f"You cannot give leads to {to}.")
        kind = Reassignment.Kind.MANAGER
        return self.move(handoff, to=to, kind=kind, by=by, reason=reason, now=now, quietly=quietly)

    def reassign_many(self, handoffs, *, to, by, reason, now):
        """Reassign each of these; return `(handoff, reassignment or None, refusal in words)` each.

        Whoever is concerned is told once. One that changed meanwhile holds up none of the others.
        """
        answers = []
        for handoff in handoffs:
            try:
                moved = self.reassign(handoff, to=to, by=by, reason=reason, now=now, quietly=True)
                answers.append((handoff, moved, ""))
            except Refused as error:
                answers.append((handoff, None, str(error)))
        moved = [row for _, row, _ in answers if row]
        if moved:
            self.tell(moved, cause=f"Reassigned by {by}", by=by, now=now)
        return answers

    def tell(self, rows, *, cause, by=None, now):
        """Announce several reassignments at once, under one event."""
        event = Event.objects.create(
            kind="routing.reassigned_many",
            actor=by,
            cause=cause[:200],
            data={"handoffs": [row.handoff_id for row in rows]},
            happened_at=now,
        )
        signals.handoffs_reassigned.send(sender=Reassignment, rows=rows, event=event, now=now)

    def transfer(self, handoff, *, to, by, reason, now):
        """A rep offers what they hold to a colleague of their team, who accepts it or does not."""
        if not handoff.held_by(by) or handoff.state not in PLACED:
            if self._is_done(handoff, Reassignment.Kind.TRANSFER, by) and handoff.owner == to:
                return None
            raise Refused(handoff.standing(now=now))
        if to == handoff.owner or to.team_id != handoff.owner.team_id or not to.user.is_active:
            raise Refused("Choose a colleague of your team.")
        kind = Reassignment.Kind.TRANSFER
        return self.move(handoff, to=to, kind=kind, by=by, reason=reason, now=now)

    def hand_back(self, handoff, *, by, reason, now):
        """A rep gives what they hold back to the pool it came from. It is no rejection."""
        if not handoff.held_by(by) or handoff.state not in PLACED:
            if self._is_done(handoff, Reassignment.Kind.HANDED_BACK, by):
                return None
            raise Refused(handoff.standing(now=now))
        pool = pool_of(handoff)
        if pool is None:
            raise Refused(f"{handoff.owner.team} has no pool to hand it back to.")
        kind = Reassignment.Kind.HANDED_BACK
        return self.move(handoff, to=pool, kind=kind, by=by, reason=reason, now=now)

    def held_for(self, rep):
        """What absences moved away from this rep and others still hold for them, or a pool does.

        Whatever somebody decided about it since then ends this.
        """
        decided = Reassignment.objects.filter(handoff=OuterRef("handoff"), pk__gt=OuterRef("pk"))
        held = Q(to_rep__isnull=False, handoff__state__in=OWNED)
        waits = Q(to_pool__isnull=False, handoff__state=Handoff.State.POOLED)
        moved = self.filter(held | waits, from_rep=rep, kind=Reassignment.Kind.ABSENCE)
        moved = moved.exclude(handoff__owner=rep)
        return moved.exclude(Exists(decided.exclude(kind=Reassignment.Kind.ABSENCE)))

    @retried
    @transaction.atomic
    def take_back(self, handoff, *, by, now):
        """A rep who is back takes on again what an absence of theirs moved away."""
        rep = getattr(by, "rep", None)
        if rep and handoff.held_by(by) and self._is_done(handoff, Reassignment.Kind.TAKEN_BACK, by):
            return None
        if rep is None or not self.held_for(rep).filter(handoff=handoff).exists():
            raise Refused(handoff.standing(now=now))
        kind, reason = Reassignment.Kind.TAKEN_BACK, f"{rep} is back"
        row = self.move(handoff, to=rep, kind=kind, by=by, reason=reason, now=now)
        handoff.accept(by=by, now=now)
        return row

    def _is_done(self, handoff, kind, by):
        latest = handoff.reassignments.order_by("-pk").first()
        return latest is not None and (latest.kind, latest.by_id) == (kind, by.pk)

    @retried
    @transaction.atomic
    def move(self, handoff, *, to, kind, by, reason, now, absence=None, quietly=False):
        """Put a handoff elsewhere if it is still as the caller saw it; return the row, or None.

        The one door for all that moves a handoff by hand; who may is asked by the verbs.
        """
        if not reason.strip():
            raise Refused("Say why: whoever gets the lead reads it.")
        rep, pool = (to, None) if isinstance(to, Rep) else (None, to)
        state = (
            Handoff.State.OFFERED if rep else Handoff.State.POOLED if pool else Handoff.State.NEW
        )
        was = Handoff(owner=handoff.owner, pool=handoff.pool, state=handoff.state)
        taken = not _is_at(handoff, to) and Handoff.objects.filter(
            pk=handoff.pk, owner=was.owner, pool=was.pool, state=was.state
        ).filter(state__in=PLACED).update(state=state, owner=rep, pool=pool)
        handoff.refresh_from_db()
        if not taken and _is_at(handoff, to):
            return None
        if not taken:
            raise Refused(handoff.standing(now=now))
        handoff.assignments.filter(ended_at=None).update(ended_at=now)
        if rep:
            Assignment.objects.create(handoff=handoff, rep=rep, started_at=now, cause=kind.label)
        row = self.create(
            handoff=handoff,
            kind=kind,
            from_rep=was.owner,
            from_pool=was.pool,
            to_rep=rep,
            to_pool=pool,
            reason=reason,
            absence=absence,
            by=by,
            at=now,
        )
        event = handoff.lead.record(
            f"routing.{kind}",
            now=now,
            by=by,
            handoff=handoff.pk,
            to=str(to or "the rules"),
            note=reason,
            **{"from": str(was.owner or was.pool)},
        )
        signals.handoff_reassigned.send(
            sender=Reassignment, handoff=handoff, row=row, event=event, now=now, quietly=quietly
        )
        return row


def pool_of(handoff):
    """Return the pool that an owned handoff came from, else its team's first; None without any."""
    decision = handoff.decisions.select_related("pool").first()
    return decision.pool if decision else handoff.owner.team.pools.first()


def _is_at(handoff, to):
    if to is None:
        return handoff.state == Handoff.State.NEW
    return handoff.state in PLACED and to in (handoff.owner, handoff.pool)


class Reassignment(models.Model):
    """A handoff went from one place to another by hand or for an absence: who, why, when."""

    class Kind(models.TextChoices):
        # The values are the events' past tenses.
        MANAGER = "reassigned", "Reassigned"
        TRANSFER = "transferred", "Transferred"
        HANDED_BACK = "handed_back", "Handed back"
        ABSENCE = "covered", "Moved for an absence"
        TAKEN_BACK = "taken_back", "Taken back"

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="reassignments")
    kind = models.CharField(max_length=12, choices=Kind)
    from_rep = models.ForeignKey(Rep, models.PROTECT, null=True, related_name="+")
    from_pool = models.ForeignKey(Pool, models.PROTECT, null=True, related_name="+")
    to_rep = models.ForeignKey(Rep, models.PROTECT, null=True, related_name="+")
    to_pool = models.ForeignKey(Pool, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300)
    absence = models.ForeignKey(Absence, models.SET_NULL, null=True, related_name="moved")
    by = models.ForeignKey("leads.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    objects = ReassignmentQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_rep=None, from_pool__isnull=False)
                | Q(from_rep__isnull=False, from_pool=None),
                name="routing_reassigned_from_rep_or_pool",
            ),
            models.CheckConstraint(
                condition=Q(to_rep=None) | Q(to_pool=None),
                name="routing_reassigned_to_one_place",
            ),
        ]
        permissions = [("reassign_every_handoff", "Can give every handoff to somebody else")]

    def __str__(self):
        return f"{self.get_kind_display()}: handoff {self.handoff_id}"

    @property
    def source(self):
        return self.from_rep or self.from_pool

    @property
    def target(self):
        """Where it went: a rep, a pool, or None where the router decided again."""
        return self.to_rep or self.to_pool
