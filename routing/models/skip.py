from datetime import timedelta

from django.db import models, transaction

from leads.deadlocks import retried
from routing.models.handoff import Handoff
from routing.models.lease import Lease
from routing.models.reassignment import pool_of
from routing.models.refused import Refused
from routing.models.team import Rep

ASIDE = timedelta(hours=1)


class SkipQuerySet(models.QuerySet["Skip"]):
    def put_aside(self, rep, *, now):
        """This rep's latest skips: for an hour they are shown something else."""
        return self.filter(rep=rep, at__gt=now - ASIDE)

    @retried
    @transaction.atomic
    def skip(self, handoff, *, by, reason, note="", now):
        """A rep puts aside what Work next showed them; return the skip. It stays where it is.

        A second call within the hour returns the first skip. Raise Refused for anything else than
        their own offer or the lead that is leased to them.
        """
        rep = getattr(by, "rep", None)
        if rep is None:
            raise Refused(handoff.standing(now=now))
        again = self.put_aside(rep, now=now).filter(handoff=handoff).first()
        if again:
            return again
        if reason == Skip.Reason.OTHER and not note.strip():
            raise Refused("Say why: this reason needs a note.")
        leased = Lease.objects.in_force().filter(handoff=handoff, rep=rep)
        offered = handoff.held_by(by) and handoff.state == Handoff.State.OFFERED
        if not (leased.exists() or offered):
            raise Refused(handoff.standing(now=now))
        pool = handoff.pool or pool_of(handoff)
        leased.delete()
        made = self.create(handoff=handoff, rep=rep, pool=pool, reason=reason, note=note, at=now)
        handoff.lead.record(
            "routing.skipped",
            now=now,
            by=by,
            cause=Skip.Reason(reason).label,
            handoff=handoff.pk,
            note=note,
            **{"from": str(rep)},
        )
        return made


class Skip(models.Model):
    """A rep did not take the lead that Work next showed them: why, and when."""

    class Reason(models.TextChoices):
        LANGUAGE = "language", "Another language is needed"
        EXPERTISE = "expertise", "Another expertise is needed"
        CONFLICT = "conflict", "I should not work this company"
        TIME = "time", "No time for it now"
        OTHER = "other", "Something else"

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="skips")
    rep = models.ForeignKey(Rep, models.PROTECT, related_name="skips")
    pool = models.ForeignKey("Pool", models.PROTECT, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.CharField(max_length=300, blank=True, default="")
    at = models.DateTimeField()

    objects = SkipQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["rep", "at"], name="routing_skips_of_rep")]

    def __str__(self):
        return f"{self.rep} skipped handoff {self.handoff_id}"
