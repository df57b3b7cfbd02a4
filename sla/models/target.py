from django.db import models
from django.db.models import Q

from sla import deadlines

LONGEST = 60 * 24 * 60  # minutes: sixty days


class ClockKind(models.TextChoices):
    REVIEW = "review", "Review"
    ACCEPT = "accept", "Accept"
    FIRST_TOUCH = "first_touch", "First touch"
    FOLLOW_UP = "follow_up", "Follow-up"
    QUALIFY = "qualify", "Qualify"


class Target(models.Model):
    """How soon one thing is promised, and what is the outer bound of that promise."""

    Clock = ClockKind

    class Unit(models.TextChoices):
        BUSINESS = deadlines.BUSINESS, "business minutes"
        WALL = deadlines.WALL, "minutes by the wall clock"
        END_OF_DAY = deadlines.END_OF_DAY, "end of the business day"

    class Bound(models.TextChoices):
        WORKING_DAYS = deadlines.WORKING_DAYS, "hours of working days"
        WALL = deadlines.WALL, "hours by the wall clock"
        NONE = "none", "no limit"

    policy = models.ForeignKey("sla.Policy", models.CASCADE, related_name="targets")
    clock = models.CharField(max_length=12, choices=ClockKind)
    unit = models.CharField("counted in", max_length=12, choices=Unit, default=Unit.BUSINESS)
    minutes = models.PositiveIntegerField(
        "within", null=True, blank=True, help_text="Minutes. Empty for the end of the day."
    )
    cut_off = models.PositiveSmallIntegerField(
        default=120,
        help_text="End of the day: what comes with less than so many open minutes left is due at "
        "the end of the next business day.",
    )
    bound_hours = models.PositiveSmallIntegerField("at latest", default=24)
    bound_unit = models.CharField(
        "limit counted in",
        max_length=12,
        choices=Bound,
        default=Bound.WORKING_DAYS,
        help_text="Days off and holidays count nothing in hours of working days.",
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "clock"], name="sla_one_target_per_clock"),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=LONGEST)
                | Q(unit="end_of_day", minutes=None),
                name="sla_target_minutes_make_sense",
                violation_error_message="Say within how many minutes, from 1 to sixty days.",
            ),
            models.CheckConstraint(
                condition=Q(bound_unit="none") | Q(bound_hours__gte=1, bound_hours__lte=1440),
                name="sla_target_bound_makes_sense",
                violation_error_message="The limit is from 1 to 1,440 hours; or choose no limit.",
            ),
        ]

    def __str__(self):
        return self.get_clock_display()

    def form(self, steps=()):
        """Return it in the compiled form that `sla.deadlines` reads."""
        bound = {"minutes": 60 * self.bound_hours, "unit": self.bound_unit}
        return {
            "unit": self.unit,
            "minutes": self.minutes,
            "cut_off": self.cut_off if self.unit == self.Unit.END_OF_DAY else 0,
            "bound": None if self.bound_unit == self.Bound.NONE else bound,
            "steps": [step.form() for step in steps],
        }

    def problems(self):
        """Return, in words, what makes no sense about it."""
        if self.minutes is None or self.bound_unit == self.Bound.NONE:
            return []
        if self.minutes is None or self.minutes < 60 * self.bound_hours:
            return []
        label = self.get_clock_display()
        said = f"the limit of {self.bound_hours} hours always comes before the target"
        return [f"{label}: {said}. Make it longer, or choose no limit."]
