"""The past days by another rule set: who would have got what, and how much everybody would have."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.db.models import prefetch_related_objects

from routing import replay
from routing.models import Decision, Pool, Rep

DAYS = 7
MOST = 3_000  # decisions that one look decides again; the newest


class Load(NamedTuple):
    """How many leads a rep got, or waited in a pool, and how many would have."""

    name: str
    before: int
    after: int

    @property
    def more(self):
        return f"{self.after - self.before:+,}" if self.after != self.before else "0"


@dataclass
class Past:
    """What became of the decisions of the past days: their numbers, one page of them, and loads.

    `reps` and `pools` are the Loads of everybody who got any and of the pools in which leads
    waited, by name. `basis` counts on what more than the records decisions rest.
    """

    since: datetime
    stored: int
    shown: int = 0  # rows that there are, on all pages
    decided: int = 0
    moved: int = 0
    by_rule: int = 0  # of those moved, by another rule; the others by other turns
    skipped: Counter = field(default_factory=Counter)
    basis: Counter = field(default_factory=Counter)
    rows: list = field(default_factory=list)
    reps: list = field(default_factory=list)
    pools: list = field(default_factory=list)
    before: Counter = field(default_factory=Counter)
    after: Counter = field(default_factory=Counter)

    @property
    def left_out(self):
        """How many older ones were not looked at."""
        return max(0, self.stored - MOST)


@dataclass(frozen=True)
class Row:
    """One lead: who got it, by which rule, and who would have."""

    decision: Decision
    before: str
    after: str
    rule_before: str
    rule_after: str
    moves: bool
    skipped: str = ""


def past(version, *, now, only_moved=False, first=0, size=50):
    """Return the Past of the last days by this rule set, with `size` rows from the `first` on.

    Nothing is written. Memory does not grow with the number of decisions. Raise ValidationError for
    a draft that makes no sense.
    """
    since = now - timedelta(days=DAYS)
    stored = Decision.objects.filter(decided_at__gte=since)
    found = Past(since, stored.count())
    if found.left_out:
        newest = stored.order_by("-decided_at", "-pk").values_list("decided_at", flat=True)
        found.since = newest[MOST - 1]
    names = _Names()
    again = replay.replayed(since=found.since, version=version, now=now, going_on=True)
    for one in islice(again, MOST):
        _count(found, one)
        if only_moved and not (one.skipped or one.moves):
            continue
        if first <= found.shown < first + size:
            found.rows.append(_row(one, names))
        found.shown += 1
    prefetch_related_objects([row.decision for row in found.rows], "handoff__lead")
    _add_up(found, names)
    return found


def _count(found, one):
    if one.skipped:
        found.skipped[one.skipped] += 1
        return
    found.decided += 1
    found.moved += one.moves
    found.by_rule += one.moves and one.then["rule"] != one.again["rule"]
    found.basis.update(one.rests_on)
    found.before[_key(one.then)] += 1
    found.after[_key(one.again)] += 1


def _key(found):
    return ("rep", found["rep"]) if found["rep"] else ("pool", found["pool"])


class _Names:
    def __init__(self):
        self.of = {("pool", pk): name for pk, name in Pool.objects.values_list("pk", "name")}
        reps = Rep.objects.select_related("user")
        self.of |= {("rep", rep.pk): str(rep) for rep in reps}


def _row(one, names):
    if one.skipped:
        kept = one.decision
        to = str(kept.rep or kept.pool)
        return Row(kept, to, "", kept.rule_label, "", moves=False, skipped=one.skipped)
    return Row(
        one.decision,
        before=names.of[_key(one.then)],
        after=names.of[_key(one.again)],
        rule_before=one.then["rule"],
        rule_after=one.again["rule"],
        moves=one.moves,
    )


def _add_up(found, names):
    keys = sorted({*found.before, *found.after}, key=lambda key: names.of[key].casefold())
    for key in keys:
        loads = found.reps if key[0] == "rep" else found.pools
        loads.append(Load(names.of[key], found.before[key], found.after[key]))
