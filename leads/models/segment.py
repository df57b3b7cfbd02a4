from django.core.exceptions import ValidationError
from django.db import models

from leads.conditions import compiler, terms, words
from leads.models.signal import Signal


class ConditionColumns(models.Model):
    """The columns of one condition: a field, an operator and a value, typed by the field."""

    field = models.CharField(max_length=60, blank=True, default="")
    operator = models.CharField(max_length=20, blank=True, default="")
    value = models.CharField(
        max_length=500,
        blank=True,
        default="",
        help_text="Several values are separated by commas; for 'between', give two numbers.",
    )
    signal = models.ForeignKey(
        Signal, models.PROTECT, null=True, blank=True, help_text="For questions on behaviour."
    )
    window_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days, counted in whole UTC days up to today."
    )

    class Meta:
        abstract = True

    def clean(self):
        super().clean()
        if self.field:
            self.term()

    def term(self):
        """Return the condition in the intermediate form.

        Raise ValidationError, by column, where the parts do not fit each other.
        """
        try:
            return terms.parse(
                self.field,
                self.operator,
                self.value,
                signal=self.signal,
                window_days=self.window_days,
            )
        except terms.BadCondition as error:
            raise ValidationError({error.column: str(error)}) from None


class Segment(models.Model):
    """A named, described, reusable set of conditions about leads."""

    class Persona(models.TextChoices):
        NONE = "", "No"
        BUYER = "buyer", "Somebody we sell to"
        NEGATIVE = "negative", "Somebody we do not sell to"

    name = models.CharField(max_length=80, unique=True)
    description = models.CharField(max_length=300, blank=True, default="")
    persona = models.CharField(
        max_length=8,
        choices=Persona,
        blank=True,
        default=Persona.NONE,
        help_text="Whether the segment describes a kind of person; leads show theirs.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def form(self):
        """Return the segment in the intermediate form, ready to be frozen in a version."""
        groups: dict[str, list] = {group: [] for group in SegmentCondition.Group.values}
        for condition in self.conditions.select_related("signal").order_by("pk"):
            groups[condition.group].append(condition.term())
        return {"id": self.pk, "name": self.name, **groups}

    def sentence(self):
        """Return the segment in plain English."""
        return words.sentence(self.form())

    def matching(self, leads, *, today):
        """Return the leads of this queryset that are in the segment on this UTC day."""
        return leads.filter(compiler.to_q(self.form(), today=today))


class SegmentCondition(ConditionColumns):
    """One condition of a segment."""

    class Group(models.TextChoices):
        ALL = "all", "All of these"
        ANY = "any", "At least one of these"
        NONE = "none", "None of these"

    segment = models.ForeignKey(Segment, models.CASCADE, related_name="conditions")
    group = models.CharField(max_length=4, choices=Group, default=Group.ALL)

    class Meta:
        verbose_name = "condition"

    def __str__(self):
        return words.sentence_of_term(self.term())

    def clean(self):
        if not self.field:
            raise ValidationError({"field": "Choose the field that this condition asks about."})
        super().clean()
