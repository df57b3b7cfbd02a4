from datetime import timedelta

from django.conf import settings
from django.db import models

from routing.models import Handoff

HOLDS = timedelta(hours=4)


class AcknowledgementQuerySet(models.QuerySet["Acknowledgement"]):
    def in_force(self, now):
        """Those that still keep their handoff out of the open escalations."""
        return self.filter(at__lte=now, until__gt=now)


class Acknowledgement(models.Model):
    """Somebody looks after a handoff whose promise was missed: who, since when, with what note.

    It says so of what was missed by then, and for a few hours: what is not solved comes back.
    """

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="acknowledgements")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField(help_text="From this moment it is open again if not solved.")
    note = models.CharField(max_length=300, blank=True, default="")

    objects = AcknowledgementQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.by} looks after handoff {self.handoff_id}"
