"""Good leads that are not ready now: where they rest, and what wakes them."""

from datetime import UTC, timedelta

from django.db import models
from django.db.models import Case, CharField, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Replace, TruncDate
from django.utils.formats import date_format

from leads.conditions import registry
from leads.models import FieldValue, MQLDefinition, NurtureTrack, Score, Signal, Touchpoint
from leads.models.signal import SignalDay
from routing.models.refused import Refused

FURTHEST = timedelta(days=730)  # of a wake date
LONGEST = 365  # days of a cool-down
USUAL = 30  # days of a cool-down
COMPANY = "company."  # begins the name of a company's attribute
# What may change of a lead or its company so that it is worth another look; custom fields, too.
WAKING = (
    *("job_title", "seniority", "department", "country", "company.employees", "company.industry"),
    *("company.relationship", "company.revenue", "company.funding_stage", "company.tech_stack"),
    "company.competitor_in_use",
)


def waking_fields():
    """Return `(key, label)` of the attributes whose change may wake a lead."""
    return [
        (key, label)
        for key, label in registry.choices()
        if key in WAKING or key.startswith(registry.CUSTOM)
    ]


def where_unwanted(handoff=None):
    """Return (nurture track, days of cool-down) of a good lead that sales does not want now.

    As the definition says by which it was handed over, else the live one; where that says nothing,
    the first track and the usual cool-down.
    """
    asked = handoff and handoff.qualification
    definition = asked.definition if asked else MQLDefinition.objects.live()
    track = definition and definition.reject_track
    days = definition and definition.cool_down_days
    track = track or NurtureTrack.objects.order_by("-is_active", "pk").first()
    return track, USUAL if days is None else days


class RecyclingQuerySet(models.QuerySet["Recycling"]):
    def begin(self, handoff, *, reason, track, status, cause, cool_down_days, by, now, **said):
        """Let the lead of a handoff that has ended rest; return the event.

        The lead stays in its stage, with this status. `said` may hold what wakes it, and `note`.
        """
        lead = handoff.lead
        made = self.create(
            handoff=handoff,
            reason=reason,
            track=track,
            cool_down_until=now + timedelta(days=cool_down_days),
            lead_status=lead.status,
            recycled_by=by,
            recycled_at=now,
            **said,
        )
        lead.enter_stage(lead.stage_id, status=status, cause=cause, now=now, by=by)
        why = made.get_reason_display()
        return lead.record(
            "routing.recycled", now=now, by=by, cause=why, handoff=handoff.pk, **made.as_told()
        )

    def waiting(self):
        """Those whose lead still rests. One that was erased rests for ever."""
        return self.filter(ended_at=None, handoff__lead__erased_at=None)

    def due(self, *, now):
        """Those that may wake: what was agreed has come, or the lead meets the definition again.

        The latter counts after the cool-down alone, and only with behaviour of a later day than
        the recycling: a score that has stayed as it was brings nobody back. Each has `woken`, what
        it is that wakes it.
        """
        scores = Score.objects.filter(lead=OuterRef("handoff__lead"))
        fresh = SignalDay.objects.filter(
            lead=OuterRef("handoff__lead"), day__gt=OuterRef("recycled_on")
        )
        again = Q(cool_down_until__lte=now) & Exists(scores.filter(qualifies=True)) & Exists(fresh)
        woken = Case(
            When(wake_at__lte=now, then=Value(Recycling.Woken.DATE)),
            When(Exists(_happened()), then=Value(Recycling.Woken.EVENT)),
            When(_changed(), then=Value(Recycling.Woken.FIELD)),
            When(again, then=Value(Recycling.Woken.SCORE)),
            output_field=CharField(),
        )
        resting = self.waiting().alias(recycled_on=TruncDate("recycled_at", tzinfo=UTC))
        found = resting.filter(~Exists(scores.filter(do_not_pass=True))).annotate(woken=woken)
        return found.filter(woken__isnull=False)

    def in_order(self):
        """By date; those that wait for the lead alone come last."""
        return self.order_by(F("wake_at").asc(nulls_last=True), "pk")


def _happened():
    """The touchpoints since then that show the signal for which a recycling waits."""
    shows = Func(OuterRef("wake_signal"), template="ARRAY[%(expressions)s]")
    return Touchpoint.objects.filter(
        lead=OuterRef("handoff__lead"),
        occurred_at__gt=OuterRef("recycled_at"),
        signals__contains=shows,
    )


