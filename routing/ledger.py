"""How leads were shared out in a period: per pool and rep, with why somebody was passed over.

Everything is counted from the decisions as they are stored. Each decision is one lead for one rep,
or one that waits in its pool, so the rows of a pool add up to its decisions. Whoever the deciding
rule asked for the lead had a *chance*: they took it by turn or by name (they or their cover), were
passed over for a cause, or it was another's turn; so these add up to the chances.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Count, F, Q

from routing.models import Assignment, Decision, Pool, Rep, Skip

TURN, NAME, PASSED, OTHERS = "turn", "name", "passed", "others"
KINDS = {
    TURN: "taken by turn",
    NAME: "taken by name",
    PASSED: "passed over",
    OTHERS: "another's turn",
}
CHUNK = 1000  # decisions that are read at once
# How causes with figures and times in them begin, and under what they are counted.
CAUSES = {
    "Away": "Away",
    "Has ": "At a cap",
    "Gets nothing": "At a cap",
    "Does not speak": "Language",
    "Does not know": "Skills",
    "Weight 0": "Weight 0",
}


@dataclass
class Line:
    """One rep in one pool: what they got, took and left, and how often they were passed over."""

    rep: Rep
    got: int = 0
    accepted: int = 0
    claimed: int = 0
    turns: int = 0
    by_name: int = 0
    others: int = 0
    passed: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    share: float | None = None

    @property
    def acceptance(self):
        return self.accepted / self.got if self.got else None

    @property
    def chances(self):
        """How often the deciding rule asked them."""
        return self.turns + self.by_name + sum(self.passed.values()) + self.others


class Chance(NamedTuple):
    """Somebody was asked for the lead of one decision, and what came of it."""

    decision: int
    pool: int
    rep: int
    kind: str  # TURN, NAME, PASSED or OTHERS
    cause: str = ""  # why they were passed over


@dataclass
class Page:
    """One pool's lines; what they got and what `waits` add up to `decisions`."""

    pool: Pool
    decisions: int
    waits: int
    lines: list[Line]

    @property
    def got(self):
        return self.decisions - self.waits


def decided(pools, *, since, until):
    """The decisions of these pools in the period."""
    return Decision.objects.filter(pool__in=pools, decided_at__gte=since, decided_at__lt=until)


def ledger(pools, *, since, until):
    """Return a Page per pool, with a Line for everybody of its team and everybody who got one."""
    period = {"since": since, "until": until}
    counts = _counts(pools, **period)
    wanted = {rep for key in counts for _, rep in counts[key]} - {None}
    teams = {pool.team_id for pool in pools}
    reps = Rep.objects.filter(Q(pk__in=wanted) | Q(team__in=teams, user__is_active=True))
    everybody = list(reps.select_related("user", "calendar", "team__calendar").order_by("pk"))
    return [_page(pool, everybody, counts) for pool in pools]


def _page(pool, everybody, counts):
    waits = counts["got"].get((pool.pk, None), 0)
    lines = []
    for rep in everybody:
        key = (pool.pk, rep.pk)
        line = Line(rep, *(counts[name].get(key, 0) for name in ("got", "accepted", "claimed")))
        line.skipped = dict(counts["skipped"].get(key, {}))
        chances = counts["chances"].get(key, {})
        line.turns, line.by_name, line.others = (
            chances.get((kind, ""), 0) for kind in (TURN, NAME, OTHERS)
        )
        line.passed = {cause: n for (kind, cause), n in chances.items() if kind == PASSED}
        has_something = line.got or line.claimed or line.chances or line.skipped
        if has_something or (rep.team_id == pool.team_id and rep.user.is_active):
            lines.append(line)
    got = sum(line.got for line in lines)
    for line in lines:
        line.share = line.got / got if got else None
    return Page(pool, decisions=got + waits, waits=waits, lines=lines)


def _counts(pools, *, since, until):
    """What is counted, by name, of each `(pool, rep)`; decisions for nobody stand under None."""
    decisions = decided(pools, since=since, until=until)
    got = decisions.order_by().values_list("pool", "rep").annotate(Count("pk"))
    held = Assignment.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=F("handoff__accepted_at")),
        decision__in=decisions,
        handoff__accepted_at__gte=F("started_at"),
    )
    accepted = held.order_by().values_list("decision__pool", "rep").annotate(Count("pk"))
    skips = Skip.objects.filter(pool__in=pools, at__gte=since, at__lt=until)
    skipped: dict = {}
    for pool, rep, reason in skips.values_list("pool", "rep", "reason"):
        skipped.setdefault((pool, rep), Counter())[Skip.Reason(reason).label] += 1
    return {
        "got": _by_key(got),
        "accepted": _by_key(accepted),
        "claimed": _claimed(pools, since=since, until=until),
        "chances": _counted(decisions),
        "skipped": skipped,
    }


def _by_key(rows):
    return {(pool, rep): number for pool, rep, number in rows}


def _claimed(pools, *, since, until):
    """Leads that were taken from these pools, by the pool of the latest decision before."""
    taken = Assignment.objects.filter(
        decision=None, cause="Claimed from the pool", started_at__gte=since, started_at__lt=until
    )
    routed = Decision.objects.filter(handoff__in=taken.values("handoff"), pool__in=pools)
    pool_of = dict(routed.order_by("decided_at", "pk").values_list("handoff", "pool"))
    found: Counter = Counter()
    for handoff, rep in taken.values_list("handoff", "rep"):
        if handoff in pool_of:
            found[pool_of[handoff], rep] += 1
    return found


def _counted(decisions):
    found: dict = {}
    for one in chances(decisions):
        found.setdefault((one.pool, one.rep), Counter())[one.kind, one.cause] += 1
    return found


def chances(decisions):
    """Yield the chances of these decisions, as their traces have them."""
    asked = decisions.defer("inputs", "trace").annotate(
        looked_at=F("trace__candidates"),
        last_rule=F("trace__tried__-1__asked"),
        seat=F("trace__turn__seat"),
        how=F("trace__how"),
    )
    for chunk in asked.in_chunks(CHUNK):
        for one in chunk:
            for chance in _of(one):
                yield Chance(one.pk, one.pool_id, *chance)


def _of(one):
    if one.looked_at is None:
        return _asked(one.last_rule or (), one.rep_id and one.how, one.seat)
    # As traces were once.
    people = [[found["rep"], "turn", found["excluded"]] for found in one.looked_at]
    return _asked(people, "", one.rep_id)


def _asked(people, how, seat):
    """Yield `(rep, kind, cause)` of whom a rule asked; `how` is the role of who took it."""
    for number, (rep, role, why, *_) in enumerate(people, start=1):
        if role == "turn" and rep == seat:
            yield rep, TURN, ""
        # Of people named, nobody is asked behind the one who takes it.
        elif role != "turn" and role == how and number == len(people):
            yield rep, NAME, ""
        elif why:
            yield rep, PASSED, cause_of(why)
        else:
            yield rep, OTHERS, ""


def behind(pool, rep, kind, cause, *, since, until):
    """Return the decisions behind one number of a Line: those of a kind of chance and its cause."""
    decisions = decided([pool], since=since, until=until)
    asked = (pool.pk, rep.pk, kind, cause)
    found = [one.decision for one in chances(decisions) if one[1:] == asked]
    return Decision.objects.filter(pk__in=found)


def cause_of(why):
    """Return the cause under which a refusal is counted: without its figures and times."""
    return next((cause for start, cause in CAUSES.items() if why.startswith(start)), why)
