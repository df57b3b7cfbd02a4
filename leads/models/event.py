from django.conf import settings
from django.db import models


class Event(models.Model):
    """Something that happened to a lead. Rows are added, never changed (a trigger refuses it)."""

    lead = models.ForeignKey("Lead", models.CASCADE, null=True, related_name="events")
    kind = models.CharField(max_length=40, help_text='App, then past tense: "routing.accepted".')
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    cause = models.CharField(max_length=200, blank=True, default="")
    data = models.JSONField(default=dict)
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "pk"]
        indexes = [
            models.Index(fields=["lead", "-happened_at"], name="leads_event_timeline"),
            # The audit page, newest first, of one kind or of all.
            models.Index(
                fields=["-happened_at", "-id"], include=["kind"], name="leads_event_in_order"
            ),
            # Of settings and the like; few among many.
            models.Index(
                fields=["-happened_at", "-id"],
                condition=models.Q(lead=None),
                name="leads_event_of_no_lead",
            ),
        ]
        permissions = [
            ("audit_leads", "Can see who did what to the leads they see"),
            ("audit_settings", "Can see who changed the settings they see"),
        ]

    def __str__(self):
        return self.kind
