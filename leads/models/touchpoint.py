import uuid
from hashlib import blake2b

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

LONGEST_STAY = 86_400  # seconds that one touchpoint may have taken


def digest_of_message(source_id, message_id):
    """Return the 128-bit key of a message: equal for equal (source, message id) and only then.

    The source's length stands before it, so no two pairs concatenate to the same text.
    """
    source = str(source_id).encode()
    content = len(source).to_bytes(2) + source + message_id.encode()
    return uuid.UUID(bytes=blake2b(content, digest_size=16).digest())


class TouchpointKey(models.Model):
    """Remembers that a message was stored, for as long as its touchpoint is kept."""

    digest = models.UUIDField(primary_key=True)
    month = models.DateField(db_index=True)

    def __str__(self):
        return str(self.digest)


class ForgottenMonth(models.Model):
    """A month whose touchpoints were dropped: what was counted of its days stays for good."""

    month = models.DateField(primary_key=True)
    at = models.DateTimeField()

    def __str__(self):
        return f"{self.month:%B %Y}"


class Touchpoint(models.Model):
    """One thing that a lead, or somebody not yet identified, did.

    Partitioned by month of `occurred_at`; nothing points to it by foreign key.
    """

    class Kind(models.TextChoices):
        PAGE_VIEW = "page_view", "Page view"
        FORM_SUBMIT = "form_submit", "Form submitted"
        DEMO_REQUEST = "demo_request", "Demo requested"
        CONTENT_DOWNLOAD = "content_download", "Content downloaded"
        WEBINAR_REGISTRATION = "webinar_registration", "Webinar registration"
        WEBINAR_ATTENDANCE = "webinar_attendance", "Webinar attended"
        EVENT_ATTENDANCE = "event_attendance", "Event attended"
        EMAIL_OPEN = "email_open", "E-mail opened"
        EMAIL_CLICK = "email_click", "E-mail link clicked"
        CHAT = "chat", "Chat"
        SOCIAL = "social", "Social"
        AD_CLICK = "ad_click", "Ad clicked"
        TRIAL_START = "trial_start", "Trial started"
        CUSTOM = "custom", "Other"

    pk = models.CompositePrimaryKey("occurred_at", "digest")
    occurred_at = models.DateTimeField()
    digest = models.UUIDField()
    received_at = models.DateTimeField()
    source = models.ForeignKey("Source", models.PROTECT, db_index=False, related_name="+")
    lead = models.ForeignKey(
        "Lead", models.CASCADE, null=True, db_index=False, related_name="touchpoints"
    )
    identity = models.ForeignKey(
        "Identity", models.CASCADE, null=True, db_index=False, related_name="touchpoints"
    )
    kind = models.CharField(max_length=24, choices=Kind)
    event = models.CharField(max_length=120, blank=True, default="")
    url = models.CharField(max_length=2000, blank=True, default="")
    campaign = models.ForeignKey(
        "Campaign", models.SET_NULL, null=True, db_index=False, related_name="+"
    )
    session = models.CharField(
        max_length=100,
        blank=True,
        default="",
        help_text="The visit as the sender names it; empty where it does not.",
    )
    seconds = models.PositiveIntegerField(
        null=True, help_text="How long it took, as the sender measured it."
    )
    properties = models.JSONField(default=dict)
    context = models.JSONField(
        default=dict, help_text="Where it came from: referrer, campaign (UTM), title of the page."
    )
    signals = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["lead", "occurred_at"], name="leads_touchpoint_lead"),
            models.Index(
                fields=["identity", "occurred_at"],
                condition=Q(lead=None),
                name="leads_touchpoint_waiting",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.event or self.url}".strip()
