"""What a report is asked for: period, zone and filters, as its page, CSV and API read them."""

from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q

from leads.models import Campaign
from reporting import promises
from routing.models import Rep, Team
from sla.models import ClockKind

FIRST_TOUCH, ALL = ClockKind.FIRST_TOUCH.value, "all"
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


class PromiseFilter(forms.Form):
    """What the SLA report is about. Days begin at midnight of the chosen zone."""

    period = forms.ChoiceField(choices=PERIODS.items(), required=False)
    since = forms.DateField(label="From", required=False, widget=DayInput)
    until = forms.DateField(label="To", required=False, widget=DayInput)
    zone = forms.ChoiceField(
        label="Days begin in",
        choices=[("", "my time zone"), ("team", "the team's zone")],
        required=False,
    )
    clock = forms.ChoiceField(choices=[*ClockKind.choices, (ALL, "All clocks")], required=False)
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="All teams")
    rep = forms.ModelChoiceField(Rep.objects.none(), required=False, empty_label="All reps")
    source = forms.CharField(max_length=80, required=False)
    campaign = forms.ModelChoiceField(
        Campaign.objects.order_by("name"), required=False, empty_label="All campaigns"
    )
    tier = forms.ChoiceField(
        choices=[("", "All tiers"), *((tier, f"Tier {tier}") for tier in "ABCD")], required=False
    )
    by = forms.ChoiceField(choices=[(by, by) for by in promises.BY], required=False)
    key = forms.CharField(max_length=80, required=False)
    show = forms.ChoiceField(choices=[(show, show) for show in promises.SHOWN], required=False)
    at = forms.DateTimeField(required=False)

    FILTERS = ("clock", "team", "rep", "source", "campaign", "tier")

    def __init__(self, query, *, user, now):
        # What is not said is shown as what it means.
        query = query.copy()
        for name, meant in (("period", "30"), ("clock", FIRST_TOUCH)):
            if not query.get(name):
                query[name] = meant
        super().__init__(query, label_suffix="")
        self.user, self.now = user, now
        self.fields["team"].queryset = teams_of(user)
        self.fields["rep"].queryset = reps_of(user)

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
        by_id = key and key != promises.NOBODY and by in ("team", "rep", "campaign")
        if by_id and not (key.isascii() and key.isdigit() and len(key) < 10):
            self.add_error("key", "There is no such line.")

    @property
    def days_in(self):
        """The zone in which days begin: the reader's, or the chosen team's."""
        if self.cleaned_data["zone"]:
            return ZoneInfo(self.cleaned_data["team"].calendar.current().zone)
        return self.user.tzinfo

    @property
    def kind(self):
        return self.cleaned_data["clock"]

    @property
    def lines_by(self):
        return self.cleaned_data["by"] or ("clock" if self.kind == ALL else "rep")

    @property
    def kind_label(self):
        return dict(self.fields["clock"].choices)[self.kind]

    @property
    def line_label(self):
        """The line whose rows are asked for, in words."""
        said = self.cleaned_data
        return promises.label(said["by"], said["key"]) if said["by"] and said["key"] else ""

    def shown(self):
        """The fields that a reader fills in, in their order."""
        names = ["period", "since", "until", "zone", "clock", "team", "rep", "campaign", "tier"]
        if len(self.fields["team"].queryset) == 0:
            names = [name for name in names if name not in ("zone", "team", "rep")]
        return [self[name] for name in names]

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

    def clocks(self, span=None, *, every=False):
        """The promises asked for, of this period or another; `every` is of all kinds."""
        since, until = span or self.span()
        kinds = () if every or self.kind == ALL else (self.kind,)
        found = promises.started(promises.of(self.user), since=since, until=until, kinds=kinds)
        for name in ("team", "rep", "source", "campaign", "tier"):
            if chosen := self.cleaned_data[name]:
                found = promises.of_line(found, name, getattr(chosen, "pk", chosen))
        return found

    def rows(self):
        """The promises that one number counts: `show`, of the line `by` and `key`."""
        said, found = self.cleaned_data, self.clocks()
        if said["by"] and said["key"]:
            found = promises.of_line(found, said["by"], said["key"])
        return promises.rows(found, now=self.now, show=said["show"])

    def query(self, *without, **more):
        """Return the address of the same report, judged as of the same moment."""
        names = ("period", "since", "until", "zone", *self.FILTERS, "by", "key", "show")
        kept = {name: self.data.get(name) for name in names if name not in without}
        kept |= {"at": self.now.isoformat()} | more
        return urlencode({name: value for name, value in kept.items() if value not in (None, "")})


def teams_of(user):
    """The teams that this person may choose from."""
    if user.has_perm("routing.view_every_handoff"):
        return Team.objects.order_by("name")
    return Team.objects.filter(manager=user).order_by("name")


def reps_of(user):
    """The reps that this person may choose from: themselves, their teams', or all."""
    reps = Rep.objects.select_related("user").order_by("user__first_name", "user__last_name", "pk")
    if user.has_perm("routing.view_every_handoff"):
        return reps
    return reps.filter(Q(team__manager=user) | Q(user=user))


def _month_before(first):
    return (first - DAY).replace(day=1)
