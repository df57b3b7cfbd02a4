from typing import Any, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from leads import bulk, kinds, quiet
from leads.models.notice_choice import NoticeChoice
from leads.models.user import User


class Notice(NamedTuple):
    """What one person is told of one event; `url` is a path of the portal."""

    user: Any
    event: Any
    subject: str
    body: str
    url: str
    urgent: bool = False  # whether it may pass quiet hours, for whoever wants that


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user):
        """The notices that were sent to this user inside the app."""
        return self.filter(recipient=user, channel=Delivery.Channel.IN_APP)

    def held(self):
        """Those that waited when the backup was made; they may have gone out since."""
        return self.filter(state=Delivery.State.HELD)

    def release(self, *, now):
        """Let what is held be sent; return how many."""
        return self.held().update(state=Delivery.State.PENDING, attempts=0, available_at=now)

    def discard(self):
        """What is held is not sent any more; return how many."""
        return self.held().update(state=Delivery.State.CANCELLED)

    def unread(self):
        return self.filter(read_at=None)

    def tell(self, user, *, event, subject, body, url, now):
        """Notify `user` of `event` in the app at once and by e-mail through the outbox.

        `url` is a path of the portal. A second call for the same event and user adds nothing.
        """
        self.tell_all([Notice(user, event, subject, body, url)], now=now)

    def tell_all(self, notices, *, now):
        """Do the same for each of these Notices, however many, at once.

        What somebody chose for the topic of an event decides: about what they are told at all, and
        whether a mail goes at once, after their quiet hours, or with the daily digest.
        """
        notices = list(notices)
        chosen = NoticeChoice.objects.of({notice.user.pk for notice in notices})
        rows = []
        for user, event, subject, body, url, urgent in notices:
            topic = kinds.topic_of(event.kind)
            choice = chosen.of(user, topic)
            payload = {"subject": subject, "body": body, "url": url}
            told = (event.pk, user.pk, payload)
            if choice.in_app:
                sent = Delivery.State.SENT
                rows.append([Delivery.Channel.IN_APP, "", sent, now, *told, now, False])
            if choice.email != NoticeChoice.Email.NEVER:
                at, bundled = quiet.mail_goes(user, topic, choice.email, urgent=urgent, now=now)
                waits = Delivery.State.PENDING
                mail = [Delivery.Channel.EMAIL, user.email, waits, None, *told, at, bundled]
                rows.append(mail)
        names = ["channel", "address", "state", "sent_at", "event_id", "recipient_id", "payload"]
        names += ["available_at", "bundled"]
        bulk.add(Delivery, names, rows, passing_over=True)

    def tell_of_endpoint(self, endpoint, reason, given_up, *, event, now):
        """Tell the administrators that an endpoint was switched off."""
        body = (
            f"{reason} Messages given up: {given_up}. Mend it, switch it on, and send them again."
        )
        url = reverse("admin:leads_endpoint_change", args=[endpoint.pk])
        subject = f"Switched off: {endpoint}"
        people = User.objects.who_may("leads", "change_endpoint")
        self.tell_all([Notice(one, event, subject, body, url) for one in people], now=now)

    def tell_endpoint(self, endpoint, *, event, now):
        """Put one event into the outbox for one endpoint, whatever it listens to."""
        return self.create(
            event=event,
            endpoint=endpoint,
            channel=Delivery.Channel.WEBHOOK,
            address=endpoint.name,
            payload={"subject": event.kind, "body": event.cause, "url": ""},
            available_at=now,
        )

    def dead(self):
        return self.filter(state=Delivery.State.DEAD)

    def send_again(self, *, now):
        """Let what was given up go out once more; return how many. Each keeps its id.

        What is meant for an endpoint that is switched off stays where it is.
        """
        ready = self.dead().filter(Q(endpoint=None) | Q(endpoint__is_active=True))
        waiting = Delivery.State.PENDING
        found = Delivery.objects.filter(pk__in=ready.values("pk"))
        return found.update(state=waiting, attempts=0, available_at=now)


class Delivery(models.Model):
    """One message to one recipient by one channel: the outbox, and the record of what was sent."""

    class Channel(models.TextChoices):
        IN_APP = "in_app", "In the app"
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Endpoint"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"
        CANCELLED = "cancelled", "Cancelled"
        HELD = "held", "Held after a restore"

    event = models.ForeignKey("Event", models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="deliveries"
    )
    endpoint = models.ForeignKey(
        "Endpoint", models.CASCADE, null=True, db_index=False, related_name="deliveries"
    )
    address = models.CharField(max_length=254, blank=True, default="")
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    available_at = models.DateTimeField()
    bundled = models.BooleanField(
        default=False, help_text="Whether it waited to be sent together with others."
    )
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
            models.UniqueConstraint(
                fields=["event", "endpoint"],
                condition=Q(endpoint__isnull=False),
                name="leads_one_delivery_per_endpoint",
            ),
            models.CheckConstraint(
                condition=Q(channel="webhook", recipient=None, endpoint__isnull=False)
                | (~Q(channel="webhook") & Q(recipient__isnull=False, endpoint=None)),
                name="leads_delivery_goes_to_one_place",
            ),
        ]
        indexes = [
            # Read every second by outbox.relay(). Sent rows, soon most of them, stay out.
            models.Index(
                fields=["available_at"], condition=Q(state="pending"), name="leads_delivery_due"
            ),
            # What waits for an endpoint, and what it got.
            models.Index(
                fields=["endpoint", "available_at"],
                condition=Q(endpoint__isnull=False),
                name="leads_delivery_endpoint",
            ),
            # Asked before every mail: how many this person got lately.
            models.Index(
                fields=["recipient", "sent_at"],
                condition=Q(channel="email", state="sent"),
                name="leads_delivery_mailed",
            ),
            # Read by the bell on every page.
            models.Index(
                fields=["recipient"],
                condition=Q(channel="in_app", read_at=None),
                name="leads_delivery_unread",
            ),
        ]

    def __str__(self):
        to = self.endpoint or self.recipient_id
        return f"{self.get_channel_display()} to {to}: {self.payload['subject']}"

    @property
    def may_wait(self):
        """Whether it may go later, together with others: no invitation, and nothing urgent."""
        topic = kinds.topic_of(self.event.kind)
        return topic is not None and not topic.urgent

    @property
    def standing(self):
        """Where it is, in words."""
        if self.state != self.State.PENDING:
            return self.get_state_display()
        return "Trying again" if self.attempts else "Waiting"
