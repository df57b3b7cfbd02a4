"""What both sides say in a joint review."""

from django import forms

from handoff_project.portal.forms import PageForm
from leads.models import MQLDefinition


class VerdictForm(PageForm):
    good = forms.TypedChoiceField(
        label="Should it have been handed over?",
        choices=[("1", "Yes"), ("0", "No")],
        coerce=lambda said: said == "1",
        error_messages={"required": "Say yes or no."},
    )
    note = forms.CharField(label="Why", max_length=300, required=False)


class DecisionForm(PageForm):
    text = forms.CharField(
        label="Decision", max_length=300, error_messages={"required": "Write what you decided."}
    )
    definition = forms.ModelChoiceField(
        MQLDefinition.objects.none(),
        label="Led to",
        required=False,
        empty_label="No change of the definition",
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        versions = MQLDefinition.objects.visible_to(user).defer("compiled")
        self.fields["definition"].queryset = versions


class MinutesForm(PageForm):
    minutes = forms.CharField(
        label="Minutes",
        max_length=5000,
        widget=forms.Textarea({"rows": 6}),
        error_messages={"required": "Write what both sides want to remember."},
    )
