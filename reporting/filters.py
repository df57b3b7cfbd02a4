"""What each report is asked for, and which rows it counts then."""

from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format

from reporting import answers, clauses, funnel, gut, health, promises
from reporting.asking import ReportFilter
from reporting.readers import handoffs_of
from routing.models import RejectionReason
from sla.models import ClockKind

FIRST_TOUCH, ALL = ClockKind.FIRST_TOUCH.value, "all"
CLAUSE = "clause"
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


class GutFilter(ReportFilter):
    """What the report on gut reads is about: leads that were read and ended in a period."""

    TITLE, PAGE = "Gut reads", "portal:gut-reads"
    WAYS = {"rep": gut.BY["rep"], **gut.BY}
    SHOWN = gut.SHOWN
    ROWS, FILE = "portal:gut-rows", "portal:gut-export"
    MEANT = (("period", "90"),)

    def reads(self, span=None):
        """The handoffs of this period or another that were read and ended in it."""
        since, until = span or self.span()
        return self.narrowed(gut.ended(handoffs_of(self.user), since=since, until=until))

    def rows(self):
        """The handoffs that one number counts: `show`, of the line `by` and `key`."""
        return gut.rows(self.of_line(self.reads()), show=self.cleaned_data["show"])


class AnswerFilter(ReportFilter):
    """What the feedback of sales is about: the answers of a period."""

    TITLE, PAGE = "Feedback", "portal:feedback"
    WAYS = answers.BY | {CLAUSE: None}  # a lead has several clauses, no column for one
    SHOWN = answers.SHOWN
    ROWS, FILE = "portal:feedback-rows", "portal:feedback-export"
    FILTERS = (*ReportFilter.FILTERS, "reason")

    reason = forms.ModelChoiceField(
        RejectionReason.objects.exclude(group=None),
        label="Sent back as",
        required=False,
        empty_label="Any reason",
    )

    def __init__(self, query, *, user, now):
        super().__init__(query, user=user, now=now)
        by: Any = self.fields["by"]
        by.choices = [*by.choices, *((by, by) for by in answers.TIMES)]

    def clean(self):
        super().clean()
        if self.cleaned_data.get("by") in answers.TIMES:
            try:
                self.begins = date.fromisoformat(self.cleaned_data.get("key", ""))
            except ValueError:
                self.add_error("key", "Say its first day, as in 2026-03-02.")

    @property
    def lines_by(self):
        return self.usual_way() if self.cleaned_data["by"] in answers.TIMES else super().lines_by

    @property
    def line_label(self):
        if (by := self.cleaned_data["by"]) in answers.TIMES:
            return f"the {by} from {date_format(self.begins, 'j M Y')} on"
        if by == CLAUSE:
            return f"let in by “{self.cleaned_data['key']}”" if self.cleaned_data["key"] else ""
        return super().line_label

    def answers(self, span=None):
        """The handoffs that were answered in this period or another."""
        since, until = span or self.span()
        handoffs, reason = handoffs_of(self.user), self.cleaned_data["reason"]
        found = answers.answered(handoffs, since=since, until=until, reason=reason)
        return self.narrowed(found)

    def lines(self, found):
        """The lines of these answers, as they are asked for."""
        by = self.lines_by
        return clauses.lines(found) if by == CLAUSE else answers.lines(found, by)

    def rows(self):
        """The answers that one number counts: `show`, of the line `by` and `key`."""
        return answers.rows(self.of_line(self.answers()), show=self.cleaned_data["show"])

    def of_line(self, rows):
        if (by := self.cleaned_data["by"]) in answers.TIMES:
            return answers.of_point(rows, by, self.begins, zone=self.days_in)
        if by == CLAUSE:
            key = self.cleaned_data["key"]
            return clauses.of_clause(rows, key) if key else rows
        return super().of_line(rows)
