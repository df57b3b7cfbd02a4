"""How promises were kept: the one set of numbers behind the SLA report, its lists, CSV and API.

Clocks are counted, by the moment at which they started. Each has one outcome (`Outcome`), so the
outcomes add up to what was handed off, and the lines of a table to its total.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import Coalesce, Extract

from leads.models import Campaign
from reporting.percentile import Percentile
from routing.models import Handoff, Rep, Team
from sla.models import Clock, ClockKind, Outcome

MISSED = (Outcome.LATE, Outcome.UNTOUCHED)
JUDGED = (Outcome.MET, *MISSED)
DONE = (Outcome.MET, Outcome.LATE)
# What a number counts, by the word that stands in the address of its rows.
SHOWN: dict[str, tuple[Outcome, ...]] = {outcome.value: (outcome,) for outcome in Outcome}
SHOWN |= {"missed": MISSED, "judged": JUDGED, "done": DONE}
NOBODY = "none"  # the key of a line without a rep, a source or a campaign
BY: dict[str, Any] = {
    "clock": "kind",
    "team": Coalesce("handoff__owner__team", "handoff__pool__team"),
    "rep": "handoff__owner",
    "source": "handoff__lead__lead_source",
    "campaign": "handoff__lead__campaign",
    "tier": "handoff__tier",
}


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


@dataclass(frozen=True)
class Line:
    """One line of a table: what it is of, by key and by name, and its Numbers."""

    key: str
    label: str
    numbers: Numbers


def of(user):
    """The promises whose numbers this person reads: a rep's own, a manager's teams', or all."""
    clocks = Clock.objects.visible_to(user)
    if user.has_perm("routing.view_every_handoff"):
        return clocks
    managed = Q(handoff__owner__team__manager=user) | Q(handoff__pool__team__manager=user)
    return clocks.filter(Q(handoff__owner__user=user) | managed)


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
    grouped = clocks.with_outcome(now=now).order_by().values(key=_key(by))
    found = {row.pop("key"): row for row in grouped.annotate(**_columns(now))}
    names = _names(by, [key for key in found if key not in (None, "")])
    told = [
        Line(str(key or NOBODY), names.get(key) or _nobody(by), _numbers(row))
        for key, row in found.items()
    ]
    if by == "clock":
        return sorted(told, key=lambda line: ClockKind.values.index(line.key))
    return sorted(told, key=lambda line: (line.key == NOBODY, line.label.casefold()))


def of_line(clocks, by, key):
    """Those of one line: of a rep, a team..., or of none (NOBODY)."""
    found = clocks.alias(**{f"line_{by}": _key(by)})
    empty = Q(**{f"line_{by}__isnull": True})
    if by == "source":
        empty |= Q(line_source="")
    return found.filter(empty if key == NOBODY else Q(**{f"line_{by}": key}))


def rows(clocks, *, now, show=""):
    """Return the clocks that one number counts, the latest deadline first; `show` as in SHOWN."""
    found = clocks.with_outcome(now=now)
    found = found.filter(outcome__in=SHOWN[show]) if show else found
    return found.order_by("-due_at", "-pk")


def label(by, key):
    """Return the name of one line; "" where there is none of this key."""
    if key == NOBODY:
        return _nobody(by)
    key = int(key) if by in ("team", "rep", "campaign") else key
    return _names(by, [key]).get(key, "")


def _key(by):
    return F(BY[by]) if isinstance(BY[by], str) else BY[by]


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


def _names(by, keys):
    """The names of these keys."""
    if by == "clock":
        return dict(ClockKind.choices)
    if by in ("source", "tier"):
        return {key: f"Tier {key}" if by == "tier" else key for key in keys}
    models: dict[str, Any] = {"team": Team.objects, "rep": Rep.objects.select_related("user")}
    found = models.get(by, Campaign.objects).in_bulk(keys)
    return {key: str(row) for key, row in found.items()}


def _nobody(by):
    return {
        "rep": "With nobody: in a pool or in review",
        "team": "With no team: in review",
        "source": "Source unknown",
        "campaign": "No campaign",
        "tier": "No tier",
    }.get(by, "")
