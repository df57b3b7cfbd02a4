"""How often the gut of sales was right: reads of hot or cold, beside what the leads came to.

A read counts once its handoff has ended as an SQL, was rejected or recycled. Withdrawn ones say
nothing about the lead. The Brier score is the mean squared distance between what was foreseen and
what came (Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather
Review 78, 1950), with hot as 1 and cold as 0: 0 is always right, 1 always wrong. Who always says
how many become SQLs, and never who, scores the `base`.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q

from reporting import dimensions
from routing.models import Handoff

SQL = Q(state=Handoff.State.QUALIFIED)
HOT = Q(gut_read__hot=True)
ENDED = Q(
    state__in=(Handoff.State.QUALIFIED, Handoff.State.REJECTED, Handoff.State.RECYCLED),
    gut_read__isnull=False,
)
BY: dict[str, Any] = {**dimensions.ways(), "rep": F("gut_read__user__rep")}
SHOWN = {
    "reads": ("Reads", Q()),
    "hot": ("Hot", HOT),
    "hot_sql": ("Hot, became SQLs", HOT & SQL),
    "cold": ("Cold", ~HOT),
    "cold_sql": ("Cold, became SQLs", ~HOT & SQL),
}


@dataclass(frozen=True)
class Reads:
    """How many leads were read hot and cold, and how many of each became SQLs."""

    hot: int = 0
    hot_sql: int = 0
    cold: int = 0
    cold_sql: int = 0

    def of(self, show):
        """The number that a word of SHOWN counts, all for ""."""
        return getattr(self, show or "reads")

    @property
    def reads(self):
        return self.hot + self.cold

    @property
    def brier(self):
        """The Brier score of the reads, 0 to 1; None before any."""
        wrong = self.hot - self.hot_sql + self.cold_sql
        return wrong / self.reads if self.reads else None

    @property
    def base(self):
        """The Brier score of whoever says of each lead how many of all become SQLs."""
        if not self.reads:
            return None
        share = (self.hot_sql + self.cold_sql) / self.reads
        return share * (1 - share)


def ended(handoffs, *, since, until):
    """Those of these handoffs that were read and ended in the period: since < end <= until."""
    return handoffs.filter(ENDED, closed_at__gt=since, closed_at__lte=until)


def numbers(found):
    """Return the Reads of these handoffs, from one query."""
    return Reads(**found.order_by().aggregate(**_COLUMNS))


def lines(found, by):
    """Return a Line for each rep, team, source... of these handoffs, by name."""
    return dimensions.lines(found, by, BY[by], _COLUMNS, lambda row: Reads(**row))


def rows(found, *, show=""):
    """Return the handoffs that one number counts, the newest first; `show` as in SHOWN."""
    return found.filter(SHOWN[show or "reads"][1]).order_by("-opened_at", "-pk")


_COLUMNS: dict[str, Any] = {
    show: Count("pk", filter=which) for show, (_, which) in SHOWN.items() if show != "reads"
}
