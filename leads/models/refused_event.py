import re

from django.conf import settings
from django.db import models
from django.db.models import Count, Max

# What is not shown of a payload: by the name of a value, and addresses wherever they stand.
_PRIVATE = re.compile(
    r"e-?mail|phone|mobile|name$|address|street|birth|passw|secret|token|key|card|iban|\bip\b", re.I
)
_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
HIDDEN = "•••"


class RefusedEventQuerySet(models.QuerySet):
    def open(self):
        return self.filter(state=RefusedEvent.State.OPEN)

    def reasons(self):
        """Return the reasons with how often and when last each was given, the commonest first."""
        said = self.order_by().values("reason", "partly")
        return said.annotate(times=Count("pk"), latest=Max("received_at")).order_by(
            "-times", "reason"
        )

    def settle(self, state, *, by, now):
        """Say of those that are open what became of them; return how many."""
        return self.open().update(state=state, settled_by=by, settled_at=now)


class RefusedEvent(models.Model):
    """An event or touchpoint that could not be stored: why, and what it looked like."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        REPLAYED = "replayed", "Replayed"
        DISMISSED = "dismissed", "Dismissed"

    class Door(models.TextChoices):
        EVENTS = "events", "Events of a Segment-compatible client"
        TOUCHPOINTS = "touchpoints", "Touchpoints of the API"

    source = models.ForeignKey("Source", models.CASCADE, related_name="refused_events")
    door = models.CharField(max_length=11, choices=Door, default=Door.EVENTS)
    received_at = models.DateTimeField()
    message_id = models.CharField(max_length=255, blank=True, default="")
    reason = models.CharField(max_length=200)
    partly = models.BooleanField(
        default=False, help_text="The event was stored, without the part that the reason names."
    )
    payload = models.JSONField(null=True)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = RefusedEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["source", "-received_at"], name="leads_refused_newest"),
        ]

    def __str__(self):
        return self.reason

    @property
    def can_be_replayed(self):
        """Whether all of it was kept."""
        return isinstance(self.payload, dict) and self.payload.keys() != {"text"}

    @property
    def shown(self):
        """The payload as it may be shown: without what tells who somebody is."""
        return _redacted(self.payload)


def _redacted(value, name=""):
    if isinstance(value, dict):
        return {_EMAIL.sub(HIDDEN, key): _redacted(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner, name) for inner in value]
    if value in (None, "") or isinstance(value, bool):
        return value
    if _PRIVATE.search(name):
        return HIDDEN
    return _EMAIL.sub(HIDDEN, value) if isinstance(value, str) else value
