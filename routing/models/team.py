from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from leads.text import fold
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
    languages = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text="Codes such as de, en. Asked for by rules that match the lead's language.",
    )
    skills = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="What they know, in the words that rules ask for: healthcare, public sector.",
    )
    open_cap = models.PositiveSmallIntegerField(
        "most open leads",
        null=True,
        blank=True,
        help_text="Gets no more while they hold so many. Empty: no limit; 0: gets nothing.",
    )
    daily_cap = models.PositiveSmallIntegerField(
        "most leads a day",
        null=True,
        blank=True,
        help_text="On a day of their own time zone. Empty: no limit; 0: gets nothing.",
    )

    def __str__(self):
        return str(self.user)

    def clean(self):
        super().clean()
        self.languages = sorted({main_language(one) for one in self.languages if fold(one)})
        self.skills = list(dict.fromkeys(fold(one).casefold() for one in self.skills if fold(one)))

    @property
    def working_calendar(self):
        return self.calendar or self.team.calendar


class PoolQuerySet(models.QuerySet["Pool"]):
    def visible_to(self, user):
        """The pools of this person's team or teams; who sees every handoff sees every pool."""
        if user.has_perm("routing.view_every_handoff"):
            return self
        if not user.is_authenticated:
            return self.none()
        mine = models.Q(team__manager=user) | models.Q(team__reps__user=user)
        return self.filter(pk__in=Pool.objects.filter(mine).values("pk"))


class Pool(models.Model):
    """Where handoffs wait for a team, and the team's turns in rotation."""

    name = models.CharField(max_length=80, unique=True)
    team = models.ForeignKey(Team, models.PROTECT, related_name="pools")
    turns = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="How many turns were taken; written by the router."
    )

    objects = PoolQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class SeatQuerySet(models.QuerySet["Seat"]):
    def complete(self, *pools):
        """Give every rep of these pools' teams a seat, those who have been there longest first."""
        known = set(self.filter(pool__in=pools).values_list("pool", "rep"))
        reps = Rep.objects.filter(team__in=[pool.team_id for pool in pools]).order_by("pk")
        missing = [
            Seat(pool=pool, rep=rep)
            for pool in pools
            for rep in reps
            if rep.team_id == pool.team_id and (pool.pk, rep.pk) not in known
        ]
        Seat.objects.bulk_create(missing, ignore_conflicts=True)


class Seat(models.Model):
    """A rep's place in a pool's turns: what share they have, and where they stand.

    Every rep of the pool's team has one; the router adds what is missing, and alone writes all but
    the weight, under the lock of the team. `routing/rotation.py` says what credit means.
    """

    pool = models.ForeignKey(Pool, models.CASCADE, related_name="seats")
    rep = models.ForeignKey(Rep, models.CASCADE, related_name="seats")
    weight = models.PositiveSmallIntegerField(
        default=1, help_text="2 gets twice as many leads as 1. 0 gets none by turns."
    )
    credit = models.FloatField(default=0, editable=False)
    turns = models.PositiveBigIntegerField(default=0, editable=False)
    last_turn = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="The number of the pool's turn; 0: none yet."
    )
    last_turn_at = models.DateTimeField(null=True, editable=False)
    present = models.BooleanField(
        null=True,
        editable=False,
        help_text="Whether they could take turns when the latest was taken. Empty: never asked.",
    )

    objects = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["pool", "rep"], name="routing_one_seat_per_rep"),
        ]

    def __str__(self):
        return str(self.rep)


def main_language(text):
    """Return the code of a language without its country: "de" for "de-AT"."""
    return fold(text).casefold().replace("_", "-").partition("-")[0]
