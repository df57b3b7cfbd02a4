from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.db.models import Case, F, Q, Value, When

from routing.models import CalendarVersion, FollowUp, Handoff
from sla import deadlines
from sla.models.policy import Policy
from sla.models.target import ClockKind, Target


@dataclass(frozen=True)
class Reading:
    """What a clock shows at a moment: one state, in words, with how far it is from its deadline."""

    state: str  # running, soon, late, off_hours, paused, met, met_late, cancelled
    text: str
    detail: str = ""


class Outcome(models.TextChoices):
    """How a promise went by a moment; each clock has exactly one."""

    MET = "met", "Met"
    LATE = "late", "Late"
    UNTOUCHED = "untouched", "Untouched"
    RUNNING = "running", "Running"
    RELEASED = "released", "No longer owed"


class ClockQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(handoff__in=Handoff.objects.visible_to(user))

    def running(self):
        return self.filter(state=Clock.State.RUNNING)

    def open(self):
        """Clocks whose promise is still to be kept: they run, or wait for the lead."""
        return self.filter(state__in=(Clock.State.RUNNING, Clock.State.PAUSED))

    def with_outcome(self, *, now):
        """Give each clock its `outcome` by `now`, whether or not somebody noticed yet.

        Done counts only if it was done by then. What was never done is untouched once its deadline
        has passed, also if it was cancelled later; cancelled in time, it was never owed. One that
        is paused was in time when the pause began.
        """
        done, cancelled = Q(stopped_at__lte=now), Q(state=Clock.State.CANCELLED)
        return self.annotate(
            outcome=Case(
                When(done & Q(stopped_at__lte=F("due_at")), then=Value(Outcome.MET)),
                When(done, then=Value(Outcome.LATE)),
                When(cancelled & Q(cancelled_at=None), then=Value(Outcome.RELEASED)),
                When(
                    cancelled_at__lte=now,
                    due_at__gte=F("cancelled_at"),
                    then=Value(Outcome.RELEASED),
                ),
                When(
                    ~Q(state=Clock.State.PAUSED) & Q(due_at__lt=now), then=Value(Outcome.UNTOUCHED)
                ),
                default=Value(Outcome.RUNNING),
                output_field=models.CharField(),
            )
        )

    def late(self, *, now):
        """Clocks whose promise was broken by `now`."""
        return self.with_outcome(now=now).filter(outcome__in=(Outcome.LATE, Outcome.UNTOUCHED))


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

    Kind = ClockKind
    UNITS = [*Target.Unit.choices, (deadlines.OWN, "a time set by hand")]

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="clocks")
    kind = models.CharField(max_length=12, choices=ClockKind)
    follow_up = models.ForeignKey(
        FollowUp, models.CASCADE, null=True, related_name="clocks", help_text="Of one kind alone."
    )
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+")
    calendar = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="+")
    unit = models.CharField(max_length=12, choices=UNITS, default=Target.Unit.BUSINESS)
    target_minutes = models.PositiveIntegerField(help_text="Counted from the start, in its unit.")
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="The earlier one of the next two.")
    target_due_at = models.DateTimeField(help_text="By the target itself.")
    bound_due_at = models.DateTimeField(null=True, help_text="By the target's outer bound.")
    bound = models.BooleanField(default=False, help_text="The outer bound comes first.")
    stopped_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    next_step_at = models.DateTimeField(null=True)
    worked_seconds = models.PositiveIntegerField(
        null=True, help_text="Working time from its start until it was stopped, without pauses."
    )

    objects = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "kind"],
                condition=Q(follow_up=None),
                name="sla_one_clock_per_kind_and_handoff",
            ),
            models.UniqueConstraint(
                fields=["follow_up"],
                condition=Q(state__in=["running", "paused"]),
                name="sla_one_open_clock_per_follow_up",
            ),
            models.CheckConstraint(
                condition=Q(kind="follow_up", follow_up__isnull=False)
                | (~Q(kind="follow_up") & Q(follow_up=None)),
                name="sla_follow_up_clock_has_its_follow_up",
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
            models.CheckConstraint(
                condition=Q(bound=False, due_at=F("target_due_at"))
                | Q(bound=True, due_at=F("bound_due_at")),
                name="sla_clock_is_due_by_target_or_bound",
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
            # How soon things were done of late, whenever they began.
            models.Index(
                fields=["kind", "stopped_at"],
                condition=Q(stopped_at__isnull=False),
                name="sla_clock_stopped",
            ),
        ]
        permissions = [("view_board", "Can see the SLA board")]

    def __str__(self):
        return f"{self.get_kind_display()} clock of handoff {self.handoff_id}"

    @property
    def target(self):
        """The compiled target that it runs by."""
        return self.target_by(self.policy)

    def target_by(self, policy):
        """Return the compiled target that it has by a policy, or None where that promises nothing.

        A time that was set by hand stays.
        """
        target = policy.target_of(self.kind)
        by_hand = target and self.unit == deadlines.OWN
        return deadlines.due_by_hand(target, self.target_due_at) if by_hand else target

    @property
    def is_open(self):
        return self.state in (self.State.RUNNING, self.State.PAUSED)

    @property
    def was_met(self):
        """Whether what was promised was done in time."""
        return self.stopped_at is not None and self.stopped_at <= self.due_at

    def finish(self, *, at, waits=None):
        """What was promised was done at this moment; the caller saves."""
        self.state, self.stopped_at, self.next_step_at = self.State.STOPPED, at, None
        self.worked_seconds = int(self.worked(at, waits).total_seconds())

    def worked(self, until, waits=None):
        """Return the working time from its start to a moment, pauses left out."""
        hours = self.calendar.hours()
        waits = self.waits() if waits is None else waits
        paused = sum(
            (hours.elapsed(began, min(ended, until)) for began, ended in waits if began < until),
            timedelta(0),
        )
        return max(timedelta(0), hours.elapsed(self.started_at, until) - paused)

    @property
    def worked_time(self):
        """The working time that it took, as stored; None before it was done."""
        return None if self.worked_seconds is None else timedelta(seconds=self.worked_seconds)

    @property
    def wall_time(self):
        """How long it took by the wall clock; None before it was done."""
        return self.stopped_at and self.stopped_at - self.started_at

    def waits(self):
        """Return its pauses that are over, as `sla.deadlines` takes them."""
        over = [pause for pause in self.pauses.all() if pause.ended_at]
        return [(pause.started_at, pause.ended_at) for pause in over]

    def levels(self, waits=None):
        """Return the Levels of its steps, taken or not; `waits` are its pauses if at hand."""
        waits = self.waits() if waits is None else waits
        return deadlines.levels(self.target, self.calendar.hours(), self.started_at, waits)

    def set_deadline(self, due):
        """Take over a Due; the caller saves."""
        self.due_at, self.bound = due.due_at, due.by_bound
        self.target_due_at, self.bound_due_at = due.target_at, due.bound_at

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
        if self.state == self.State.PAUSED:
            return Reading("paused", "Paused")
        if now > self.due_at:
            return Reading("late", f"Late {span(now - self.due_at)}")
        return self._running(now)

    def _running(self, now):
        counted = deadlines.counting(self.unit, self.calendar.hours())
        # An outer bound may be due before anybody is back; that is no time to look away.
        if (opens := counted.next_open(now)) > now and opens < self.due_at:
            return Reading("off_hours", "Off hours", opens.isoformat())
        left = counted.elapsed(now, self.due_at)
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
