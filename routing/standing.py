"""How a pool's turns stand now: credit, caps and what is used of them, and who is next.

Who is next is what the router would decide this instant for a lead without a language, asked by the
method by which the live rule set gives the pool its leads. Nothing is locked or written.
"""

from typing import NamedTuple

from routing.deciding import NO_LIMITS, decide
from routing.inputs import Candidate, Inputs
from routing.models import Rule, RuleSet
from routing.roster import Roster
from routing.rotation import Place

Method = Rule.Method


class Stand(NamedTuple):
    """A rep's place in a pool's turns. `why_not`: neither they nor a cover could take one now."""

    place: Place
    candidate: Candidate
    why_not: str
    is_next: bool


class Standing(NamedTuple):
    """A pool's turns now: the method, a Stand by rep, and the rep who would get the next lead."""

    method: str
    stands: dict[int, Stand]
    taker: Candidate | None

    @property
    def method_label(self):
        return Method(self.method).label.lower()


def standings(pools, *, now):
    """Return a Standing by pool's id."""
    roster, live = Roster.loaded([pool.pk for pool in pools], [], now=now, lock=False), _live()
    return {pool.pk: _of(pool, roster, live, now=now) for pool in pools}


def _live():
    live = RuleSet.objects.live()
    return live.compiled["rules"] if live else []


def _of(pool, roster, rules, *, now):
    """A claimed pool has turns all the same, for rules of its territories: round robin."""
    method = next((rule["method"] for rule in rules if _gives_turns(rule, pool)), "round_robin")
    rule = {
        "id": None,
        "label": "",
        "target": Rule.Target.POOL,
        "pool": pool.pk,
        "method": method,
        "limits": NO_LIMITS,
    }
    form = {"rules": [rule]}
    outcome = decide(form, roster.inputs(Inputs(handoff=0, now=now.isoformat()), form))
    seat = outcome.trace["turn"]["seat"] if outcome.turns else None
    refusals = {
        rep: "" if taker else why for rep, _, why, taker in outcome.trace["tried"][0]["asked"]
    }
    stands = {
        place.rep: Stand(place, roster.reps[place.rep], refusals[place.rep], place.rep == seat)
        for place in roster.pools[pool.pk].places
    }
    return Standing(method, stands, roster.reps.get(outcome.rep))


def _gives_turns(rule, pool):
    of_pool = rule.get("target", Rule.Target.POOL) == Rule.Target.POOL and rule["pool"] == pool.pk
    territories = any(one["pool"] == pool.pk for one in rule.get("territories", ()))
    return (of_pool or territories) and rule["method"] != Method.CLAIM
