"""The columns of a condition as form fields: what may be asked comes from the registry."""

from django import forms
from django.core.exceptions import ValidationError

from leads.admin.choices import OptionField, Options
from leads.admin.rows import RowForm
from leads.conditions import registry
from leads.conditions.terms import BY_TYPE, LISTS, NAMED, OPERATORS, WITHOUT_VALUE
from leads.models import CustomField, Signal, ValueList
from leads.models.segment import LONGEST_WINDOW

GUIDE = (
    "Behaviour asks whether a signal happened so many times, or on so many days, in so many visits "
    "or for so many seconds (value), in so many days. "
    "Several values are separated by commas; for “is between”, give two numbers."
)


class ConditionChoices:
    """What conditions choose from, read once for a page."""

    def __init__(self):
        self.custom = list(CustomField.objects.all())
        self.off = {row.as_field().key: row.label for row in self.custom if not row.is_active}
        self.fields = Options.of_choices(registry.choices(), off=self.off)
        self.operators = Options.of_choices(OPERATORS.items())
        self.signals = Options([(row.pk, _signal(row), row) for row in Signal.objects.current()])

    def script(self):
        """What admin-rows.js needs to show only the columns and operators that fit a field."""
        fields = [*registry.FIELDS.values(), *(row.as_field() for row in self.custom)]
        values = {field.key: list(few) for field in fields if (few := registry.values_of(field))}
        types = {field.key: field.type for field in fields}
        return {
            "types": types,
            "operators": BY_TYPE,
            "values": values,
            "without_value": WITHOUT_VALUE,
            "lists": LISTS,
            "named": NAMED,
            "names": list(ValueList.objects.values_list("name", flat=True)),
        }


class ConditionForm(RowForm):
    field = OptionField()
    operator = OptionField()
    value = forms.CharField(max_length=500, required=False)
    signal = OptionField()
    window_days = forms.IntegerField(
        label="In days", min_value=1, max_value=LONGEST_WINDOW, required=False
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("field", "operator", "signal"):
            self.fields[name].options = getattr(self.choices, f"{name}s")
        # An earlier revision of a signal cannot be chosen, and a row that has it still has it.
        chosen = self.instance.signal_id and self.choices.signals.meaning(self.instance.signal_id)
        if chosen:
            self.instance.signal = chosen

    def say(self):
        """Refuse a field or a choice that is gone: it can be read, and not be asked for anew."""
        sentence = self.sentence()
        if self.instance.field:
            try:
                self.choices.fields.check(self.instance.field)
            except ValidationError as error:
                raise ValidationError({"field": error}) from None
            self.instance.check_asked(self.instance.term())
        return sentence

    def sentence(self):
        """Return the row in plain English. Raise ValidationError where it makes no sense."""
        raise NotImplementedError


def _signal(row):
    return row.name if row.is_active else f"{row.name} (switched off)"
