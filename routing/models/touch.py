import uuid
from datetime import timedelta

from django.db import models, transaction

from leads.deadlocks import retried
from leads.models import Lead
from routing import signals
from routing.models.handoff import Handoff
from routing.models.refused import Refused


class TouchQuerySet(models.QuerySet["Touch"]):
    @retried
    @transaction.atomic
    def log(self, handoff, *, by, channel, outcome, now, occurred_at=None, note="", nonce=None):
        """Note that the rep reached out and return the touch; the first one stops its clock.

        `nonce` is the form's own id: a second call with it returns the touch of the first.
        Raise Refused unless the rep works this lead, or for a time that cannot be.
        """
        occurred_at = occurred_at or now
        held = Handoff.objects.select_for_update(of=("self",)).get(pk=handoff.pk)
        again = nonce and self.filter(handoff=held, nonce=nonce, user=by).first()
        if again:
            return again
        if not held.is_worked or not held.held_by(by):
            raise Refused("Accept the lead first, then log what you did.")
        if occurred_at > now + timedelta(minutes=1):
            raise Refused("A touch cannot lie in the future.")
        if occurred_at < held.opened_at:
            raise Refused("A touch cannot lie before the handoff.")
        touch = self.create(
            handoff=held,
            user=by,
            channel=channel,
            outcome=outcome,
            note=note,
            occurred_at=occurred_at,
            entered_at=now,
            nonce=nonce or uuid.uuid4(),
        )
        reached = outcome in Touch.REACHED
        status = Lead.Status.CONNECTED if reached else Lead.Status.ATTEMPTING
        if held.lead.status != Lead.Status.CONNECTED:
            held.lead.enter_stage(
                held.lead.stage_id, status=status, cause=str(touch), now=now, by=by
            )
        held.lead.record(
            "routing.touched",
            now=now,
            by=by,
            cause=str(touch),
            handoff=held.pk,
            touch=touch.pk,
            channel=channel,
            outcome=outcome,
            note=note,
            occurred_at=occurred_at.isoformat(),
            back_dated=touch.is_back_dated,
        )
        signals.touch_logged.send(sender=Touch, handoff=held, touch=touch, now=now)
        return touch


class Touch(models.Model):
    """What a rep did to reach a lead. (What a lead did is a touchpoint.)"""

    class Channel(models.TextChoices):
        CALL = "call", "Call"
        EMAIL = "email", "Personal e-mail"
        MEETING = "meeting", "Meeting"
        DISCOVERY = "discovery", "Discovery call or demo"
        SOCIAL = "social", "Social message"
        OTHER = "other", "Other"

        def is_unwanted_by(self, lead):
            """Whether the lead asked not to be reached in this way."""
            way = {self.CALL: "phone", self.EMAIL: "email"}.get(self)
            return way in lead.forbidden() if way else lead.do_not_contact

    class Outcome(models.TextChoices):
        CONNECTED = "connected", "Spoke with them"
        VOICEMAIL = "voicemail", "Left a voicemail"
        NO_ANSWER = "no_answer", "No answer"
        SENT = "sent", "Sent"
        REPLIED = "replied", "They replied"
        BOOKED = "booked", "Meeting booked"

    REACHED = (Outcome.CONNECTED, Outcome.REPLIED, Outcome.BOOKED)

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="touches")
    user = models.ForeignKey("leads.User", models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel)
    outcome = models.CharField(max_length=10, choices=Outcome)
    note = models.TextField(blank=True, default="")
    occurred_at = models.DateTimeField()
    entered_at = models.DateTimeField()
    nonce = models.UUIDField()

    objects = TouchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "touches"
        ordering = ["occurred_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["handoff", "nonce"], name="routing_one_touch_per_form"),
        ]

    def __str__(self):
        return f"{self.get_channel_display()}: {self.get_outcome_display().lower()}"

    @property
    def is_back_dated(self):
        return self.entered_at - self.occurred_at > timedelta(minutes=1)
