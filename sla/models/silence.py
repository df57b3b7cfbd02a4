from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from routing.models import Refused, Rep
from sla.models.clock import Clock


class SilenceQuerySet(models.QuerySet["Silence"]):
    def endable_by(self, user):
        """Those that last and that this person may end: their own, and their team's."""
        lasting = self.filter(ended_at=None, rep__in_rotation=False)
        if user.has_perm("routing.change_rep"):
            return lasting
        return lasting.filter(Q(rep__user=user) | Q(rep__team__manager=user))


class Silence(models.Model):
    """A rep gets no new leads because one waited too long for them: since when, and until when."""

    rep = models.ForeignKey(Rep, models.CASCADE, related_name="silences")
    clock = models.ForeignKey(Clock, models.CASCADE, related_name="silences")
    since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = SilenceQuerySet.as_manager()

    class Meta:
        ordering = ["since", "pk"]

    def __str__(self):
        return f"{self.rep} gets no new leads"

    @transaction.atomic
    def end(self, *, by, now):
        """Let the rep take turns again. Raise Refused for anybody but them and their manager."""
        if not Silence.objects.endable_by(by).filter(pk=self.pk).exists():
            raise Refused(f"{self.rep} takes turns already, or it is not yours to say.")
        Silence.objects.filter(rep=self.rep, ended_at=None).update(ended_at=now, ended_by=by)
        Rep.objects.filter(pk=self.rep_id).update(in_rotation=True)
        self.clock.handoff.lead.record(
            "sla.back_in_rotation",
            now=now,
            by=by,
            cause=str(self.rep),
            handoff=self.clock.handoff_id,
            rep=self.rep_id,
        )
