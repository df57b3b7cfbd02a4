"""Forms about what is planned for a lead."""

from uuid import uuid4

from django import forms

from handoff_project.portal.forms import MinuteField, PageForm
from routing.models import Cadence, FollowUp, Rep


class PlanForm(PageForm):
    kind = forms.ChoiceField(
        label="What",
        choices=[("", "Choose"), *FollowUp.PLANNED],
        error_messages={"required": "Say what you plan."},
    )
    due_at = MinuteField(
        label="When",
        required=False,
        help_text="In your time zone. Empty: when the policy says.",
    )
    note = forms.CharField(
        label="What to say", required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, required=False)


class WhyForm(PageForm):
    reason = forms.CharField(
        label="Why?",
        max_length=300,
        help_text="It stays in the lead's timeline.",
        error_messages={"required": "Say why."},
    )


class TimeForm(WhyForm):
    due_at = MinuteField(
        label="New time",
        help_text="In your time zone.",
        error_messages={"required": "Say when."},
    )
    field_order = ["due_at", "reason"]


class StartForm(forms.Form):
    """Which cadence a rep starts."""

    cadence = forms.ModelChoiceField(Cadence.objects.none())

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["cadence"].queryset = Cadence.objects.offered()


class WhoseForm(forms.Form):
    """Whose follow-ups a manager looks at. What does not exist filters nothing."""

    rep = forms.ModelChoiceField(Rep.objects.none(), required=False, label="Whose")

    def __init__(self, *args, reps, empty_label, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["rep"].queryset = reps
        self.fields["rep"].empty_label = empty_label

    def chosen(self):
        self.is_valid()
        return self.cleaned_data.get("rep")
