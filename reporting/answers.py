"""What reps answered in a period, and how many leads they sent back: the numbers of the feedback.

A handoff is counted once: as rejected if it was rejected in the period, else as accepted if a rep
took it on in it. A period is `since < moment <= until`, so those side by side share nothing.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, DateField, F, Q, When
from django.db.models.functions import TruncMonth, TruncWeek

from reporting import dimensions
from routing.models import Handoff

REASON = F("rejection__reason")
BY: dict[str, Any] = {
    "reason": REASON,  # the usual way comes first
    **dimensions.ways(),
    "definition": F("qualification__definition"),
}
TIMES = {"week": TruncWeek, "month": TruncMonth}
# What a number counts, by the word that stands in the address of its rows.
SHOWN = {
    "answered": ("Answered", Q()),
    "accepted": ("Accepted", Q(sent_back=False)),
    "rejected": ("Rejected", Q(sent_back=True)),
}
WEEKS = 17  # beyond so many the trend goes by months


@dataclass(frozen=True)
class Numbers:
    """How many handoffs were answered, and how many of them sent back."""

    answered: int = 0
    rejected: int = 0

    def of(self, show):
        """The number that a word of SHOWN counts, all for ""."""
        return getattr(self, show or "answered")

    @property
    def accepted(self):
        return self.answered - self.rejected

    @property
    def share(self):
        """The rejection rate, 0 to 1; None before anything was answered."""
        return self.rejected / self.answered if self.answered else None


@dataclass(frozen=True)
class Point:
    """A week or a month of the trend: its first day, and its Numbers."""

    by: str  # of TIMES
    begins: date
    numbers: Numbers


def answered(handoffs, *, since, until, reason=None):
    """Return those of these handoffs that reps answered in the period, and whether `sent_back`.

    With a `reason`, those alone are `sent_back` that were so for it.
    """
    accepted = Q(accepted_at__gt=since, accepted_at__lte=until)
    rejected = Q(rejection__rejected_at__gt=since, rejection__rejected_at__lte=until)
    found = handoffs.filter(accepted | rejected, kind=Handoff.Kind.FIRST)
    sent_back = rejected & Q(rejection__reason=reason) if reason else rejected
    return found.annotate(
        sent_back=Case(When(sent_back, then=True), default=False),
        answered_at=Case(When(rejected, then="rejection__rejected_at"), default="accepted_at"),
    )


def numbers(found):
    """Return the Numbers of these answers, from one query."""
    return Numbers(**found.order_by().aggregate(**_COLUMNS))


def lines(found, by):
    """Return a Line for each reason, source, campaign... of these answers, by name.

    Those of reasons count the rejected alone and have the answers to all, so that each line's rate
    is its part of the whole rate.
    """
    if by != "reason":
        return dimensions.lines(found, by, BY[by], _COLUMNS, _of)
    everything = numbers(found).answered
    sent_back, columns = found.filter(sent_back=True), {"rejected": Count("pk")}
    told = dimensions.lines(
        sent_back, by, BY[by], columns, lambda row: Numbers(everything, row["rejected"])
    )
    return sorted(told, key=lambda line: -line.numbers.rejected)


def trend(found, *, since, until, zone):
    """Return the Points of a period, by weeks (from Monday on) or, where it is long, by months."""
    by = "week" if (until - since).days <= 7 * WEEKS else "month"
    grouped = found.order_by().values(begins=_begins(by, zone))
    rows = grouped.annotate(**_COLUMNS).order_by("begins")
    return [Point(by, row.pop("begins"), Numbers(**row)) for row in rows]


def of_point(found, by, day, *, zone):
    """Those of these answers that fall into the week or month that begins on this day."""
    return found.alias(begins=_begins(by, zone)).filter(begins=day)


def quotes(found, *, most):
    """Return the newest rejections that say something in the rep's own words."""
    said = found.filter(sent_back=True).exclude(rejection__note="")
    said = said.select_related("lead__company", "rejection__reason", "rejection__rejected_by")
    return said.defer("packet").order_by("-rejection__rejected_at", "-pk")[:most]


def rows(found, *, show=""):
    """Return the handoffs that one number counts, the newest first; `show` as in SHOWN."""
    return found.filter(SHOWN[show or "answered"][1]).order_by("-opened_at", "-pk")


def _begins(by, zone):
    return TIMES[by]("answered_at", tzinfo=zone, output_field=DateField())


def _of(row):
    return Numbers(**row)


_COLUMNS: dict[str, Any] = {
    "answered": Count("pk"),
    "rejected": Count("pk", filter=Q(sent_back=True)),
}