def _changed():
    """Whether another value was learned of the attribute for which a recycling waits."""
    learned = FieldValue.objects.filter(known_at__gt=OuterRef("recycled_at"))
    name = Replace(OuterRef("wake_field"), Value(COMPANY), Value(""))
    of_lead = learned.filter(lead=OuterRef("handoff__lead"), field=OuterRef("wake_field"))
    of_company = learned.filter(company=OuterRef("handoff__lead__company"), field=name)
    employer = Q(wake_field__startswith=COMPANY) | Q(wake_field__startswith=registry.CUSTOM)
    return ~Q(wake_field="") & (Q(Exists(of_lead)) | (employer & Q(Exists(of_company))))


class Recycling(models.Model):
    """A lead that is good, but not now: why it rests, on which track, and until when.

    A rep says so, or rejects it for a reason that leads back to nurture, or a month's clean-up.
    """

    class Reason(models.TextChoices):
        BUDGET = "budget", "No budget yet"
        TIMING = "timing", "The time is wrong"
        PRIORITY = "priority", "Something else comes first"
        SILENT = "silent", "Does not answer"
        OTHER = "other", "Other"
        QUIET = "quiet", "No activity for long"
        REJECTED = "rejected", "Sales rejected it"

    class Woken(models.TextChoices):
        DATE = "date", "Its date had come"
        EVENT = "event", "Did what was waited for"
        FIELD = "field", "What was waited for changed"
        SCORE = "score", "Met the definition again"
        OVERTAKEN = "overtaken", "Was handed over otherwise"

    handoff = models.OneToOneField("Handoff", models.CASCADE, related_name="recycling")
    reason = models.CharField(max_length=8, choices=Reason)
    note = models.TextField(max_length=2000, blank=True, default="")
    track = models.ForeignKey(NurtureTrack, models.PROTECT, related_name="+")
    wake_at = models.DateTimeField(null=True, help_text="Empty: it waits for the lead alone.")
    wake_signal = models.ForeignKey(
        Signal, models.PROTECT, null=True, related_name="+", help_text="What the lead shall do."
    )
    wake_field = models.CharField(
        max_length=100, blank=True, default="", help_text="What shall change of it."
    )
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

    def as_told(self):
        """Return what webhooks and exports say of it: track, reason and what wakes the lead."""
        return {
            "reason": self.reason,
            "note": self.note,
            "track": self.track.name,
            "wake_at": self.wake_at and self.wake_at.isoformat(),
            "wake_signal": self.wake_signal and self.wake_signal.key,
            "wake_field": self.wake_field,
            "cool_down_until": self.cool_down_until.isoformat(),
        }

    @property
    def is_waiting(self):
        return self.ended_at is None

    def waits_for(self, *, zone):
        """Say what wakes it, or what did; days in this zone."""
        if not self.is_waiting:
            return self.get_woken_by_display()
        cool = date_format(self.cool_down_until.astimezone(zone), "j M Y")
        ways = [] if self.wake_at is None else [date_format(self.wake_at.astimezone(zone), "j M Y")]
        if self.wake_signal:
            ways.append(f"when “{self.wake_signal}” happens")
        if self.wake_field:
            ways.append(f"when this changes: {self.changing()}")
        ways.append(f"when it requalifies, from {cool}")
        said = ", or ".join(ways)
        return said[:1].upper() + said[1:]

    def changing(self):
        """Return the label of the attribute whose change wakes it; empty without one."""
        return dict(waking_fields()).get(self.wake_field, self.wake_field)


# What a rep may say; the others follow from a rejection, and from what the monthly clean-up finds.
ASKED = [
    one
    for one in Recycling.Reason.choices
    if one[0] not in (Recycling.Reason.QUIET, Recycling.Reason.REJECTED)
]


def check(*, reason, note, wake_at, cool_down_days, wake_signal=None, wake_field="", now):
    """Raise Refused for a recycling that cannot be."""
    if reason == Recycling.Reason.OTHER and not note.strip():
        raise Refused("Tell marketing why: this reason needs a note.")
    if wake_at is not None and wake_at <= now:
        raise Refused("The date on which it comes back lies in the future.")
    if wake_at is not None and wake_at > now + FURTHEST:
        raise Refused("The date on which it comes back is at most two years away.")
    if wake_signal is not None and not wake_signal.is_active:
        raise Refused("This signal is switched off: nothing would wake the lead.")
    if wake_field and wake_field not in dict(waking_fields()):
        raise Refused("A change of this attribute wakes nobody.")
    if not 0 <= cool_down_days <= LONGEST:
        raise Refused(f"The cool-down takes 0 to {LONGEST} days.")
