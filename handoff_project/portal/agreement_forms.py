from django import forms
from django.core.exceptions import ValidationError

from handoff_project.portal.forms import PageForm
from leads.intake.currencies import currency_code
from reporting.goals import METRICS


class AgreementForm(PageForm):
    """What each side promises in a month: one field for each metric."""

    currency = forms.CharField(
        label="Currency of the revenue",
        required=False,
        max_length=3,
        help_text="ISO code of three letters, such as EUR. Needed with a revenue.",
    )
    note = forms.CharField(
        label="What is different, and why",
        required=False,
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
    )
    error_messages = {
        "nothing": "Promise at least one number.",
        "no_currency": "There is no such currency. Give its ISO code, such as EUR.",
        "needs_currency": "Say in which currency the revenue is.",
    }

    field_order = [*METRICS, "currency", "note"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for metric in METRICS.values():
            self.fields[metric.key] = forms.IntegerField(
                label=f"{metric.label} a month ({metric.side.label.lower()} promises)",
                required=False,
                min_value=1,
                max_value=10**12,
                help_text=metric.counted,
            )
        self.order_fields(self.field_order)

    def clean_currency(self):
        said = self.cleaned_data["currency"]
        if said and not currency_code(said):
            raise ValidationError(self.error_messages["no_currency"], "no_currency")
        return currency_code(said)

    def clean(self):
        if not self.errors and not self.targets():
            raise ValidationError(self.error_messages["nothing"], "nothing")
        if self.cleaned_data.get("revenue") and self.cleaned_data.get("currency") == "":
            wrong = ValidationError(self.error_messages["needs_currency"], "needs_currency")
            self.add_error("currency", wrong)

    def targets(self):
        return {
            key: self.cleaned_data[key] for key in METRICS if self.cleaned_data.get(key) is not None
        }
