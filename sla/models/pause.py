from django.conf import settings
from django.db import models
from django.db.models import F, Q

from sla.models.clock import Clock


class Pause(models.Model):
    """A time in which a clock stood still: the rep waited for the lead."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="pauses")
    cause = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    limit_at = models.DateTimeField(help_text="It ends by itself then.")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(ended_at=None), name="sla_one_open_pause_per_clock"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="sla_pause_ends_after_it_starts",
            ),
        ]

    def __str__(self):
        return f"{self.clock} waits: {self.cause}"
