"""What sales asks marketing about a lead, and the answer."""

from uuid import uuid4

from django import forms

from handoff_project.portal.forms import PageForm
from leads.models import User


def marketers():
    """Those who may be asked: whoever decides about qualification."""
    return User.objects.who_may("leads", "decide_qualification")


class AskForm(PageForm):
    to = forms.ModelChoiceField(
        User.objects.none(), label="Whom", required=False, empty_label="Everybody in marketing"
    )
    text = forms.CharField(
        label="Question",
        max_length=2000,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"required": "Write what you want to know."},
    )
    meeting = forms.BooleanField(label="Ask them to join the first meeting", required=False)
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = marketers()


class AnswerForm(PageForm):
    text = forms.CharField(
        label="Answer",
        max_length=2000,
        widget=forms.Textarea({"rows": 5}),
        error_messages={"required": "Write your answer."},
    )
    joins = forms.BooleanField(label="I join the first meeting", required=False)

    def __init__(self, *args, question, **kwargs):
        super().__init__(*args, **kwargs)
        if not question.meeting:
            del self.fields["joins"]
