from django.conf import settings
from django.db import models

from routing.models.calendar import Calendar


class Team(models.Model):
    """Reps who share leads, and the manager who answers for them."""

    name = models.CharField(max_length=80, unique=True)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="teams",
        help_text="Sees all the team's handoffs and is told when one is late.",
    )
    calendar = models.ForeignKey(Calendar, models.PROTECT, related_name="+")
    only_work_next = models.BooleanField(
        "only by Work next",
        default=False,
        help_text="Reps take leads from the team's pools in the order of the queue alone.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Rep(models.Model):
    """A user who works handoffs, in one team."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="rep")
    team = models.ForeignKey(Team, models.PROTECT, related_name="reps")
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Only where the rep's hours differ from the team's.",
    )
    in_rotation = models.BooleanField(default=True, help_text="Gets new leads by turns.")

    def __str__(self):
        return str(self.user)

    @property
    def working_calendar(self):
        return self.calendar or self.team.calendar


class Pool(models.Model):
    """Where handoffs wait for a team, and the team's turns in rotation."""

    name = models.CharField(max_length=80, unique=True)
    team = models.ForeignKey(Team, models.PROTECT, related_name="pools")
    last_turn = models.ForeignKey(
        Rep,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="Who had the latest turn; written under this row's lock.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name
