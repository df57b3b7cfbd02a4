import re
from datetime import timedelta
from functools import cache
from itertools import groupby
from uuid import uuid4
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from leads.models import User
from routing.models import FollowUp, RejectionReason, Team, Touch
from sla.models import Clock

# What becomes of a rejected lead, as the rep reads it before and after sending.
DESTINATIONS = {
    RejectionReason.Destination.NURTURE: "goes back to nurture with marketing",
    RejectionReason.Destination.DISQUALIFY: "is disqualified: not to be worked",
}


def sent(request):
    """Return what the form sent, also if that is nothing; None where the page is only asked for."""
    return request.POST if request.method == "POST" else None


class PageForm(forms.Form):
    """A form as the portal shows it: labels without a colon."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)


class RejectForm(PageForm):
    error_messages = {
        "note_required": "Tell marketing what was wrong with this lead: this reason needs a note."
    }
    reason = forms.ModelChoiceField(
        RejectionReason.objects.none(),
        label="Why do you send it back?",
        error_messages={"required": "Choose a reason."},
    )
    note = forms.CharField(
        label="Note to marketing",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text="What was missing or wrong. Needed where the reason says so.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        in_order = RejectionReason.objects.offered()
        self.fields["reason"].queryset = in_order
        grouped = [
            (label, [(reason.pk, self.told(reason)) for reason in members])
            for label, members in groupby(in_order, key=lambda reason: reason.group.label)
        ]
        self.fields["reason"].choices = [("", "Choose a reason"), *grouped]

    @staticmethod
    def told(reason):
        """Return the reason with where it sends the lead, and whether it asks for a note."""
        note = ", note needed" if reason.needs_note else ""
        return f"{reason.label} - {DESTINATIONS[reason.destination]}{note}"

    def clean(self):
        reason = self.cleaned_data.get("reason")
        if reason and reason.needs_note and not self.cleaned_data.get("note", "").strip():
            self.add_error(
                "note", ValidationError(self.error_messages["note_required"], "note_required")
            )


# The null character, and halves of pairs that are no characters by themselves.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
MINUTE = "%Y-%m-%dT%H:%M"


class HiddenMinute(forms.DateTimeInput):
    """The time that the form offered, as its visible twin writes it."""

    input_type = "hidden"

    def __init__(self, attrs=None):
        super().__init__(attrs, format=MINUTE)


class MinuteField(forms.DateTimeField):
    """A moment to the minute in the reader's zone, picked with the browser's own picker."""

    hidden_widget = HiddenMinute
    widget = forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE)
    input_formats = [MINUTE, f"{MINUTE}:%S"]


class TouchForm(PageForm):
    channel = forms.ChoiceField(label="Channel", choices=Touch.Channel)
    outcome = forms.ChoiceField(label="Outcome", choices=Touch.Outcome)
    when = MinuteField(
        label="When",
        required=False,
        show_hidden_initial=True,
        help_text="Leave it as it is for now. An earlier time is marked as back-dated.",
    )
    note = forms.CharField(
        label="Note", required=False, max_length=2000, widget=forms.Textarea({"rows": 4})
    )
    they_asked = forms.BooleanField(
        label="They asked to be reached this way",
        required=False,
        help_text="Needed for a channel that they do not want to be reached by.",
    )
    nonce = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, required=False)
    next_kind = forms.ChoiceField(
        label="Next step", choices=[("", "None"), *FollowUp.PLANNED], required=False
    )
    next_when = MinuteField(
        label="Next step due",
        required=False,
        help_text="In your time zone. Empty: when the policy says.",
    )
    next_note = forms.CharField(label="What to say then", required=False, max_length=2000)

    error_messages = {
        "unwanted": "They do not want to be reached this way. Tick this if they asked for it.",
        "what": "Say what the next step is, or leave its time and note empty.",
    }

    def __init__(self, *args, lead, **kwargs):
        super().__init__(*args, **kwargs)
        self.lead = lead
        if not lead.forbidden():
            del self.fields["they_asked"]

    def clean(self):
        super().clean()
        said = self.cleaned_data
        channel = said.get("channel")
        unwanted = channel and Touch.Channel(channel).is_unwanted_by(self.lead)
        if unwanted and not said.get("they_asked"):
            self.add_error(
                "they_asked", ValidationError(self.error_messages["unwanted"], "unwanted")
            )
        if (said.get("next_when") or said.get("next_note")) and not said.get("next_kind"):
            self.add_error("next_kind", ValidationError(self.error_messages["what"], "what"))

    def occurred_at(self):
        """Return when it happened, or None for now: a form left open is not back-dated by it."""
        return self.cleaned_data["when"] if "when" in self.changed_data else None

    def next_step(self):
        """Return the next step as `FollowUp.objects.plan` takes it, or None."""
        said = self.cleaned_data
        if not said["next_kind"]:
            return None
        step = {"kind": said["next_kind"], "due_at": said["next_when"], "note": said["next_note"]}
        return step | {"nonce": said["nonce"], "cause": "Next step"}


class ConsentForm(PageForm):
    """What somebody heard from a lead about being contacted."""

    SAID = {
        "email_consent:withdrawn": "Do not e-mail them",
        "phone_consent:withdrawn": "Do not call them",
        "do_not_contact:yes": "Do not contact them at all",
        "email_consent:given": "They agreed to be e-mailed",
        "phone_consent:given": "They agreed to be called",
        "do_not_contact:no": "They may be contacted again",
    }
    said = forms.ChoiceField(
        label="What they asked for",
        choices=[("", "Choose what they said"), *SAID.items()],
        error_messages={"required": "Choose what they said."},
    )
    words = forms.CharField(
        label="In their words",
        required=False,
        max_length=600,
        widget=forms.Textarea({"rows": 3}),
        help_text="What exactly was said or written, and where. It is kept with the date.",
    )

    def consent(self):
        """Return the consent's name and value, as `leads.consents.note` takes them."""
        name, _, value = self.cleaned_data["said"].partition(":")
        return name, {"yes": True, "no": False}.get(value, value)


