from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError

from handoff_project.portal.forms import PageForm
from leads.intake.currencies import currency_code
from routing.models import OpportunityReason


class OpportunityForm(PageForm):
    """The terms of a deal, as far as they are known."""

    name = forms.CharField(label="Name", required=False, max_length=200)
    amount = forms.DecimalField(
        label="Amount",
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=2,
        help_text="Leave it empty while nobody knows it.",
    )
    currency = forms.CharField(
        label="Currency",
        required=False,
        max_length=3,
        help_text="ISO code of three letters, such as EUR. Needed with an amount.",
    )
    close_on = forms.DateField(
        label="Expected to be decided on",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, required=False)

    error_messages = {
        "no_currency": "There is no such currency. Give its ISO code, such as EUR.",
        "needs_currency": "Say in which currency the amount is.",
    }

    def clean_currency(self):
        said = self.cleaned_data["currency"]
        if said and not currency_code(said):
            raise ValidationError(self.error_messages["no_currency"], "no_currency")
        return currency_code(said)

    def clean(self):
        said = self.cleaned_data
        if said.get("amount") is not None and said.get("currency") == "":
            wrong = ValidationError(self.error_messages["needs_currency"], "needs_currency")
            self.add_error("currency", wrong)

    def terms(self):
        return {name: said for name, said in self.cleaned_data.items() if name != "nonce"}


class ClosingForm(PageForm):
    """Why an opportunity was won or lost."""

    reason = forms.ModelChoiceField(
        OpportunityReason.objects.none(),
        label="Why?",
        empty_label="Choose a reason",
        error_messages={"required": "Choose a reason."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text="Marketing reads it. Needed where the reason says so.",
    )

    def __init__(self, *args, outcome, **kwargs):
        super().__init__(*args, **kwargs)
        reasons = OpportunityReason.objects.filter(outcome=outcome, is_active=True)
        self.fields["reason"].queryset = reasons
        self.fields["reason"].required = outcome == OpportunityReason.Outcome.LOST
        self.fields["reason"].label_from_instance = told

    def clean(self):
        reason = self.cleaned_data.get("reason")
        if reason and reason.needs_note and not self.cleaned_data.get("note", "").strip():
            self.add_error("note", f"The reason “{reason}” needs a note.")


def told(reason):
    """Return the reason with whether it asks for a note."""
    return f"{reason}{', note needed' if reason.needs_note else ''}"
