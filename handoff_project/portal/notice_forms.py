"""The form in which a person says what they are told, how and when."""

from django import forms
from django.core.exceptions import ValidationError

from leads import kinds
from leads.models import NoticeChoice, User

# Topics that only some people are ever told of, by the permission that makes them so.
FOR_WHOM = {
    "agreement": "leads.view_mqldefinition",
    "definition": "leads.view_mqldefinition",
    "endpoints": "leads.change_endpoint",
    "rejected": "leads.decide_qualification",
    "recycled": "leads.decide_qualification",
}


class NoticesForm(forms.ModelForm):
    """Rows of events with a column for each channel, quiet hours, and the digest's time."""

    class Meta:
        model = User
        fields = ("digest_at", "quiet_from", "quiet_until", "late_at_night")
        labels = {"quiet_from": "Quiet from", "quiet_until": "Quiet until"}
        widgets = {
            name: forms.TimeInput(format="%H:%M", attrs={"type": "time"})
            for name in ("digest_at", "quiet_from", "quiet_until")
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        user = self.instance
        chosen = NoticeChoice.objects.of({user.pk})
        self.topics = [
            topic
            for topic in kinds.topics.values()
            if topic.key not in FOR_WHOM or user.has_perm(FOR_WHOM[topic.key])
        ]
        for topic in self.topics:
            now = chosen.of(user, topic)
            self.fields[f"{topic.key}_in_app"] = forms.BooleanField(
                label=f"In the app: {topic.label}", initial=now.in_app, required=False
            )
            self.fields[f"{topic.key}_email"] = forms.ChoiceField(
                label=f"By e-mail: {topic.label}",
                initial=now.email,
                choices=NoticeChoice.Email.choices,
            )

    def rows(self):
        """`(topic, field of the app, field of the mail)`, as the table shows them."""
        return [
            (topic, self[f"{topic.key}_in_app"], self[f"{topic.key}_email"])
            for topic in self.topics
        ]

    def times(self):
        """The fields below the table."""
        return [self[name] for name in self.Meta.fields]

    def clean(self):
        cleaned = super().clean()
        begins, ends = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if {"quiet_from", "quiet_until"} & set(self.errors):
            return cleaned
        if (begins is None) != (ends is None):
            missing = "quiet_until" if ends is None else "quiet_from"
            self.add_error(missing, ValidationError("Give both times, or neither.", "half"))
        elif begins is not None and begins == ends:
            self.add_error(
                "quiet_until",
                ValidationError("Quiet hours that end when they begin are none.", "empty"),
            )
        return cleaned

    def save(self, commit=True):
        user = super().save(commit)
        for topic in self.topics:
            NoticeChoice.objects.choose(
                user,
                topic,
                in_app=self.cleaned_data[f"{topic.key}_in_app"],
                email=self.cleaned_data[f"{topic.key}_email"],
            )
        return user