class PreferencesForm(forms.ModelForm):
    zone = forms.ChoiceField(label="Time zone", help_text="Times on screen are shown in it.")

    class Meta:
        model = User
        fields = ("theme", "density", "zone", "shortcuts")
        help_texts = {"shortcuts": "Single keys such as j, k and a. Press ? for the list."}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["zone"].choices = zones()


@cache
def zones():
    """Return the time zones as choices, grouped by region."""
    names = sorted(name for name in available_timezones() if "/" in name)
    names = [name for name in names if not name.startswith(("Etc/", "SystemV/", "posix", "right"))]
    regions = groupby(names, key=lambda name: name.partition("/")[0])
    grouped = [
        (region, [(name, name.partition("/")[2].replace("_", " ")) for name in members])
        for region, members in regions
    ]
    return [("UTC", "UTC"), *grouped]


class PeriodForm(forms.Form):
    """For how many days back a report counts."""

    PERIODS = (7, 30, 90)
    days = forms.TypedChoiceField(
        choices=[(days, f"Last {days} days") for days in PERIODS], coerce=int
    )

    def period(self):
        """Return the chosen length; 30 days where none, or none that exists, was chosen."""
        days = self.cleaned_data["days"] if self.is_valid() else 30
        return timedelta(days=days)


class WordsField(forms.CharField):
    """What somebody looks for, without what PostgreSQL cannot hold, and cut to `max_length`."""

    def to_python(self, value):
        return super().to_python(UNSTORABLE.sub("", value or "")[: self.max_length])


class SearchForm(forms.Form):
    """Which leads a list holds."""

    q = WordsField(
        label="Name, e-mail, phone, company or domain",
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search"}),
    )

    def words(self):
        return self.cleaned_data["q"] if self.is_valid() else ""


class BoardFilter(forms.Form):
    """Which of the running clocks the board shows. What does not exist filters nothing."""

    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="All teams")
    clock = forms.ChoiceField(choices=[("", "All clocks"), *Clock.Kind.choices], required=False)

    def __init__(self, *args, teams, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams

    def chosen(self):
        self.is_valid()
        return self.cleaned_data.get("team"), self.cleaned_data.get("clock", "")


class AuditForm(PageForm):
    """What of the history is shown; a setting that the reader may not see is refused."""

    since = forms.DateField(label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="To", widget=forms.DateInput({"type": "date"}))
    who = forms.ModelChoiceField(
        User.objects.order_by("first_name", "last_name", "pk"),
        required=False,
        label="By",
        empty_label="Anybody",
    )
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "Leads and settings"), ("leads", "Leads"), ("settings", "Settings")],
        label="About",
    )
    setting = forms.ChoiceField(required=False, label="Kind")
    lead = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    of = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args, settings, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["setting"].choices = [("", "Every kind"), *settings]

    def clean(self):
        found = super().clean()
        since, until = found.get("since"), found.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day is before the first one.")
        return found


class PublicationForm(PageForm):
    at = MinuteField(
        label="Publish at",
        required=False,
        help_text="In your time zone. Empty: not by itself.",
    )


class WithdrawalForm(PageForm):
    note = forms.CharField(
        label="What should change",
        required=False,
        max_length=300,
        help_text="Whoever put it up for sign-off reads this.",
    )
