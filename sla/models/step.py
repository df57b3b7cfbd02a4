from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from sla import deadlines
from sla.models.target import LONGEST, ClockKind

RANK = Case(
    When(when="before", then=-models.F("minutes")),
    When(when="after", then=models.F("minutes")),
    default=Value(0),
    output_field=models.IntegerField(),
)


class Step(models.Model):
    """What is done about a promise before, at or after its deadline, if it still runs by then."""

    class When(models.TextChoices):
        BEFORE = deadlines.BEFORE, "before the deadline"
        AT = deadlines.AT, "at the deadline"
        AFTER = deadlines.AFTER, "after the deadline"

    class Unit(models.TextChoices):
        BUSINESS = deadlines.BUSINESS, "business minutes"
        WALL = deadlines.WALL, "minutes by the wall clock"

    class Action(models.TextChoices):
        REMIND = "remind", "Remind the owner"
        MANAGER = "manager", "Tell the manager"
        PEOPLE = "people", "Tell these people"
        BACKUP = "backup", "Move to the backup"
        POOL = "pool", "Move to the pool"
        ROTATION = "rotation", "Take the silent rep out of rotation"
        WEBHOOK = "webhook", "Call webhooks"
        RELEASE = "release", "Release the lead"
        DECLINE = "decline", "Decline the lead"

    OF_REVIEW = (Action.RELEASE, Action.DECLINE)
    OF_WORK = (Action.BACKUP, Action.POOL, Action.ROTATION)

    policy = models.ForeignKey("sla.Policy", models.CASCADE, related_name="steps")
    clock = models.CharField(max_length=12, choices=ClockKind)
    when = models.CharField(max_length=6, choices=When, default=When.AT)
    minutes = models.PositiveIntegerField(default=0, help_text="0 at the deadline.")
    unit = models.CharField("counted in", max_length=8, choices=Unit, default=Unit.BUSINESS)
    action = models.CharField("do", max_length=8, choices=Action, default=Action.REMIND)
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="+",
        help_text="Whom to tell, where the step tells people by name.",
    )

    class Meta:
        ordering = ["clock", RANK, "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "clock", "when", "minutes", "unit", "action"],
                name="sla_one_step_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(when="at", minutes=0)
                | (~Q(when="at") & Q(minutes__gte=1, minutes__lte=LONGEST)),
                name="sla_step_minutes_make_sense",
                violation_error_message="Say how many minutes before or after the deadline it is, "
                "from 1 to sixty days; at the deadline it is 0.",
            ),
        ]

    def __str__(self):
        return f"{self.get_action_display()} {self.get_when_display()}"

    def form(self):
        """Return it in the compiled form that `sla.deadlines` reads."""
        people = sorted(person.pk for person in self.people.all())
        return deadlines.form_of_step(
            self.when, self.minutes, self.action, unit=self.unit, people=people
        )

    def problems(self, target):
        """Return, in words, what makes no sense about it for this target."""
        label, action = self.get_clock_display(), self.get_action_display()
        problems = []
        if self.when == self.When.BEFORE:
            shortest = target.cut_off if target.unit == target.Unit.END_OF_DAY else target.minutes
            if self.minutes >= shortest:
                most = f"At most {shortest - 1} are possible." if shortest > 1 else "Leave it out."
                said = f"{self.minutes} minutes before the deadline may be before the start"
                problems.append(f"{label}: {said}. {most}")
        if self.action == self.Action.PEOPLE and not self.people.all():
            problems.append(f"{label}: say whom to tell.")
        left = [str(person) for person in self.people.all() if not person.is_active]
        problems += [f"{label}: {name} is no longer active. Name somebody else." for name in left]
        is_review = self.clock == ClockKind.REVIEW
        if self.action in (self.OF_WORK if is_review else self.OF_REVIEW):
            whose = "a review" if is_review else "a lead in sales"
            problems.append(f"{label}: “{action}” is nothing that can be done with {whose}.")
        if self.when == self.When.BEFORE and self.action in (*self.OF_REVIEW, *self.OF_WORK):
            problems.append(f"{label}: “{action}” waits until the deadline has passed.")
        return problems
