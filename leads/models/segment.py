from django.core.exceptions import ValidationError
from django.db import models

from leads.conditions import compiler, terms, words
from leads.models.signal import Signal

LONGEST_WINDOW = 3660  # days in which behaviour is looked for


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
        if self.window_days and self.window_days > LONGEST_WINDOW:
            raise ValidationError({"window_days": f"A window has at most {LONGEST_WINDOW} days."})
        if self.field:
            self.check_asked(self.term())

    def check_asked(self, term):
        """Raise ValidationError, by column, for what the condition could ask for no more."""
        try:
            terms.check_choices(term)
        except terms.BadCondition as error:
            raise ValidationError({error.column: str(error)}) from None

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
        rows = self.conditions.all()
        if "conditions" not in getattr(self, "_prefetched_objects_cache", {}):
            rows = rows.select_related("signal")
        for condition in sorted(rows, key=lambda row: row.pk):
            groups[condition.group].append(condition.term())
        return {"id": self.pk, "name": self.name, **groups}

    def sentence(self):
        """Return the segment in plain English."""
        return words.sentence(self.form())

    def frozen_in(self, form):
        """Return this segment as it is written out in a compiled form, once for each place.

        Forms that were compiled long ago know it by its name alone.
        """
        if isinstance(form, list):
            return [found for part in form for found in self.frozen_in(part)]
        if not isinstance(form, dict):
            return []
        mine = form["id"] == self.pk if "id" in form else form.get("name") == self.name
        here = [form] if "all" in form and mine else []
        return here + [found for part in form.values() for found in self.frozen_in(part)]

    def differs_in(self, form):
        """Whether a compiled form holds another text of this segment than it has now."""
        frozen = self.frozen_in(form)
        try:
            return bool(frozen) and any(words.sentence(one) != self.sentence() for one in frozen)
        except ValidationError:  # it makes no sense any more
            return True

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
        try:
            return words.sentence_of_term(self.term())
        except ValidationError:  # it makes no sense any more, and can still be named
            return f"{self.field} {self.operator} {self.value}".strip()

    def clean(self):
        if not self.field:
            raise ValidationError({"field": "Choose the field that this condition asks about."})
        super().clean()
