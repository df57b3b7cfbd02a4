"""Good leads that are not ready now: where they rest, and what wakes them."""

from datetime import UTC, timedelta

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate
from django.utils.formats import date_format

from leads.models import NurtureTrack, Score
from leads.models.signal import SignalDay
from routing.models.refused import Refused

FURTHEST = timedelta(days=730)  # of a wake date
LONGEST = 365  # days of a cool-down
USUAL = 30  # days of a cool-down


class RecyclingQuerySet(models.QuerySet["Recycling"]):
    def waiting(self):
        """Those whose lead still rests. One that was erased rests for ever."""
        return self.filter(ended_at=None, handoff__lead__erased_at=None)

    def due(self, *, now):
        """Those that may wake: their date has come, or the lead meets the definition again.

        The latter counts after the cool-down alone, and only with behaviour of a later day than
        the recycling: a score that has stayed as it was brings nobody back.
        """
        scores = Score.objects.filter(lead=OuterRef("handoff__lead"))
        fresh = SignalDay.objects.filter(
            lead=OuterRef("handoff__lead"), day__gt=OuterRef("recycled_on")
        )
        again = Q(cool_down_until__lte=now) & Exists(scores.filter(qualifies=True)) & Exists(fresh)
        resting = self.waiting().alias(recycled_on=TruncDate("recycled_at", tzinfo=UTC))
        return resting.filter(Q(wake_at__lte=now) | again, ~Exists(scores.filter(do_not_pass=True)))

    def in_order(self):
        """By date; those that wait for the lead alone come last."""
        return self.order_by(F("wake_at").asc(nulls_last=True), "pk")


class Recycling(models.Model):
    """A rep's answer that the lead is good, but not now: why, on which track, and until when."""

    class Reason(models.TextChoices):
        BUDGET = "budget", "No budget yet"
        TIMING = "timing", "The time is wrong"
        PRIORITY = "priority", "Something else comes first"
        SILENT = "silent", "Does not answer"
        OTHER = "other", "Other"

    class Woken(models.TextChoices):
        DATE = "date", "Its date had come"
        SCORE = "score", "Met the definition again"
        OVERTAKEN = "overtaken", "Was handed over otherwise"

    handoff = models.OneToOneField("Handoff", models.CASCADE, related_name="recycling")
    reason = models.CharField(max_length=8, choices=Reason)
    note = models.TextField(max_length=2000, blank=True, default="")
    track = models.ForeignKey(NurtureTrack, models.PROTECT, related_name="+")
    wake_at = models.DateTimeField(null=True, help_text="Empty: it waits for the lead alone.")
    cool_down_until = models.DateTimeField(
        help_text="From then on the lead comes back by itself, once it meets the definition anew."
    )
    lead_status = models.CharField(max_length=20, help_text="As it was before.")
    recycled_by = models.ForeignKey("leads.User", models.PROTECT, related_name="+")
    recycled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    woken_by = models.CharField(max_length=9, choices=Woken, blank=True, default="")

    objects = RecyclingQuerySet.as_manager()

    class Meta:
        ordering = ["-recycled_at", "-pk"]
        verbose_name = "recycled lead"
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None, woken_by="")
                | (Q(ended_at__isnull=False) & ~Q(woken_by="")),
                name="routing_recycling_waits_or_says_why_not",
            ),
        ]
        indexes = [
            # Asked by every sweep. What has ended, soon most rows, stays out.
            models.Index(
                fields=["wake_at"], condition=Q(ended_at=None), name="routing_recycling_waits"
            ),
        ]

    def __str__(self):
        return f"{self.handoff}: {self.get_reason_display().lower()}"

    @property
    def is_waiting(self):
        return self.ended_at is None

    def waits_for(self, *, zone):
        """Say what wakes it, or what did; days in this zone."""
        if not self.is_waiting:
            return self.get_woken_by_display()
        cool = date_format(self.cool_down_until.astimezone(zone), "j M Y")
        again = f"when it requalifies, from {cool}"
        if self.wake_at is None:
            return again[:1].upper() + again[1:]
        return f"{date_format(self.wake_at.astimezone(zone), 'j M Y')}, or {again}"


def check(*, reason, note, wake_at, cool_down_days, now):
    """Raise Refused for a recycling that cannot be."""
    if reason == Recycling.Reason.OTHER and not note.strip():
        raise Refused("Tell marketing why: this reason needs a note.")
    if wake_at is not None and wake_at <= now:
        raise Refused("The date on which it comes back lies in the future.")
    if wake_at is not None and wake_at > now + FURTHEST:
        raise Refused("The date on which it comes back is at most two years away.")
    if not 0 <= cool_down_days <= LONGEST:
        raise Refused(f"The cool-down takes 0 to {LONGEST} days.")
