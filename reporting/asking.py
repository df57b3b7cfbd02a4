"""What a report is asked for: period, zone and filters, as its page, CSV and API read them."""

from datetime import datetime, time, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms

from leads.models import Campaign
from reporting import dimensions
from reporting.readers import reps_of, teams_of
from routing.models import Rep, Team

PERIODS = {
    "7": "Last 7 days",
    "30": "Last 30 days",
    "90": "Last 90 days",
    "this_month": "This month",
    "last_month": "Last month",
    "this_quarter": "This quarter",
    "dates": "From one day to another",
}
DAY = timedelta(days=1)


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class ReportFilter(forms.Form):
    """What a report is about. Days begin at midnight of the chosen zone.

    A report has its `WAYS` to divide the rows into lines and the words `SHOWN` for its numbers;
    `PAGE` shows it, under this `TITLE`, and `ROWS` lists the rows of one number.
    """

    TITLE, PAGE = "", ""
    WAYS: ClassVar[dict[str, Any]] = {}
    SHOWN: ClassVar[dict[str, Any]] = {}
    ROWS = ""
    FILTERS: tuple[str, ...] = ("team", "rep", "source", "campaign", "tier")
    MEANT: tuple[tuple[str, str], ...] = (("period", "30"),)

    period = forms.ChoiceField(choices=PERIODS.items(), required=False)
    since = forms.DateField(label="From", required=False, widget=DayInput)
    until = forms.DateField(label="To", required=False, widget=DayInput)
    zone = forms.ChoiceField(
        label="Days begin in",
        choices=[("", "my time zone"), ("team", "the team's zone")],
        required=False,
    )
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="All teams")
    rep = forms.ModelChoiceField(Rep.objects.none(), required=False, empty_label="All reps")
    source = forms.CharField(max_length=80, required=False)
    campaign = forms.ModelChoiceField(
        Campaign.objects.order_by("name"), required=False, empty_label="All campaigns"
    )
    tier = forms.ChoiceField(
        choices=[("", "All tiers"), *((tier, f"Tier {tier}") for tier in "ABCD")], required=False
    )
    by = forms.ChoiceField(required=False)
    key = forms.CharField(max_length=80, required=False)
    show = forms.ChoiceField(required=False)
    at = forms.DateTimeField(required=False)

    def __init__(self, query, *, user, now):
        # What is not said is shown as what it means.
        query = query.copy()
        for name, meant in self.MEANT:
            if not query.get(name):
                query[name] = meant
        super().__init__(query, label_suffix="")
        self.user, self.now = user, now
        fields: dict[str, Any] = self.fields
        fields["team"].queryset = teams_of(user)
        fields["rep"].queryset = reps_of(user)
        fields["by"].choices = [(by, by) for by in self.WAYS]
        fields["show"].choices = [(show, show) for show in self.SHOWN]

    def clean(self):
        said = self.cleaned_data
        if said.get("at"):
            self.now = min(said["at"], self.now)
        if said.get("zone") and not said.get("team"):
            self.add_error("zone", "Choose the team whose zone is meant.")
        if said.get("period") == "dates":
            for name in ("since", "until"):
                if not said.get(name) and name not in self.errors:
                    self.add_error(name, "Say the day, as in 2026-03-31.")
            if said.get("since") and said.get("until") and said["until"] < said["since"]:
                self.add_error("until", "It ends before it begins.")
        key, by = said.get("key", ""), said.get("by")
        by_id = key and key != dimensions.NOBODY and by in dimensions.BY_ID
        if by_id and not (key.isascii() and key.isdigit() and len(key) < 10):
            self.add_error("key", "There is no such line.")

    @property
    def days_in(self):
        """The zone in which days begin: the reader's, or the chosen team's."""
        if self.cleaned_data["zone"]:
            return ZoneInfo(self.cleaned_data["team"].calendar.current().zone)
        return self.user.tzinfo

    @property
    def lines_by(self):
        return self.cleaned_data["by"] or self.usual_way()

    def usual_way(self):
        """How the lines are divided unless it is said."""
        return next(iter(self.WAYS))

    @property
    def line_label(self):
        """The line whose rows are asked for, in words."""
        said = self.cleaned_data
        return dimensions.label(said["by"], said["key"]) if said["by"] and said["key"] else ""

    def shown(self):
        """The fields that a reader fills in, in their order."""
        names = ["period", "since", "until", "zone", *self.FILTERS]
        if len(self.fields["team"].queryset) == 0:
            names = [name for name in names if name not in ("zone", "team", "rep")]
        return [self[name] for name in names if name != "source"]

    @property
    def length(self):
        return self.cleaned_data["period"]

    def span(self):
        """Return `(since, until)`: until is now where the period goes on."""
        period, today = self.length, self.now.astimezone(self.days_in).date()
        if period.isdigit():
            return self.now - int(period) * DAY, self.now
        if period == "dates":
            said = self.cleaned_data
            return self._midnight(said["since"]), self._midnight(said["until"] + DAY)
        first = today.replace(day=1)
        if period == "last_month":
            return self._midnight(_month_before(first)), self._midnight(first)
        if period == "this_quarter":
            first = first.replace(month=first.month - (first.month - 1) % 3)
        return self._midnight(first), self.now

    def before(self):
        """Return `(since, until)` of the period before: the same length, just before this one.

        Before a calendar month comes the month before.
        """
        since, until = self.span()
        if self.length == "last_month":
            first = since.astimezone(self.days_in).date()
            return self._midnight(_month_before(first)), since
        return since - (until - since), since

    def _midnight(self, day):
        return datetime.combine(day, time(), self.days_in)

    def narrowed(self, rows):
        """Those of these rows that the filters ask for."""
        for name in ("team", "rep", "source", "campaign", "tier"):
            if chosen := self.cleaned_data[name]:
                key = getattr(chosen, "pk", chosen)
                rows = dimensions.of_line(rows, name, self.WAYS[name], key)
        return rows

    def of_line(self, rows):
        """Those of the line `by` and `key`; all where none is named."""
        by, key = self.cleaned_data["by"], self.cleaned_data["key"]
        return dimensions.of_line(rows, by, self.WAYS[by], key) if by and key else rows

    def query(self, *without, **more):
        """Return the address of the same report, judged as of the same moment."""
        names = ("period", "since", "until", "zone", *self.FILTERS, "by", "key", "show")
        kept = {name: self.data.get(name) for name in names if name not in without}
        kept |= {"at": self.now.isoformat()} | more
        return urlencode({name: value for name, value in kept.items() if value not in (None, "")})


def _month_before(first):
    return (first - DAY).replace(day=1)
