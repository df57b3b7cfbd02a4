from typing import Any, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import Q

from leads import bulk


class Notice(NamedTuple):
    """What one person is told of one event; `url` is a path of the portal."""

    user: Any
    event: Any
    subject: str
    body: str
    url: str


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user):
        """The notices that were sent to this user inside the app."""
        return self.filter(recipient=user, channel=Delivery.Channel.IN_APP)

    def unread(self):
        return self.filter(read_at=None)

    def tell(self, user, *, event, subject, body, url, now):
        """Notify `user` of `event` in the app at once and by e-mail through the outbox.

        `url` is a path of the portal. A second call for the same event and user adds nothing.
        """
        self.tell_all([Notice(user, event, subject, body, url)], now=now)

    def tell_all(self, notices, *, now):
        """Do the same for each of these Notices, however many, at once."""
        rows = []
        for user, event, subject, body, url in notices:
            payload = {"subject": subject, "body": body, "url": url}
            told = (event.pk, user.pk, payload, now)
            rows.append([Delivery.Channel.IN_APP, "", Delivery.State.SENT, now, *told])
            rows.append([Delivery.Channel.EMAIL, user.email, Delivery.State.PENDING, None, *told])
        names = ("channel", "address", "state", "sent_at", "event_id", "recipient_id")
        bulk.add(Delivery, [*names, "payload", "available_at"], rows, passing_over=True)


class Delivery(models.Model):
    """One message to one recipient by one channel: the outbox, and the record of what was sent."""

    class Channel(models.TextChoices):
        IN_APP = "in_app", "In the app"
        EMAIL = "email", "E-mail"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"
        CANCELLED = "cancelled", "Cancelled"

    event = models.ForeignKey("Event", models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="deliveries"
    )
    address = models.CharField(max_length=254, blank=True, default="")
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    available_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, default="")
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["event", "channel", "recipient"], name="leads_one_delivery_per_effect"
            ),
        ]
        indexes = [
            # Read every second by outbox.relay(). Sent rows, soon most of them, stay out.
            models.Index(
                fields=["available_at"], condition=Q(state="pending"), name="leads_delivery_due"
            ),
            # Read by the bell on every page.
            models.Index(
                fields=["recipient"],
                condition=Q(channel="in_app", read_at=None),
                name="leads_delivery_unread",
            ),
        ]

    def __str__(self):
        return f"{self.get_channel_display()} to {self.recipient_id}: {self.payload['subject']}"
