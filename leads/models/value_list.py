from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from leads.conditions.terms import NAMED
from leads.intake.countries import country_code
from leads.models.segment import ConditionColumns
from leads.text import fold

MOST_VALUES = 5_000  # of one list
MOST_COMPLAINTS = 10  # values that are named as wrong at once


class ValueList(models.Model):
    """Values under one name, such as a group of countries or the domains of competitors.

    Conditions name it, and so the name stays as it was made. Publishing writes its values out.
    """

    class Kind(models.TextChoices):
        TEXT = "text", "Texts"
        COUNTRY = "country", "Countries"

    name = models.CharField(
        max_length=80, unique=True, help_text="Rules name it. It cannot be changed later."
    )
    description = models.CharField(max_length=300, blank=True, default="")
    kind = models.CharField(
        "holds",
        max_length=8,
        choices=Kind,
        default=Kind.TEXT,
        help_text="Countries are kept as their codes of two letters, whichever way you write them.",
    )
    values = ArrayField(models.CharField(max_length=200))

    class Meta:
        verbose_name = "list"
        ordering = ["name"]

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        self.name = fold(self.name)
        made = ValueList.objects.filter(pk=self.pk).first()
        if made and made.name != self.name:
            raise ValidationError({"name": f"It was made as {made.name!r} and stays so."})
        found = [fold(value) for value in self.values or () if fold(value)]
        if self.kind == self.Kind.COUNTRY:
            found = _codes(found)
        self.values = list({value.casefold(): value for value in reversed(found)}.values())[::-1]
        if not self.values:
            raise ValidationError({"values": "Give the values, one a line."})
        if len(self.values) > MOST_VALUES:
            raise ValidationError(
                {"values": f"A list has at most {MOST_VALUES:,} values; this has {len(found):,}."}
            )

    def form(self):
        """Return the list as a condition holds it, ready to be frozen in a version."""
        return {"id": self.pk, "list": self.name, "values": self.values}

    def asking(self):
        """Return the conditions that name this list: `{model: queryset}`."""
        return {
            model: model._default_manager.filter(operator__in=NAMED, value=self.name)
            for model in apps.get_models()
            if issubclass(model, ConditionColumns)
        }

    def frozen_in(self, form):
        """Return this list as it is written out in a compiled form, once for each place."""
        parts = form.values() if isinstance(form, dict) else form if isinstance(form, list) else ()
        mine = isinstance(form, dict) and "list" in form and form.get("id") == self.pk
        return [form] * mine + [found for part in parts for found in self.frozen_in(part)]

    def differs_in(self, form):
        """Whether a compiled form holds other values of this list than it has now."""
        return any(set(one["values"]) != set(self.values) for one in self.frozen_in(form))


def _codes(values):
    codes = {value: country_code(value) for value in values}
    unknown = [value for value, code in codes.items() if not code]
    if unknown:
        named = ", ".join(f"“{value[:60]}”" for value in unknown[:MOST_COMPLAINTS])
        raise ValidationError({"values": f"This is no country that we know: {named}."})
    return [codes[value] for value in values]
