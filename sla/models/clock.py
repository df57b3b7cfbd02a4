from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from routing.models import CalendarVersion, Handoff
from sla.models.policy import Policy, Target


@dataclass(frozen=True)
class Reading:
    """What a clock shows at a moment: one state, in words, with how far it is from its deadline."""

    state: str  # running, soon, late, off_hours, met, met_late, cancelled
    text: str
    detail: str = ""


class ClockQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(handoff__in=Handoff.objects.visible_to(user))

    def running(self):
        return self.filter(state=Clock.State.RUNNING)

    def late(self, *, now):
        """Clocks whose promise was broken by `now`, whether or not somebody noticed yet.

        One that was cancelled counts if its deadline had passed by then.
        """
        return self.owed().filter(due_at__lt=Coalesce("stopped_at", "cancelled_at", Value(now)))

    def owed(self):
        """Leave out clocks that were cancelled in time: what they promised was never due."""
        in_time = Q(cancelled_at=None) | Q(due_at__gte=F("cancelled_at"))
        return self.exclude(in_time, state=Clock.State.CANCELLED)


class Clock(models.Model):
    """One promise on one handoff: running until what was promised is done.

    Met, met late, late and off hours are read from the facts, never stored, so a late sweep
    changes when we notice and never whether.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        STOPPED = "stopped", "Stopped"
        CANCELLED = "cancelled", "Cancelled"

    Kind = Target.Clock

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="clocks")
    kind = models.CharField(max_length=12, choices=Target.Clock)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+")
    calendar = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="+")
    target_minutes = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField(null=True)

    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "kind"], name="sla_one_clock_per_kind_and_handoff"
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None) | Q(stopped_at__gte=F("started_at")),
                name="sla_clock_stops_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(state="stopped", stopped_at__isnull=False)
                | (~Q(state="stopped") & Q(stopped_at=None)),
                name="sla_stopped_clock_has_its_time",
            ),
        ]
        indexes = [
            # Read every five seconds by watch(). Finished clocks, soon most rows, stay out.
            models.Index(
                fields=["next_step_at"],
                condition=Q(next_step_at__isnull=False),
                name="sla_clock_next_step",
            ),
            # The board.
            models.Index(
                fields=["due_at"], condition=Q(state="running"), name="sla_clock_running_due"
            ),
            models.Index(fields=["kind", "started_at"], name="sla_clock_report"),
        ]
        permissions = [("view_board", "Can see the SLA board")]

    def __str__(self):
        return f"{self.get_kind_display()} clock of handoff {self.handoff_id}"

    @property
    def was_met(self):
        """Whether what was promised was done in time."""
        return self.stopped_at is not None and self.stopped_at <= self.due_at

    def reading(self, *, now):
        """Return the clock's Reading at `now`: the one place where its words are decided.

        Time left is floored to the minute, so the screen never promises time that is not there.
        """
        if self.state == self.State.CANCELLED:
            over = (self.cancelled_at or self.due_at) - self.due_at
            late = Reading("met_late", f"Late {span(over)}")
            return late if over > timedelta(0) else Reading("cancelled", "No clock")
        if self.stopped_at is not None:
            if self.was_met:
                taken = self.stopped_at - self.started_at
                return Reading("met", f"Met in {span(taken)}")
            return Reading("met_late", f"Met late by {span(self.stopped_at - self.due_at)}")
        if now > self.due_at:
            return Reading("late", f"Late {span(now - self.due_at)}")
        hours = self.calendar.hours()
        if not hours.is_open(now):
            opens = hours.next_open(now)
            return Reading("off_hours", "Off hours", opens.isoformat())
        left = hours.elapsed(now, self.due_at)
        soon = max(timedelta(minutes=self.target_minutes) * 0.2, timedelta(minutes=5))
        return Reading(
            "soon" if left <= soon else "running",
            f"{span(self.due_at - now)} left",
            f"{span(left)} of working time",
        )


def span(duration):
    """Return a duration in words, floored: "<1 min", "9 min", "1 h 15 min", "2 d 3 h"."""
    minutes = int(duration.total_seconds() // 60)
    if minutes < 1:
        return "<1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


class Escalation(models.Model):
    """A step that was taken because of a clock: which, when it was due, when it was noticed."""

    class Step(models.TextChoices):
        REMIND = "remind", "Owner reminded"
        LATE = "late", "Owner and manager told"

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="escalations")
    step = models.CharField(max_length=8, choices=Step)
    due_at = models.DateTimeField()
    noticed_at = models.DateTimeField()

    class Meta:
        ordering = ["noticed_at"]
        constraints = [
            models.UniqueConstraint(fields=["clock", "step"], name="sla_each_step_once"),
        ]

    def __str__(self):
        return f"{self.get_step_display()}: {self.clock}"
