from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from leads import kinds, outward
from leads.models.event import Event
from leads.models.secret import HoldsSecrets, SigningSecret

SLOWEST = timedelta(minutes=5)  # between two tries at an endpoint that fails
HOPELESS = timedelta(days=3)  # of failures alone, after which it is switched off


def validate_types(chosen):
    unknown = sorted(set(chosen) - set(kinds.event_types))
    if unknown:
        raise ValidationError(f"Unknown event: {', '.join(unknown)}.", "event_type")


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def active(self):
        return self.filter(is_active=True)

    def ready(self, now):
        """Those that may be tried at this moment."""
        return self.active().filter(Q(paused_until=None) | Q(paused_until__lte=now))

    def listening_to(self, kind):
        return self.active().filter(event_types__contains=[kind])


class Endpoint(HoldsSecrets, models.Model):
    """An address outside that is told of events: another system's, or a chat channel's.

    A trigger on the table of events puts a Delivery into the outbox for every active endpoint that
    listens to the event's kind, in the transaction that recorded it.
    """

    class Shape(models.TextChoices):
        SIGNED = "signed", "Signed webhook, for a system"
        SLACK = "slack", "Slack message"
        TEAMS = "teams", "Microsoft Teams card"

    name = models.CharField(max_length=60, unique=True)
    description = models.CharField(
        max_length=200, blank=True, default="", help_text="Who runs it, and what for."
    )
    shape = models.CharField("sends", max_length=6, choices=Shape, default=Shape.SIGNED)
    url = models.CharField(
        "address", max_length=500, validators=[URLValidator(schemes=["https", "http"])]
    )
    event_types = ArrayField(models.CharField(max_length=40), default=list, verbose_name="events")
    is_active = models.BooleanField("switched on", default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=300, blank=True, default="", editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        validate_types(self.event_types or [])
        if problem := outward.problem_with(self.url):
            raise ValidationError({"url": problem})

    def has_secret_address(self):
        """Whether whoever knows the address can post to it: a chat channel's, or one that carries
        a key behind its question mark."""
        return self.shape != self.Shape.SIGNED or "?" in self.url

    # Secrets

    def keys(self, *, now):
        """Return the keys that sign now, the newest first.

        One that never had a secret, such as one from the configuration file, gets one: nothing goes
        out unsigned. Its receiver refuses that until somebody makes a secret and tells it.
        """
        if not super().keys(now=now):
            self.issue_secret(now=now)
        return super().keys(now=now)

    # What came of trying

    def answered(self):
        """It took a message, so nothing is wrong with it."""
        Endpoint.objects.filter(pk=self.pk).exclude(failures=0, paused_until=None).update(
            failures=0, failing_since=None, paused_until=None, problem=""
        )

    def failed(self, problem, *, pause, gone, now):
        """Leave it alone for a while: the longer, the more often it failed in a row.

        It is switched off at once where it says that it is gone, and after days of failures alone.
        """
        self.refresh_from_db()
        self.failures += 1
        self.failing_since = self.failing_since or now
        self.problem = problem[:300]
        wait = min(timedelta(seconds=2 ** min(self.failures - 1, 10)), SLOWEST)
        self.paused_until = now + (wait if pause is None else pause)
        self.save(update_fields=["failures", "failing_since", "problem", "paused_until"])
        if gone:
            self.switch_off("It answered 410: it is gone for good.", now=now)
        elif now - self.failing_since >= HOPELESS:
            self.switch_off("It failed for three days without one success.", now=now)

    def switch_off(self, reason, *, now):
        """Send it nothing more, give up what waits, and tell the administrators; once."""
        if not Endpoint.objects.active().filter(pk=self.pk).update(is_active=False):
            return
        self.is_active = False
        given_up = self.give_up(reason)
        event = Event.objects.create(
            kind="leads.endpoint_disabled",
            cause=reason[:200],
            data={"endpoint": self.pk, "given_up": given_up},
            happened_at=now,
        )
        self.deliveries.model.objects.tell_of_endpoint(self, reason, given_up, event=event, now=now)

    def turn(self, *, by):
        """Save it with its switch turned: on, it begins afresh; off, nothing waits for it."""
        self.failures, self.failing_since = 0, None
        self.paused_until, self.problem = None, ""
        self.save()
        if not self.is_active:
            self.give_up(f"By {by}.")

    def give_up(self, reason):
        """Put what waits aside, to be sent again on request; return how many messages."""
        waiting = self.deliveries.filter(state="pending")
        return waiting.update(state="dead", last_error=f"Switched off. {reason}"[:300])


class EndpointSecret(SigningSecret):
    """What an endpoint's messages are signed with."""

    purpose = "leads.endpoint"

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="secrets")

    @property
    def holder_id(self):
        return self.endpoint_id
