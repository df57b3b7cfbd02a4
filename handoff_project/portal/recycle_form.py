from datetime import datetime, time

from django import forms
from django.utils import timezone

from handoff_project.portal.forms import PageForm
from leads.models import NurtureTrack, Signal
from routing.models.recycling import ASKED, LONGEST, USUAL, waking_fields


class RecycleForm(PageForm):
    """Why a good lead rests, where, and until when."""

    reason = forms.ChoiceField(
        label="Why not now?",
        choices=[("", "Choose a reason"), *ASKED],
        error_messages={"required": "Choose a reason."},
    )
    track = forms.ModelChoiceField(
        NurtureTrack.objects.filter(is_active=True),
        label="Nurture track",
        empty_label="Choose a track",
        help_text="What marketing does for the lead meanwhile.",
        error_messages={"required": "Choose a track."},
    )
    wake_on = forms.DateField(
        label="Comes back on",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="In your time zone. The first of what you choose here brings it back.",
    )
    wake_signal = forms.ModelChoiceField(
        Signal.objects.current().filter(is_active=True).order_by("name"),
        label="Comes back when it does this",
        required=False,
        empty_label="Nothing in particular",
    )
    wake_field = forms.ChoiceField(
        label="Comes back when this changes", required=False, choices=[("", "Nothing")]
    )
    cool_down_days = forms.IntegerField(
        label="Cool-down in days",
        min_value=0,
        max_value=LONGEST,
        initial=USUAL,
        help_text="So long it stays away even if it meets the definition again.",
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 4}),
        help_text="Whoever gets the lead next reads it. Needed for the reason Other.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["wake_field"].choices += waking_fields()

    def said(self):
        """Return it as `Handoff.recycle` takes it."""
        said = dict(self.cleaned_data)
        day = said.pop("wake_on")
        said["wake_at"] = day and timezone.make_aware(datetime.combine(day, time()))
        return said
