"""A list of texts typed in one line, as the values of a condition are."""

from django import forms
from django.core.exceptions import ValidationError

from leads.conditions import terms


class ListedField(forms.CharField):
    """Texts separated by commas; one that holds a comma stands in quotation marks."""

    def prepare_value(self, value):
        return terms.joined(value) if isinstance(value, list) else value

    def to_python(self, value):
        try:
            return terms.split(super().to_python(value))
        except terms.BadCondition as error:
            raise ValidationError(str(error)) from None

    def run_validators(self, value):
        """Check each text as a field with one text does."""
        for one in value:
            super().run_validators(one)

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)
