from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from routing.models import Team


class ResponseAlert(models.Model):
    """When it is said that first touches take longer than they did. There is one row."""

    is_on = models.BooleanField("on", default=True)
    longer = models.PositiveSmallIntegerField(
        "longer by",
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="Per cent by which the median of the last 7 days must exceed that of the 28 days "
        "before.",
    )
    fewest = models.PositiveSmallIntegerField(
        "at least",
        default=10,
        validators=[MinValueValidator(3), MaxValueValidator(10_000)],
        help_text="First touches in the last 7 days, and in the 28 before: fewer say nothing.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="reporting_one_response_alert")
        ]

    def __str__(self):
        return "When first touches slow down"


class SlowdownQuerySet(models.QuerySet["Slowdown"]):
    def current_for(self, user):
        """What holds now and concerns this person: their teams, or everything."""
        found = self.filter(is_current=True).select_related("team").order_by("team__name")
        if user.has_perm("routing.view_every_handoff"):
            return found
        return found.filter(team__manager=user) if user.is_authenticated else found.none()


class Slowdown(models.Model):
    """On a day, a team's first touches took longer than before; without a team, everybody's."""

    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="+")
    day = models.DateField()
    median_seconds = models.PositiveIntegerField(help_text="Of the last 7 days, working time.")
    before_seconds = models.PositiveIntegerField(help_text="Of the 28 days before.")
    touches = models.PositiveIntegerField(help_text="First touches in the last 7 days.")
    checked_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)

    objects = SlowdownQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "day"], nulls_distinct=False, name="reporting_one_slowdown_a_day"
            ),
        ]

    def __str__(self):
        return f"{self.team or 'All teams'}, {self.day}"

    @property
    def longer(self):
        """By how many per cent the last 7 days exceed the 28 before."""
        return round(100 * (self.median_seconds / self.before_seconds - 1))
