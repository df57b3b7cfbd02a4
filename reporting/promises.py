"""How promises were kept: the one set of numbers behind the SLA report, its lists, CSV and API.

Clocks are counted, by the moment at which they started. Each has one outcome (`Outcome`), so the
outcomes add up to what was handed off, and the lines of a table to its total.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import Extract

from reporting import dimensions
from reporting.percentile import Percentile
from reporting.readers import theirs
from routing.models import Handoff
from sla.models import Clock, ClockKind, Outcome

MISSED = (Outcome.LATE, Outcome.UNTOUCHED)
JUDGED = (Outcome.MET, *MISSED)
DONE = (Outcome.MET, Outcome.LATE)
# What a number counts, by the word that stands in the address of its rows.
SHOWN: dict[str, tuple[Outcome, ...]] = {outcome.value: (outcome,) for outcome in Outcome}
SHOWN |= {"missed": MISSED, "judged": JUDGED, "done": DONE}
BY: dict[str, Any] = {"clock": F("kind"), **dimensions.ways("handoff__")}


@dataclass(frozen=True)
class Numbers:
    """Promises by their outcome, and how long keeping them took.

    `median`, `mean` and `p90` are working time without pauses, over all that were done; with
    `wall_` in front they are by the wall clock, night and day.
    """

    handed_off: int = 0
    met: int = 0
    late: int = 0
    untouched: int = 0
    running: int = 0
    released: int = 0
    median: timedelta | None = None
    mean: timedelta | None = None
    p90: timedelta | None = None
    wall_median: timedelta | None = None
    wall_mean: timedelta | None = None
    wall_p90: timedelta | None = None

    def of(self, show):
        """The number that a word of SHOWN counts, all for ""."""
        return getattr(self, show or "handed_off")

    @property
    def missed(self):
        return self.late + self.untouched

    @property
    def judged(self):
        """Those that are decided: done, or past their deadline."""
        return self.met + self.missed

    @property
    def done(self):
        return self.met + self.late

    @property
    def share(self):
        """Share met of those judged, 0 to 1; None before there are any."""
        return self.met / self.judged if self.judged else None


def of(user):
    """The promises whose numbers this person reads: a rep's own, a manager's teams', or all."""
    return Clock.objects.visible_to(user).filter(theirs(user, "handoff__"))


def started(clocks, *, since, until, kinds=()):
    """Those that started in [since, until), of these kinds, else of all."""
    # The index begins with the kind: naming them all has it read where none is asked for.
    kinds = kinds or ClockKind.values
    return clocks.filter(kind__in=kinds, started_at__gte=since, started_at__lt=until)


def of_mqls(clocks):
    """The first touches that were promised to MQLs."""
    return clocks.filter(kind=ClockKind.FIRST_TOUCH, handoff__kind=Handoff.Kind.FIRST)


def numbers(clocks, *, now):
    """Return the Numbers of these clocks, as of now, from one query."""
    return _numbers(clocks.with_outcome(now=now).order_by().aggregate(**_columns(now)))


def lines(clocks, by, *, now):
    """Return a Line for each clock, team, rep... of these clocks, by name; they share nothing."""
    told = dimensions.lines(clocks.with_outcome(now=now), by, BY[by], _columns(now), _numbers)
    if by != "clock":
        return told
    return sorted(told, key=lambda line: ClockKind.values.index(line.key))


def rows(clocks, *, now, show=""):
    """Return the clocks that one number counts, the latest deadline first; `show` as in SHOWN."""
    found = clocks.with_outcome(now=now)
    found = found.filter(outcome__in=SHOWN[show]) if show else found
    return found.order_by("-due_at", "-pk")


def _columns(now):
    counts: dict[str, Any] = {
        outcome.value: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome
    }
    taken, done = Extract(F("stopped_at") - F("started_at"), "epoch"), Q(outcome__in=DONE)
    for prefix, seconds in (("", F("worked_seconds")), ("wall_", taken)):
        counts |= {
            f"{prefix}median": Percentile(seconds, 0.5, filter=done),
            f"{prefix}mean": Avg(seconds, filter=done),
            f"{prefix}p90": Percentile(seconds, 0.9, filter=done),
        }
    return counts | {"handed_off": Count("pk")}


def _numbers(row):
    counts, found = {"handed_off", *Outcome.values}, {}
    for name, value in row.items():
        found[name] = value if name in counts or value is None else _seconds(value)
    return Numbers(**found)


def _seconds(value):
    return timedelta(seconds=float(value))
