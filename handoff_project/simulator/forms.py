from datetime import UTC

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from leads.conditions import facts
from leads.models import Lead
from leads.text import fold
from routing import simulation
from routing.models import Rep

LONGEST = 5_000  # characters of typed values
MOST_FOUND = 20  # leads to choose from
WRITTEN = "%Y-%m-%dT%H:%M"


class SimulationForm(forms.Form):
    """Which lead, when, and who is away. A lead is one that is there, values, or both."""

    who = forms.CharField(
        label="Lead",
        required=False,
        max_length=200,
        help_text="Words of its name, e-mail address or company.",
    )
    lead = forms.IntegerField(required=False, widget=forms.HiddenInput)
    values = forms.CharField(
        label="Or values, one a line",
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Such as “Country: DE”, “Company employees: 800”, “Pricing page viewed: 2 times, "
        "3 days ago”. With a lead, they count instead of its own.",
    )
    at = forms.DateTimeField(
        label="At",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=WRITTEN),
        input_formats=[WRITTEN, "%Y-%m-%dT%H:%M:%S"],
        help_text="Your time zone. Empty: now.",
    )
    away = forms.ModelMultipleChoiceField(
        Rep.objects.filter(user__is_active=True)
        .select_related("user", "team")
        .order_by("user__first_name", "pk"),
        required=False,
        help_text="Taken as away, without a cover. Several: hold Ctrl or ⌘.",
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.leads = Lead.objects.known().unmerged().visible_to(user).select_related("company")
        self.found: list = []  # leads of which one is to be chosen

    def clean_values(self):
        try:
            return facts.parse(self.cleaned_data["values"]) if self.cleaned_data["values"] else None
        except facts.BadFact as error:
            raise ValidationError(str(error)) from None

    def clean_at(self):
        """The moment in UTC, by whose days windows count; now, if none is said."""
        now = timezone.now()
        at = (self.cleaned_data["at"] or now).astimezone(UTC)
        simulation.check_moment(at, now=now)
        return at

    def clean(self):
        super().clean()
        said = self.cleaned_data
        words, chosen = fold(said.get("who") or ""), said.get("lead")
        said["lead"] = self._lead(words, chosen)
        if not words and not said.get("values") and "values" not in self.errors:
            self.add_error("who", "Name a lead, or type values.")
        return said

    def _lead(self, words, chosen):
        """The lead that was chosen among those found, else the only one with these words."""
        if not words:
            return None
        matching = self.leads.search(words).order_by("-pk")
        if chosen:
            lead = matching.filter(pk=chosen).first()
            if lead:
                return lead
        found = list(matching[: MOST_FOUND + 1])
        if len(found) == 1:
            return found[0]
        exact = [lead for lead in found if (lead.email or "").casefold() == words.casefold()]
        if exact:
            return exact[0]
        self.found = found[:MOST_FOUND]
        many = f"More than {MOST_FOUND}" if len(found) > MOST_FOUND else str(len(found))
        told = (
            f"{many} leads have these words: choose one." if found else "No lead has these words."
        )
        self.add_error("who", told)
        return None
