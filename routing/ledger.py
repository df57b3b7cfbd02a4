"""How leads were shared out in a period: per pool and rep, with why somebody was passed over.

Everything is counted from the decisions as they are stored. Each decision is one lead for one rep,
or one that waits in its pool, so the rows of a pool add up to its decisions.
"""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Count, F, Q

from routing.models import Assignment, Decision, Pool, Rep, Skip

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
    passed: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, int] = field(default_factory=dict)
    share: float | None = None

    @property
    def acceptance(self):
        return self.accepted / self.got if self.got else None


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
        line.passed, line.skipped = (
            dict(counts[name].get(key, {})) for name in ("passed", "skipped")
        )
        has_something = line.got or line.claimed or line.passed or line.skipped
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
        "passed": _passed(decisions),
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


def _passed(decisions):
    """Why somebody could not take a lead that was decided on, as often as that was so."""
    found: dict = {}
    asked = decisions.annotate(
        looked_at=F("trace__candidates"), last_rule=F("trace__tried__-1__asked")
    )
    for pool, candidates, last in asked.values_list("pool", "looked_at", "last_rule").iterator():
        for rep, why in _refusals(candidates, last):
            found.setdefault((pool, rep), Counter())[cause_of(why)] += 1
    return found


def _refusals(candidates, last_rule):
    """Yield `(rep, why not)` of a stored trace, in either of the shapes that traces have had."""
    if candidates is not None:
        yield from ((one["rep"], one["excluded"]) for one in candidates if one["excluded"])
    yield from ((rep, why) for rep, _, why, _ in last_rule or () if why)


def cause_of(why):
    """Return the cause under which a refusal is counted: without its figures and times."""
    return next((cause for start, cause in CAUSES.items() if why.startswith(start)), why)
