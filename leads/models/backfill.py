from django.db import models

from leads.models.walk import Walk


class Backfill(Walk):
    """A walk through the touchpoints of before, to find those that show a new signal."""

    signal = models.OneToOneField("Signal", models.CASCADE, related_name="backfill")
    last_at = models.DateTimeField(null=True, help_text="Touchpoints up to this one are done.")
    last_digest = models.UUIDField(null=True)
    total = models.PositiveIntegerField(default=0, help_text="Touchpoints of the kind, at first.")
    found = models.PositiveIntegerField(default=0, help_text="Of those, how many show the signal.")

    def __str__(self):
        return f"{self.done:,} of {self.total:,} touchpoints looked at"
