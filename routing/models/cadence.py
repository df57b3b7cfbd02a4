from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from leads.deadlocks import retried
from leads.models import Score
from routing.models.agenda import held_for_planning
from routing.models.follow_up import FollowUp
from routing.models.refused import Refused

LONGEST = 60 * 24  # hours: sixty days


class CadenceQuerySet(models.QuerySet["Cadence"]):
    def offered(self):
        """The cadences that a rep may start now: those in use that have steps."""
        return self.filter(is_active=True, steps__isnull=False).distinct()

    def of_tier(self, tier):
        """Return the cadence that starts by itself for leads of this tier, or None."""
        return self.offered().filter(tiers__contains=[tier]).first()


class Cadence(models.Model):
    """An agreed way to follow up: what is done when, with what to say."""

    class Unit(models.TextChoices):
        BUSINESS = "business", "working hours of the rep"
        WALL = "wall", "hours by the wall clock"

    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=300, blank=True, default="")
    unit = models.CharField("hours are", max_length=8, choices=Unit, default=Unit.BUSINESS)
    tiers = ArrayField(
        models.CharField(max_length=1, choices=Score.Tier),
        default=list,
        blank=True,
        verbose_name="starts by itself for",
        help_text="When a lead of such a tier is accepted. None: reps start it themselves.",
    )
    is_active = models.BooleanField(
        "in use", default=True, help_text="What is not in use cannot be started; what runs goes on."
    )

    objects = CadenceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def clean(self):
        others = Cadence.objects.exclude(pk=self.pk).filter(is_active=True)
        taken = others.filter(tiers__overlap=self.tiers).first() if self.is_active else None
        if self.tiers and taken:
            both = ", ".join(sorted({*self.tiers} & {*taken.tiers}))
            said = f"“{taken}” starts by itself for tier {both} already. One lead gets one cadence."
            raise ValidationError({"tiers": said})

    @retried
    @transaction.atomic
    def start(self, handoff, *, by, now):
        """Plan the steps for a handoff and return them as follow-ups.

        `by` is None where it starts by itself. Raise Refused where this person may not, or where
        follow-ups of this cadence are open there already.
        """
        held = held_for_planning(handoff, by=by, now=now)
        if held.follow_ups.open().filter(cadence=self).exists():
            raise Refused(f"“{self}” runs on this lead already.")
        hours = held.owner.working_calendar.current().hours()
        steps = list(self.steps.all())
        if not (self.is_active and steps):
            raise Refused(f"“{self}” is not in use.")
        made = [
            FollowUp(
                handoff=held,
                kind=step.kind,
                note=step.text,
                due_at=self.due_at(step, hours, start=now),
                cadence=self,
                created_by=by,
                created_at=now,
                cause=f"{self}, step {number} of {len(steps)}",
            )
            for number, step in enumerate(steps, start=1)
        ]
        FollowUp.objects.store(made, by=by, now=now)
        held.lead.record(
            "routing.cadence_started", now=now, by=by, cause=self.name, handoff=held.pk
        )
        return made

    def due_at(self, step, hours, *, start):
        """Return when a step is due that is started at this moment by somebody with these hours."""
        after = timedelta(hours=step.hours)
        return hours.due_at(start, after) if self.unit == self.Unit.BUSINESS else start + after


class CadenceStep(models.Model):
    """One thing to do in a cadence: how, when, and what to say."""

    cadence = models.ForeignKey(Cadence, models.CASCADE, related_name="steps")
    hours = models.PositiveSmallIntegerField(
        "hours after the start", help_text="From 1. Steps are done in the order of these."
    )
    kind = models.CharField("what", max_length=13, choices=FollowUp.PLANNED)
    text = models.TextField("what to say", max_length=2000, blank=True, default="")

    class Meta:
        ordering = ["hours", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(hours__gte=1, hours__lte=LONGEST),
                name="routing_cadence_step_has_its_time",
                violation_error_message="From 1 hour to sixty days (1,440 hours).",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} after {self.hours} h"


def start_by_itself(handoff, *, now):
    """Start what the lead's tier asks for, on a handoff that was accepted; return follow-ups."""
    cadence = Cadence.objects.of_tier(handoff.tier)
    if cadence is None or handoff.follow_ups.filter(cadence__isnull=False).exists():
        return []
    return cadence.start(handoff, by=None, now=now)
