"""What each report is asked for, and which rows it counts then."""

from django import forms

from reporting import funnel, health, promises
from reporting.asking import ReportFilter
from reporting.readers import handoffs_of
from sla.models import ClockKind

FIRST_TOUCH, ALL = ClockKind.FIRST_TOUCH.value, "all"
KINDS = [*ClockKind.choices, (ALL, "All clocks")]


class PromiseFilter(ReportFilter):
    """What the SLA report is about."""

    TITLE, PAGE = "SLA report", "portal:sla-report"
    WAYS = promises.BY
    SHOWN = promises.SHOWN
    ROWS = "portal:sla-rows"
    FILTERS = ("clock", *ReportFilter.FILTERS)
    MEANT = (*ReportFilter.MEANT, ("clock", FIRST_TOUCH))

    clock = forms.ChoiceField(choices=KINDS, required=False)

    @property
    def kind(self):
        return self.cleaned_data["clock"]

    @property
    def kind_label(self):
        return dict(KINDS)[self.kind]

    def usual_way(self):
        return "clock" if self.kind == ALL else "rep"

    def clocks(self, span=None, *, every=False):
        """The promises asked for, of this period or another; `every` is of all kinds."""
        since, until = span or self.span()
        kinds = () if every or self.kind == ALL else (self.kind,)
        found = promises.started(promises.of(self.user), since=since, until=until, kinds=kinds)
        return self.narrowed(found)

    def rows(self):
        """The promises that one number counts: `show`, of the line `by` and `key`."""
        show = self.cleaned_data["show"]
        return promises.rows(self.of_line(self.clocks()), now=self.now, show=show)


class FunnelFilter(ReportFilter):
    """What the funnel is about: the MQLs of a period."""

    TITLE, PAGE = "Funnel", "portal:funnel"
    WAYS = funnel.BY
    SHOWN = funnel.SHOWN
    ROWS, FILE = "portal:funnel-rows", "portal:funnel-export"

    def mqls(self, span=None):
        """The MQLs of this period or another."""
        since, until = span or self.span()
        return self.narrowed(health.mqls(handoffs_of(self.user), since=since, until=until))

    def rows(self):
        """The MQLs that one number counts: `show`, of the line `by` and `key`."""
        show = self.cleaned_data["show"]
        return funnel.rows(self.of_line(self.mqls()), now=self.now, show=show)
