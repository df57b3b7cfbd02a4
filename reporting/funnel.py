"""How far the MQLs of a period came: the one set of numbers behind the funnel and its lists.

An MQL is a handoff of marketing to sales, counted by the moment in which its lead became one; a
lead that came back and qualified again is another one. Each has taken the first steps, up to one,
and has one ending or is still open, so that SQLs and the endings add up to the MQLs. What SQLs came
to, won or lost, is what their opportunities did.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Extract, Least

from reporting import dimensions
from reporting.percentile import Percentile
from routing.models import Handoff, Opportunity

State = Handoff.State
BY: dict[str, Any] = {
    "source": dimensions.ways()["source"],  # the usual way comes first
    **dimensions.ways(),
    "definition": F("qualification__definition"),
}


def with_deals(**which):
    """The condition that a handoff came to such an opportunity, by itself or by its closing one."""
    deals = Opportunity.objects.filter(handoff__isnull=False, **which).order_by()
    closing = deals.filter(handoff__kind=Handoff.Kind.CLOSING)
    return Q(pk__in=deals.values("handoff")) | Q(pk__in=closing.values("handoff__previous"))


def _first_won():
    """When the first opportunity of a handoff was won."""
    won = Opportunity.objects.filter(state=Opportunity.State.WON).order_by()
    first = Min("closed_at")
    its_own = won.filter(handoff=OuterRef("pk")).values("handoff")
    closing = won.filter(handoff__kind=Handoff.Kind.CLOSING, handoff__previous=OuterRef("pk"))
    return Least(
        Subquery(its_own.annotate(at=first).values("at")),
        Subquery(closing.values("handoff__previous").annotate(at=first).values("at")),
    )


def _won(now):
    return _ended(State.QUALIFIED, now) & with_deals(
        state=Opportunity.State.WON, closed_at__lte=now
    )


def _lost(now):
    known = {"opened_at__lte": now}
    lost = with_deals(state=Opportunity.State.LOST, closed_at__lte=now)
    hoped = with_deals(state=Opportunity.State.OPEN, **known) | with_deals(
        closed_at__gt=now, **known
    )
    return _ended(State.QUALIFIED, now) & lost & ~hoped & ~_won(now)


@dataclass(frozen=True)
class Step:
    """One step of an MQL's way: how it is told that it was taken, and when."""

    key: str
    label: str
    one: str  # a single one, in a sentence
    taken: Any  # of a moment: a condition
    at: Any


STEPS = (
    Step("mqls", "MQLs", "MQL", lambda now: Q(), F("opened_at")),
    Step("accepted", "Accepted", "accepted", lambda now: Q(accepted_at__lte=now), F("accepted_at")),
    Step("sqls", "SQLs", "SQL", lambda now: _ended(State.QUALIFIED, now), F("closed_at")),
    Step("won", "Won", "won", _won, _first_won()),
)
ENDINGS = {
    "open": ("Still open", lambda now: Q(closed_at=None) | Q(closed_at__gt=now)),
    "rejected": ("Rejected", lambda now: _ended(State.REJECTED, now)),
    "recycled": ("Recycled", lambda now: _ended(State.RECYCLED, now)),
    "withdrawn": ("Withdrawn", lambda now: _ended(State.WITHDRAWN, now)),
}
# What a number counts, by the word that stands in the address of its rows.
SHOWN = {step.key: (step.label, step.taken) for step in STEPS} | {"lost": ("Lost", _lost)} | ENDINGS


@dataclass(frozen=True)
class Taken:
    """How many took a step, of all MQLs and of those that took the step before.

    `median` is the time from becoming an MQL to this step, over those that took it.
    """

    step: Step
    count: int
    of_all: float | None
    of_before: float | None
    median: timedelta | None


@dataclass(frozen=True)
class Numbers:
    """How many MQLs came how far, and how long it took them."""

    counts: dict[str, int]
    medians: dict[str, timedelta | None]

    def of(self, show):
        """The number that a word of SHOWN counts, all for ""."""
        return self.counts[show or STEPS[0].key]

    @property
    def steps(self):
        """Each step as Taken, the first one first."""
        before, all_of_them = None, self.of("")
        for step in STEPS:
            count = self.of(step.key)
            of_before = count / before if before else None
            of_all = count / all_of_them if all_of_them else None
            yield Taken(step, count, of_all, of_before, self.medians.get(step.key))
            before = count


def numbers(found, *, now):
    """Return the Numbers of these MQLs, as of now, from one query."""
    return _numbers(found.order_by().aggregate(**_columns(now)))


def lines(found, by, *, now):
    """Return a Line for each source, campaign, tier... of these MQLs; they share nothing."""
    return dimensions.lines(found, by, BY[by], _columns(now), _numbers)


def rows(found, *, now, show=""):
    """Return the MQLs that one number counts, the newest first; `show` as in SHOWN."""
    found = found.filter(SHOWN[show][1](now)) if show else found
    return found.order_by("-opened_at", "-pk")


def _ended(state, now):
    return Q(state=state, closed_at__lte=now)


def _columns(now):
    columns: dict[str, Any] = {
        show: Count("pk", filter=taken(now)) for show, (_, taken) in SHOWN.items()
    }
    for step in STEPS[1:]:
        took = Extract(step.at - F("opened_at"), "epoch")
        columns[f"{step.key}_median"] = Percentile(took, 0.5, filter=step.taken(now))
    return columns


def _numbers(row):
    medians = {}
    for step in STEPS[1:]:
        seconds = row[f"{step.key}_median"]
        medians[step.key] = None if seconds is None else timedelta(seconds=float(seconds))
    return Numbers({show: row[show] for show in SHOWN}, medians)
