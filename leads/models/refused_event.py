from django.db import models


class RefusedEvent(models.Model):
    """An event of a source that could not be stored: why, and what it looked like."""

    source = models.ForeignKey("Source", models.CASCADE, related_name="refused_events")
    received_at = models.DateTimeField()
    message_id = models.CharField(max_length=255, blank=True, default="")
    reason = models.CharField(max_length=200)
    partly = models.BooleanField(
        default=False, help_text="The event was stored, without the part that the reason names."
    )
    payload = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["source", "-received_at"], name="leads_refused_newest"),
        ]

    def __str__(self):
        return self.reason
