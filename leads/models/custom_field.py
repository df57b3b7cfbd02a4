from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from leads import decimals
from leads.conditions.registry import CUSTOM, Field, Type
from leads.conditions.terms import terms_of
from leads.text import fold, storable

LONGEST = 500  # characters of a custom text
LARGEST = 10**15  # a custom number, either way


class CustomFieldQuerySet(models.QuerySet):
    def switched_off_in(self, rules):
        """Return `(rule, field)` by label, where a compiled rule asks for a field that is off."""
        asked = [
            (rule["label"], term["field"].removeprefix(CUSTOM))
            for rule in rules
            if rule["type"] == "when"
            for _, term in terms_of(rule["when"])
            if "custom" in term
        ]
        if not asked:
            return []
        off = self.filter(is_active=False, key__in={key for _, key in asked})
        labels = dict(off.values_list("key", "label"))
        return [(rule, labels[key]) for rule, key in asked if key in labels]


class CustomField(models.Model):
    """An attribute of leads or companies that this company needs and we did not think of.

    Its values live in the row's `attributes`. Key, type and owner stay as they were made: rules
    that were published read them.
    """

    class On(models.TextChoices):
        LEAD = "lead", "Lead"
        COMPANY = "company", "Company"

    class Kind(models.TextChoices):
        TEXT = Type.TEXT.value, "Text"
        NUMBER = Type.NUMBER.value, "Number"
        DATE = Type.DATE.value, "Date"
        CHOICE = Type.CHOICE.value, "Choice"
        YES_NO = Type.YES_NO.value, "Yes or no"

    key = models.CharField(
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[a-z](_?[a-z0-9])*\Z", "Use a-z, 0-9 and single _.")],
        help_text="How senders name it, for example budget_2026. It cannot be changed later.",
    )
    label = models.CharField(max_length=80)
    on = models.CharField("belongs to", max_length=8, choices=On, default=On.LEAD)
    kind = models.CharField("type", max_length=8, choices=Kind, default=Kind.TEXT)
    choices = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="For a choice: its values, separated by commas.",
    )
    is_active = models.BooleanField(
        default=True, help_text="Senders may set it and new rules may ask for it."
    )

    objects = CustomFieldQuerySet.as_manager()

    class Meta:
        ordering = ["label"]

    def __str__(self):
        return self.label

    def clean(self):
        super().clean()
        self.choices = [fold(choice) for choice in self.choices]
        if self.kind == self.Kind.CHOICE and not self.choices:
            raise ValidationError({"choices": "Give the values that may be chosen."})
        self._keep_what_rules_read()

    def _keep_what_rules_read(self):
        made = CustomField.objects.filter(pk=self.pk).first()
        kept = ("key", "on", "kind") if made else ()
        changed = {
            name: f"It was made as {getattr(made, name)!r} and stays so."
            for name in kept
            if getattr(made, name) != getattr(self, name)
        }
        if changed:
            raise ValidationError(changed)

    def as_field(self):
        """Return the field as the condition registry knows fields."""
        owner = "" if self.on == self.On.LEAD else "company__"
        path = f"{owner}attributes__{self.key}"
        return Field(f"{CUSTOM}{self.key}", self.label, Type(self.kind), path)

    def read(self, value):
        """Return `value` as it is stored. Raise ValidationError where it is not of the type."""
        checks = {
            self.Kind.TEXT: self._text,
            self.Kind.NUMBER: self._number,
            self.Kind.DATE: self._date,
            self.Kind.CHOICE: self._choice,
            self.Kind.YES_NO: self._yes_no,
        }
        return checks[self.Kind(self.kind)](value)

    def _text(self, value):
        if not isinstance(value, str) or len(fold(value)) > LONGEST:
            raise ValidationError(f"Give text of at most {LONGEST} characters.")
        if not storable(value):
            raise ValidationError("Holds a null character or half a character.")
        return fold(value)

    def _number(self, value):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError("Give a number.")
        if abs(value) > LARGEST:
            raise ValidationError("The number is too large.")
        try:
            return decimals.number(value)
        except decimals.NotANumber as error:
            raise ValidationError(str(error)) from None

    def _date(self, value):
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            raise ValidationError("Give a date such as 2026-03-31.") from None

    def _choice(self, value):
        known = {fold(choice).casefold(): fold(choice) for choice in self.choices}
        if not isinstance(value, str) or fold(value).casefold() not in known:
            raise ValidationError(f"Choose one of: {', '.join(self.choices)}.")
        return known[fold(value).casefold()]

    def _yes_no(self, value):
        if not isinstance(value, bool):
            raise ValidationError("Answer true or false.")
        return value
