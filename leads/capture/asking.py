"""What a capture form asks, as a Django form that reads answers like every other door does."""

from functools import cache

import pycountry
from django import forms
from rest_framework.exceptions import ValidationError

from leads.capture.arrival import Arrival
from leads.conditions.registry import CUSTOM
from leads.imports.cells import NotAValue, sent_number
from leads.imports.targets import COMPANY_TARGETS, EMAIL, LEAD_TARGETS, reader_of
from leads.models import CaptureField, CustomField
from leads.text import storable

# Of what an import can fill in, what a visitor can be asked for.
ASKED = (
    *("name", "first_name", "last_name", "phone", "job_title", "seniority", "department"),
    *("country", "region", "language", "postal_code"),
    *("company.name", "company.domain", "company.employees", "company.industry"),
    *("company.country", "company.tech_stack", "company.competitor_in_use"),
)
HONEYPOT = "fax_number"  # people never see it; programs that fill in everything do
CONSENT = "consent"
LONGEST_ANSWER = 2_000  # characters
# How browsers know what to offer, by https://html.spec.whatwg.org/#autofill.
AUTOCOMPLETE = {
    EMAIL: "email",
    "name": "name",
    "first_name": "given-name",
    "last_name": "family-name",
    "phone": "tel",
    "job_title": "organization-title",
    "country": "country",
    "region": "address-level1",
    "language": "language",
    "postal_code": "postal-code",
    "company.name": "organization",
    "company.domain": "url",
}
INPUTS = {EMAIL: "email", "phone": "tel", "company.employees": "number"}


def targets():
    """Return the attributes that a form may ask for, as choices; custom fields come last."""
    known = LEAD_TARGETS | COMPANY_TARGETS
    custom = CustomField.objects.filter(is_active=True)
    return [(name, known[name]) for name in ASKED] + [
        (f"{CUSTOM}{row.key}", row.label) for row in custom
    ]


class Answers(forms.Form):
    """The answers of one visitor to one CaptureForm.

    A field is named after its row, so that two questions may have the same label. Values are read
    by what reads an import's cells, and so have the form in which they are learned.
    """

    def __init__(self, row, data=None, *, arrival=None, auto_id="id_%s"):
        super().__init__(data, label_suffix="", auto_id=auto_id)
        self.row = row
        self.custom = {one.key: one for one in CustomField.objects.all()}
        self.asked = list(row.asked.all())
        self.fields[EMAIL] = _attribute(EMAIL, "Work e-mail", required=True, custom=self.custom)
        for one in self.asked:
            field = self._field(one)
            if field is not None:
                self.fields[name_of(one)] = field
        if row.consent_text:
            self.fields[CONSENT] = forms.BooleanField(
                label=row.consent_text,
                required=row.consent_required,
                error_messages={"required": "Tick this to go on."},
            )
        arrival = arrival or Arrival()
        for name, value in arrival.as_fields().items():
            self.fields[name] = forms.CharField(
                required=False, initial=value, widget=forms.HiddenInput
            )

    def _field(self, one):
        if not one.target:
            return _question(one)
        if one.target.startswith(CUSTOM):
            known = self.custom.get(one.target.removeprefix(CUSTOM))
            if known is None or not known.is_active:
                return None
        return _attribute(
            one.target, one.label, hint=one.hint, required=one.required, custom=self.custom
        )

    def is_spam(self):
        """Whether a program filled in what people never see."""
        return bool(self.data.get(HONEYPOT, "").strip())


def name_of(one):
    """Return the name of a row's input: stable for as long as the row is there."""
    return f"f{one.pk}"


class _Read(forms.CharField):
    """A line of text that is read as an attribute."""

    def __init__(self, reader, **kwargs):
        super().__init__(**kwargs)
        self.reader = reader

    def clean(self, value):
        text = super().clean(value)
        return _read(self.reader, text) if text else None


class _ReadChoice(forms.ChoiceField):
    """One of several texts that is read as an attribute."""

    def __init__(self, reader, **kwargs):
        super().__init__(**kwargs)
        self.reader = reader

    def clean(self, value):
        text = super().clean(value)
        return _read(self.reader, text) if text else None


def _read(reader, text):
    if not storable(text):
        raise forms.ValidationError("Holds a null character or half a character.")
    try:
        return reader(text)
    except NotAValue as error:
        raise forms.ValidationError(str(error)) from None
    except ValidationError as error:
        raise forms.ValidationError([str(one) for one in error.detail]) from None


def _attribute(target, label, *, required, custom, hint=""):
    """Return the form's field for an attribute of the lead or the company."""
    said = {
        "label": label,
        "help_text": hint,
        "required": required,
        "error_messages": {"required": f"Fill in: {label}."},
    }
    reader = reader_of(target, order="", custom=custom, number=sent_number)
    kind = custom[target.removeprefix(CUSTOM)].kind if target.startswith(CUSTOM) else ""
    choices = _choices(target, custom)
    if kind == CustomField.Kind.YES_NO:
        return _Tick(**said)
    if choices:
        return _ReadChoice(reader, choices=[("", "Choose"), *choices], **said)
    kinds = {str(CustomField.Kind.NUMBER): "number", str(CustomField.Kind.DATE): "date"}
    widget = forms.TextInput({"autocomplete": AUTOCOMPLETE.get(target, "off")})
    widget.input_type = INPUTS.get(target) or kinds.get(kind, "text")
    if kind == CustomField.Kind.NUMBER:
        widget.attrs["step"] = "any"  # without it, browsers take whole numbers alone
    return _Read(reader, max_length=LONGEST_ANSWER, widget=widget, **said)


def _choices(target, custom):
    if target in ("country", "company.country"):
        return _countries()
    if target.startswith(CUSTOM):
        row = custom[target.removeprefix(CUSTOM)]
        if row.kind == CustomField.Kind.CHOICE:
            return [(choice, choice) for choice in row.choices]
    return []


@cache
def _countries():
    named = ((one.alpha_2, getattr(one, "common_name", one.name)) for one in pycountry.countries)
    return sorted(named, key=lambda pair: pair[1])


class _Tick(forms.BooleanField):
    """A yes or no that is unknown until it is ticked: browsers do not send an empty box."""

    def clean(self, value):
        return super().clean(value) or None


def _question(one):
    said = {
        "label": one.label,
        "help_text": one.hint,
        "required": one.required,
        "error_messages": {"required": f"Answer: {one.label}"},
    }
    if one.shape == CaptureField.Shape.TICK:
        return _Tick(**said)
    if one.shape == CaptureField.Shape.CHOICE:
        choices = [("", "Choose"), *((choice, choice) for choice in one.choices)]
        return _ReadChoice(str, choices=choices, **said)
    long = one.shape == CaptureField.Shape.LONG
    widget = forms.Textarea({"rows": 4}) if long else forms.TextInput({"autocomplete": "off"})
    return _Read(str, max_length=LONGEST_ANSWER, widget=widget, **said)
