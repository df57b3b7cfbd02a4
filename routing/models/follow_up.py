import uuid

from django.db import models, transaction
from django.db.models import Q

from leads.deadlocks import retried
from routing import signals
from routing.models.agenda import FollowUpQuerySet, held_for_planning
from routing.models.handoff import Handoff
from routing.models.refused import Refused
from routing.models.touch import Touch


class FollowUp(models.Model):
    """Something to do for a lead, by a time. Whoever has the handoff has its follow-ups."""

    class Kind(models.TextChoices):
        FIRST = "first_contact", "First contact"
        CALL = "call", "Call"
        EMAIL = "email", "E-mail"
        MEETING = "meeting", "Meeting"
        OTHER = "other", "Other"

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    # What people plan; the first contact plans itself.
    PLANNED = Kind.choices[1:]

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="follow_ups")
    kind = models.CharField(max_length=13, choices=Kind)
    note = models.TextField(max_length=2000, blank=True, default="", help_text="What to say.")
    due_at = models.DateTimeField(null=True, help_text="Set by its clock; empty without one.")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    cadence = models.ForeignKey("Cadence", models.PROTECT, null=True, related_name="follow_ups")
    cause = models.CharField(max_length=200, help_text="Why it was planned.")
    created_by = models.ForeignKey("leads.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    nonce = models.UUIDField(default=uuid.uuid4)
    outcome = models.CharField(max_length=10, choices=Touch.Outcome, blank=True, default="")
    touch = models.ForeignKey(Touch, models.SET_NULL, null=True, related_name="follow_ups")
    reason = models.CharField(
        max_length=300, blank=True, default="", help_text="Why it was last put off, or cancelled."
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("leads.User", models.PROTECT, null=True, related_name="+")

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["handoff", "nonce"], name="routing_one_plan_per_form"),
            models.UniqueConstraint(
                fields=["handoff"],
                condition=Q(kind="first_contact"),
                name="routing_one_first_contact",
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="routing_closed_follow_up_has_its_time",
            ),
        ]
        indexes = [
            # The list of what is to be done. What is done, soon most rows, stays out.
            models.Index(
                fields=["handoff", "due_at"],
                condition=Q(state="open"),
                name="routing_follow_up_open",
            ),
            models.Index(fields=["-closed_at"], name="routing_follow_up_closed"),
        ]

    def __str__(self):
        return self.get_kind_display()

    @property
    def is_open(self):
        return self.state == self.State.OPEN

    @property
    def is_first(self):
        return self.kind == self.Kind.FIRST

    def is_late(self, *, now):
        return self.is_open and self.due_at is not None and self.due_at < now

    def may_be_done_by(self, user):
        """Whether this person could do it now: the rep who accepted the lead."""
        return self.is_open and self.handoff.is_worked and self.handoff.held_by(user)

    @retried
    @transaction.atomic
    def complete(self, *, by, outcome, now, channel=None, occurred_at=None, note="", nonce=None):
        """Note that it was done, as a touch with this outcome; return the touch.

        One caller wins; `nonce` is the form's own id, and a second call with it returns the touch
        of the first. Raise Refused for whoever comes later, or does not work the lead.
        """
        held = Handoff.objects.select_for_update(of=("self",)).get(pk=self.handoff_id)
        again = nonce and self.touch_of(nonce, by)
        if again:
            return again
        closed = {"outcome": outcome, "closed_at": now, "closed_by": by}
        if not self._claim(state=self.State.DONE, **closed):
            raise Refused(self.standing())
        touch = Touch.objects.log(
            held,
            by=by,
            channel=channel or self.channel(),
            outcome=outcome,
            note=note,
            occurred_at=occurred_at,
            nonce=nonce,
            now=now,
        )
        self.touch = touch
        self.save(update_fields=["touch"])
        self.record("done", by=by, now=now, cause=touch.get_outcome_display())
        signals.follow_ups_closed.send(
            sender=FollowUp, follow_ups=[self], at=touch.occurred_at, now=now
        )
        return touch

    def touch_of(self, nonce, by):
        """Return the touch that this form of this person made of it before, or None."""
        return Touch.objects.filter(follow_ups=self, nonce=nonce, user=by).first()

    def channel(self):
        """Return the channel of the touch that it becomes."""
        if self.is_first:
            raise Refused("Say by which channel you reached out.")
        return Touch.Channel(self.kind)

    @retried
    @transaction.atomic
    def reschedule(self, *, by, due_at, reason, now):
        """Put it off, or forward, to a time of its own.

        Raise Refused where this person may not, for a time that cannot be, or where somebody
        changed it meanwhile. A promise that was missed by then stays missed.
        """
        held = self._hold(by=by, now=now)
        self._check_reason(reason)
        if due_at <= now:
            raise Refused("A follow-up lies in the future.")
        was, seen = self.due_at, FollowUp.objects.filter(pk=self.pk, due_at=self.due_at)
        if not seen.filter(state=self.State.OPEN).update(due_at=due_at, reason=reason):
            self.refresh_from_db()
            if self.is_open and self.due_at == due_at:
                return
            raise Refused(self.standing())
        self.refresh_from_db()
        self.handoff = held
        signals.follow_up_rescheduled.send(sender=FollowUp, follow_up=self, by=by, now=now)
        moved = {"was_due_at": was and was.isoformat(), "due_at": due_at.isoformat()}
        self.record("rescheduled", by=by, now=now, note=reason, **moved)

    @retried
    @transaction.atomic
    def cancel(self, *, by, reason, now):
        """Leave it undone, and say why. Raise Refused where this person may not."""
        self._hold(by=by, now=now)
        self._check_reason(reason)
        said = {"reason": reason, "closed_at": now, "closed_by": by}
        if not self._claim(state=self.State.CANCELLED, **said):
            raise Refused(self.standing())
        self.record("cancelled", by=by, now=now, note=reason)
        signals.follow_ups_closed.send(sender=FollowUp, follow_ups=[self], at=now, now=now)

    def _hold(self, *, by, now):
        if self.is_first:
            raise Refused("The first contact is owed: reach out, or send the lead back.")
        held = Handoff.objects.select_for_update(of=("self",)).get(pk=self.handoff_id)
        return held_for_planning(held, by=by, now=now)

    @staticmethod
    def _check_reason(reason):
        if not reason.strip():
            raise Refused("Say why.")

    def _claim(self, **values):
        """Change it if it is still open; return whether this call did."""
        found = FollowUp.objects.filter(pk=self.pk, state=self.State.OPEN)
        taken = found.update(**values)
        self.refresh_from_db()
        return bool(taken)

    def close(self, *, by, now, **said):
        """End it, in a transaction that holds its handoff."""
        for name, value in {"closed_at": now, "closed_by": by, **said}.items():
            setattr(self, name, value)
        self.save(update_fields=["closed_at", "closed_by", *said])
        cause = self.reason or self.get_outcome_display()
        self.record(self.state, by=by, now=now, cause=cause[:200])

    def record(self, kind, *, now, by=None, cause="", **data):
        """Append an event about it to its lead."""
        return self.handoff.lead.record(
            f"routing.follow_up_{kind}",
            now=now,
            by=by,
            cause=cause,
            handoff=self.handoff_id,
            follow_up=self.pk,
            what=self.kind,
            **data,
        )

    def standing(self):
        """Return one sentence on what became of it, for somebody who came too late."""
        if self.is_open:
            return "Somebody has set another time for it meanwhile. Look again."
        if self.state == self.State.DONE:
            return f"{self.closed_by} did this already: {self.get_outcome_display().lower()}."
        return f"This follow-up was cancelled: {self.reason[:1].lower()}{self.reason[1:]}"
