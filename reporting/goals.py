"""What both sides want to reach in a month, what they have reached, and what the pace asks for.

Months begin at midnight UTC, for every reader, so that both sides read the same numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, DateField, Sum
from django.db.models.functions import TruncMonth

from leads.models import Lead, Side
from reporting import health
from routing.models import Opportunity, Touch

MONTHS = 6  # that the table of the past shows, this one included


@dataclass(frozen=True)
class Metric:
    """Something that one side promises so much of in a month."""

    key: str
    label: str
    side: Side
    counted: str  # what counts, in words
    rows: Callable[[datetime, datetime, str], Any]  # from, until, in which currency
    at: str  # the field that says when
    lead: str  # the way from a row to its lead; "" where it is one
    much: Any  # how much there is of it, as an aggregate


def _leads(since, until, currency):
    return Lead.objects.unmerged().filter(created_at__gte=since, created_at__lt=until)


def _mqls(since, until, currency):
    return health.mqls(since=since, until=until)


def _discovery_calls(since, until, currency):
    held = Touch.objects.filter(channel=Touch.Channel.DISCOVERY, outcome=Touch.Outcome.CONNECTED)
    return held.filter(occurred_at__gte=since, occurred_at__lt=until)


def _deals(since, until, currency):
    won = Opportunity.objects.filter(state=Opportunity.State.WON)
    return won.filter(closed_at__gte=since, closed_at__lt=until)


def _revenue(since, until, currency):
    return _deals(since, until, currency).filter(amount__isnull=False, currency=currency)


METRICS = {
    metric.key: metric
    for metric in (
        Metric(
            "leads", "New leads", Side.MARKETING,
            "Leads that came in the month; what was merged counts once.",
            _leads, "created_at", "", Count("pk"),
        ),
        Metric(
            "mqls", "MQLs", Side.MARKETING,
            "Leads that became MQLs, as the funnel counts them.",
            _mqls, "opened_at", "lead", Count("pk"),
        ),
        Metric(
            "discovery_calls", "Discovery calls", Side.SALES,
            "Touches of the kind “Discovery call or demo” in which the rep spoke with the lead.",
            _discovery_calls, "occurred_at", "handoff__lead", Count("pk"),
        ),
        Metric(
            "deals", "Deals won", Side.SALES,
            "Opportunities that were won in the month, whenever they began.",
            _deals, "closed_at", "lead", Count("pk"),
        ),
        Metric(
            "revenue", "Revenue", Side.SALES,
            "The amounts of those opportunities, in the currency of the agreement alone; "
            "nothing is converted.",
            _revenue, "closed_at", "lead", Sum("amount"),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Progress:
    """One promise of a month: what was agreed, what is reached, and what the pace asks for.

    `target` and `expected` are None where nothing was promised.
    """

    metric: Metric
    target: int | None
    actual: int
    expected: int | None
    past: list[tuple[date, int]]  # (first day, reached) of the months, the oldest first

    @property
    def standing(self):
        """How it stands, in words."""
        if self.target is None:
            return "Not promised"
        if self.actual >= self.target:
            return "Reached"
        return "Behind" if self.is_behind else "On pace"

    @property
    def is_behind(self):
        return self.expected is not None and self.actual < self.expected


def month_of(now):
    """Return the first day of this month."""
    return now.astimezone(UTC).date().replace(day=1)


def span(first):
    """Return `(since, until)` of the month that begins on this day."""
    since = datetime(first.year, first.month, 1, tzinfo=UTC)
    following = (first + timedelta(days=31)).replace(day=1)
    return since, datetime(following.year, following.month, 1, tzinfo=UTC)


def progress(targets, *, currency, now):
    """Return the Progress of each metric in the month of `now`, one query each."""
    since, until = span(month_of(now))
    passed = (now - since) / (until - since)
    months = [month_of(now)]
    while len(months) < MONTHS:
        months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
    return [
        _progress(metric, targets.get(metric.key), passed, months, currency)
        for metric in METRICS.values()
    ]


def _progress(metric, target, passed, months, currency):
    counted = metric.rows(span(months[0])[0], span(months[-1])[1], currency).order_by()
    month = TruncMonth(metric.at, tzinfo=UTC, output_field=DateField())
    found = dict(counted.values_list(month).annotate(n=metric.much))
    past = [(first, int(found.get(first, 0))) for first in months]
    # Rounded down: nobody is behind for a part of one.
    expected = None if target is None else int(target * passed)
    return Progress(metric, target, past[-1][1], expected, past)


def rows(metric, first, *, currency, user):
    """Return what one number counts, the newest first, of the leads that this person may see."""
    seen = Lead.objects.visible_to(user)
    counted = metric.rows(*span(first), currency).filter(
        **{f"{metric.lead}__in" if metric.lead else "pk__in": seen}
    )
    lead = f"{metric.lead}__company" if metric.lead else "company"
    return counted.select_related(lead).order_by(f"-{metric.at}", "-pk")
