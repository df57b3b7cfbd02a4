from django.conf import settings
from django.db import models, transaction

from leads.deadlocks import retried
from leads.models import Score
from routing.models.handoff import Handoff
from routing.models.refused import Refused


class GutReadQuerySet(models.QuerySet["GutRead"]):
    @retried
    @transaction.atomic
    def note(self, handoff, *, by, hot, now):
        """Keep whether a rep who has reached out thinks the lead hot or cold; return it.

        As long as they work the lead they may think again: the last read counts. Raise Refused
        before their first touch, and for anybody else.
        """
        held = Handoff.objects.select_for_update(of=("self",)).get(pk=handoff.pk)
        if not (held.is_worked and held.state == Handoff.State.ACCEPTED and held.held_by(by)):
            raise Refused("Only who works the lead says whether it is hot or cold.")
        if not held.touches.filter(user=by).exists():
            raise Refused("Reach out first, then say whether the lead is hot or cold.")
        before = self.filter(handoff=held).first()
        if before and before.user == by and before.hot == hot:
            return before
        total = Score.objects.filter(lead=held.lead_id).values_list("total", flat=True).first()
        values = {"user": by, "hot": hot, "score": total or 0, "read_at": now}
        read, _ = self.update_or_create(handoff=held, defaults=values)
        held.lead.record(
            "routing.gut_read",
            now=now,
            by=by,
            cause=str(read),
            handoff=held.pk,
            hot=hot,
            score=read.score,
        )
        return read


class GutRead(models.Model):
    """What a rep's gut says of a lead: hot or cold, beside the score of that moment."""

    handoff = models.OneToOneField(Handoff, models.CASCADE, related_name="gut_read")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    hot = models.BooleanField()
    score = models.IntegerField()
    read_at = models.DateTimeField()

    objects = GutReadQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["read_at"], name="routing_gut_read_in_order")]

    def __str__(self):
        return "Hot" if self.hot else "Cold"
