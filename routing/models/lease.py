from datetime import timedelta

from django.db import models
from django.db.models.functions import Now

from routing.models.team import Rep

LEASE = timedelta(minutes=5)


class LeaseQuerySet(models.QuerySet["Lease"]):
    def in_force(self):
        """Leases that hold now, by the database's clock."""
        return self.filter(until__gt=Now())

    def holder_of(self, handoff):
        """Return the rep who looks at this pooled lead now, or None."""
        held = self.in_force().filter(handoff=handoff).select_related("rep__user").first()
        return held.rep if held else None


class Lease(models.Model):
    """One rep looks at a pooled lead and nobody else may take it, until a moment close by."""

    handoff = models.OneToOneField("Handoff", models.CASCADE, related_name="lease")
    rep = models.OneToOneField(Rep, models.CASCADE, related_name="lease")
    until = models.DateTimeField(help_text="By the database's clock.")

    objects = LeaseQuerySet.as_manager()

    def __str__(self):
        return f"{self.rep} looks at handoff {self.handoff_id}"
