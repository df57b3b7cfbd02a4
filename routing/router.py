"""Who gets a handoff: one pure decision, and the transaction that carries it out.

`decide` looks only at its arguments; the app, the replay of a stored decision and every
explanation call it. `route` loads those arguments under the pool's lock, so that turns are exact
however many workers route at once.
"""

from dataclasses import asdict, dataclass, field

from leads.conditions import judge, words
from leads.sweep import one_by_one
from routing.models import Decision, Handoff, Pool, Rep, Rule, RuleSet


@dataclass(frozen=True)
class Candidate:
    """A rep of the pool's team; `excluded` says why they cannot take a turn, or is empty."""

    rep: int
    name: str
    excluded: str = ""


@dataclass(frozen=True)
class Roster:
    """A pool's candidates in the order of their turns, and who had the latest turn."""

    candidates: list[Candidate]
    last_turn: int | None


@dataclass(frozen=True)
class Outcome:
    """What `decide` found: the rule and pool, the winner (None: it waits in the pool), and why."""

    rule_label: str
    pool: int
    rep: int | None
    trace: dict = field(default_factory=dict)


def matching_rule(rules, facts):
    """Return the first rule whose segment holds; the last rule is the catch-all and always does.

    `facts` maps a rule's id to whether its segment holds for the lead.
    """
    return next(rule for rule in rules if rule["id"] is None or facts[rule["id"]])


def decide(rules, facts, roster, *, compared=None):
    """Return the Outcome for one lead.

    `rules` is a published rule set's intermediate form, `facts` what holds, `roster` the pool of
    the matching rule, `compared` the values each rule looked at, for the trace alone.
    """
    rule = matching_rule(rules, facts)
    tried = rules[: rules.index(rule) + 1]
    winner = None
    if rule["method"] == Rule.Method.ROUND_ROBIN:
        winner = next_in_turn(roster)
    trace = {
        "rules": [
            {
                "rule": one["id"],
                "label": one["label"],
                "matched": one is rule,
                "sentence": words.sentence(one["when"]),
                "compared": (compared or {}).get(one["id"], {}),
            }
            for one in tried
        ],
        "method": rule["method"],
        "candidates": [asdict(candidate) for candidate in roster.candidates],
        "last_turn_before": roster.last_turn,
        "last_turn_after": winner.rep if winner else roster.last_turn,
    }
    return Outcome(rule["label"], rule["pool"], winner.rep if winner else None, trace)


def next_in_turn(roster):
    """Return the available candidate whose turn it is, or None.

    Turns go round in the order of the roster, starting after whoever had the latest one.
    """
    order = [candidate.rep for candidate in roster.candidates]
    start = order.index(roster.last_turn) + 1 if roster.last_turn in order else 0
    turned = roster.candidates[start:] + roster.candidates[:start]
    return next((candidate for candidate in turned if not candidate.excluded), None)


def route_new(*, now, limit=200):
    """Route handoffs that wait for it, oldest first; return how many were routed."""
    live = RuleSet.objects.live()
    if live is None:
        return 0
    return one_by_one(_next, lambda handoff: _route(handoff, live, now=now), limit=limit)


def _next(passed_over):
    waiting = Handoff.objects.filter(state=Handoff.State.NEW).exclude(pk__in=passed_over)
    oldest = waiting.order_by("opened_at").select_for_update(skip_locked=True, of=("self",))
    return oldest.select_related("lead").first()


def _route(handoff, live, *, now):
    rules = live.compiled["rules"]
    forms = {rule["id"]: rule["when"] for rule in rules if rule["id"] is not None}
    facts = judge.holds(handoff.lead_id, forms, today=now.date())
    pool = Pool.objects.select_for_update().get(pk=matching_rule(rules, facts)["pool"])
    compared = {key: judge.compared(form, handoff.lead) for key, form in forms.items()}
    outcome = decide(rules, facts, roster_of(pool), compared=compared)
    decision = Decision.objects.create(
        handoff=handoff,
        rule_set=live,
        rule_label=outcome.rule_label,
        pool=pool,
        rep_id=outcome.rep,
        trace=outcome.trace,
        decided_at=now,
    )
    if outcome.rep is None:
        handoff.wait_in(pool, decision=decision, now=now)
    else:
        pool.last_turn_id = outcome.rep
        pool.save(update_fields=["last_turn"])
        handoff.offer(decision.rep, decision=decision, now=now)
    return decision


def roster_of(pool):
    """Return the pool's Roster as it is now: every rep of its team, with why some are out."""
    reps = Rep.objects.filter(team=pool.team_id).select_related("user").order_by("pk")
    return Roster([Candidate(rep.pk, str(rep), _excluded(rep)) for rep in reps], pool.last_turn_id)


def _excluded(rep):
    if not rep.user.is_active:
        return "No longer active"
    return "" if rep.in_rotation else "Out of rotation"
