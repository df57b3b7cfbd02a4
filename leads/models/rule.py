from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from leads.conditions.terms import DAYS, SECONDS, TIMES, VISITS, terms_of
from leads.models.segment import ConditionColumns

OTHER_POINTS = "The group is for other points than this rule's."
MOST_POINTS = 10_000  # that a rule may give or take, or a threshold ask for
MOST_PER = 1000  # of what it counts, for which a rule gives its points once
SCORE = "score."  # what the fields of a score begin with
ONE_QUESTION = "A rule asks for exactly one of: a segment, a field, or a signal in a window."
BOUNDS = [MinValueValidator(-MOST_POINTS), MaxValueValidator(MOST_POINTS)]


class RuleGroup(models.Model):
    """Rules of one axis whose points together have a cap."""

    class Kind(models.TextChoices):
        FIT = "fit", "Fit points"
        INTEREST = "interest", "Interest points"

    definition = models.ForeignKey("MQLDefinition", models.CASCADE, related_name="groups")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.INTEREST)
    cap = models.PositiveSmallIntegerField(
        help_text="The most points that the group's rules give together."
    )

    class Meta:
        verbose_name = "group"
        constraints = [
            models.UniqueConstraint(fields=["definition", "name"], name="leads_one_group_per_name"),
        ]

    def __str__(self):
        return f"{self.name} (at most {self.cap})"

    def clean(self):
        super().clean()
        if self.pk and self.rules.exclude(kind=self.kind).exists():
            raise ValidationError({"kind": "Rules of the group give other points."})


class ScoringRule(ConditionColumns):
    """One rule of a definition: a do-not-pass or fast-track case, or points on one axis."""

    class Kind(models.TextChoices):
        DO_NOT_PASS = "do_not_pass", "Do not pass"
        FAST_TRACK = "fast_track", "Fast track"
        FIT = "fit", "Fit points"
        INTEREST = "interest", "Interest points"

    class Counts(models.TextChoices):
        TIMES = TIMES, "Times"
        DAYS = DAYS, "Days"
        VISITS = VISITS, "Visits"
        SECONDS = SECONDS, "Seconds"

    definition = models.ForeignKey("MQLDefinition", models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(
        "in force", default=True, help_text="A rule that is not in force stays for later."
    )
    kind = models.CharField(max_length=12, choices=Kind)
    label = models.CharField(max_length=80, help_text="What a rep reads, e.g. 'Pricing page'.")
    segment = models.ForeignKey(
        "Segment",
        models.PROTECT,
        null=True,
        blank=True,
        help_text="Asks for a segment instead of a single field.",
    )
    points = models.IntegerField(default=0, validators=BOUNDS, help_text="May be negative.")
    counts = models.CharField(
        max_length=8,
        choices=Counts,
        default=Counts.TIMES,
        help_text="What is counted of a signal.",
    )
    per = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text="How many of them give the points once: 3 opens = 5 points.",
    )
    cap = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The most points this rule gives (or takes)."
    )

    half_life_days = models.PositiveSmallIntegerField(
        "half-life",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days after which a touchpoint is worth half. Empty: points do not fade.",
    )
    group = models.ForeignKey(
        RuleGroup, models.SET_NULL, null=True, blank=True, related_name="rules"
    )

    class Meta:
        verbose_name = "rule"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(per__gte=1), name="leads_rule_per_is_positive"),
            # Many rules add up in an integer column.
            models.CheckConstraint(
                condition=Q(points__range=(-MOST_POINTS, MOST_POINTS)),
                name="leads_rule_points_are_bounded",
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def counts_behaviour(self):
        return bool(self.signal_id) and not self.field

    def clean(self):
        """Raise ValidationError with everything that is wrong, by column."""
        wrong: dict = {}
        for check in (self._check_question, self._check_counting, self._check_group):
            try:
                check()
            except ValidationError as error:
                wrong = error.update_error_dict(wrong)
        if wrong:
            raise ValidationError(wrong)

    def _check_question(self):
        super().clean()
        if sum([bool(self.segment_id), bool(self.field), self.counts_behaviour]) != 1:
            raise ValidationError(ONE_QUESTION)
        if self.segment or self.field:
            self._when()
        if self.counts_behaviour and self.kind in (self.Kind.DO_NOT_PASS, self.Kind.FAST_TRACK):
            raise ValidationError({"field": "Choose 'Behaviour' and an operator for this rule."})

    def _check_counting(self):
        wrong = {}
        if self.per and self.per > MOST_PER:
            wrong["per"] = f"Give points for at most {MOST_PER} at a time."
        if self.counts != self.Counts.TIMES and not self.counts_behaviour:
            wrong["counts"] = "Only a rule that counts a signal counts these."
        if self.half_life_days and not self.counts_behaviour:
            wrong["half_life_days"] = "Only counted signals fade."
        if self.counts_behaviour and not self.window_days:
            wrong["window_days"] = "Say in how many days the signal counts."
        if wrong:
            raise ValidationError(wrong)

    def _check_group(self):
        made_for = (self.kind, self.definition)
        if self.group and (self.group.kind, self.group.definition) != made_for:
            raise ValidationError({"group": OTHER_POINTS})

    def form(self):
        """Return the rule in the intermediate form: a typed term of the definition."""
        common = {
            "id": self.pk,
            "kind": self.kind,
            "label": self.label,
            "points": self.points,
            "group": self.group_id,
            "group_name": self.group.name if self.group else None,
        }
        if self.group and self.group.kind != self.kind:
            raise ValidationError({"group": f"{self}: {OTHER_POINTS}"})
        if self.signal is not None and self.counts_behaviour:
            # Left out of a form where it is the usual thing, as forms had it before there was more.
            counts = {} if self.counts == self.Counts.TIMES else {"counts": self.counts}
            return (
                common
                | counts
                | {
                    "type": "count",
                    "signal": self.signal_id,
                    "signal_name": self.signal.name,
                    "per": self.per,
                    "days": self.window_days,
                    "cap": self.cap,
                    "half_life": self.half_life_days,
                }
            )
        return common | {"type": "when", "when": self._when()}

    def _when(self):
        """The conditions that the rule asks for. A score that asks for itself would never rest."""
        column = "segment" if self.segment else "field"
        when = self._segment_form() if self.segment else {"all": [self.term()]}
        if any(term["field"].startswith(SCORE) for _, term in terms_of(when)):
            raise ValidationError({column: f"{self}: a rule cannot ask for the score it makes."})
        return when

    def _segment_form(self):
        """The segment; what is wrong in it is wrong with the rule's choice of it."""
        assert self.segment is not None
        try:
            return self.segment.form()
        except ValidationError as error:
            said = f"{self.segment}: {' '.join(error.messages)}"
            raise ValidationError({"segment": said}) from None
