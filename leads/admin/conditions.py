"""The columns of a condition as form fields: what may be asked comes from the registry."""

from django import forms

from leads.conditions import registry
from leads.conditions.terms import OPERATORS

GUIDE = (
    "Behaviour asks whether a signal happened so many times (value) in so many days. "
    "Several values are separated by commas; for “is between”, give two numbers."
)


def _fields():
    return [("", "---------"), *registry.choices()]


def _operators():
    return [("", "---------"), *OPERATORS.items()]


class ConditionForm(forms.ModelForm):
    field = forms.ChoiceField(choices=_fields, required=False)
    operator = forms.ChoiceField(choices=_operators, required=False)
    value = forms.CharField(max_length=500, required=False)
    window_days = forms.IntegerField(label="In days", min_value=1, max_value=3660, required=False)
