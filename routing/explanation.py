"""A stored decision in words: every rule that was tried, everybody who was looked at, the turns.

Everything is read from the decision and from the rule set as it was published, so it says the same
after people have gone, names have changed and segments were edited.
"""

from dataclasses import dataclass, field
from functools import cached_property

from leads.conditions import terms, words
from leads.conditions.registry import Type
from routing.deciding import NOBODY
from routing.inputs import Inputs
from routing.models import Rule

HOW = {"turn": "by turns", "claim": "where the team claims it"}


@dataclass(frozen=True)
class Tried:
    """One rule: its place, what it asks, what was compared, and what came of it."""

    place: int
    label: str
    sentence: str
    compared: dict
    result: str
    fits: bool


@dataclass(frozen=True)
class Asked:
    """Somebody whom a rule looked at, and why they did or did not get the lead."""

    rep: int
    name: str
    result: str
    won: bool = False


@dataclass(frozen=True)
class Turn:
    """A place in the turns before and after."""

    name: str
    weight: int
    before: float
    after: float
    last: int
    won: bool


@dataclass(frozen=True)
class Explanation:
    """See the module. `place` is the number of the rule, `position` (2 of 5) the winner's."""

    rule: str
    place: int | None
    rep: str
    method: str
    why: str
    position: int | None = None
    candidates: list[Asked] = field(default_factory=list)
    rules: list[Tried] = field(default_factory=list)
    others: list = field(default_factory=list)  # (rule's label, Asked rows) that went on
    turns: list[Turn] = field(default_factory=list)
    turn: int | None = None

    @cached_property
    def before(self):
        """Who had the turn before this one."""
        last = max(self.turns, key=lambda turn: turn.last, default=None)
        return last.name if last and last.last else ""


def explain(decision):
    """Return the Explanation of a stored decision."""
    if not decision.inputs:
        return _of_old(decision)
    trace, form = decision.trace, decision.rule_set.readable()
    inputs = Inputs.from_json(decision.inputs)
    deciding = trace["tried"][-1]
    names = {rep: found.name for rep, found in inputs.reps.items()}
    candidates = [_asked(one, names, decision) for one in deciding["asked"]]
    won = [n for n, one in enumerate(candidates, 1) if one.won]
    return Explanation(
        rule=decision.rule_label,
        place=trace["rule"],
        rep=names.get(decision.rep_id, ""),
        method=_method(trace),
        why=_why(trace, decision),
        position=won[0] if won and trace["how"] == "turn" else None,
        candidates=candidates,
        rules=list(_tried(form, trace, inputs)),
        others=[
            (form["rules"][one["rule"] - 1]["label"], [_asked(row, names) for row in one["asked"]])
            for one in trace["tried"][:-1]
            if one["asked"]
        ],
        turns=_turns(trace, inputs, names),
        turn=trace["turn"] and trace["turn"]["number"],
    )


def _method(trace):
    if trace["how"] == "claim":
        return "claimed from the pool"
    if trace["how"] in ("turn", ""):
        return Rule.Method(trace["method"]).label.lower()
    return trace["how"]


def _why(trace, decision):
    if decision.rep_id is None:
        return "because nobody could take it" if decision.nobody else HOW["claim"]
    return HOW.get(trace["how"], f"as {trace['how']}")


def _asked(row, names, decision=None):
    rep, role, why, cover = row
    won = decision is not None and _is_winner(row, decision)
    if why:
        result = f"{why}; {names[cover]} covers" if cover else why
        result += ", and got it" if won else ""
    elif role == "turn":
        result = "Took the turn" if won else "Could, but it was not their turn"
    else:
        result = "Got it" if won else "Could"
    if role != "turn":
        result = f"{role[:1].upper()}{role[1:]}: {result[:1].lower()}{result[1:]}"
    return Asked(rep, names[rep], result, won=won)


def _is_winner(row, decision):
    """A turn is one seat's; what goes to a person is the last one's who was asked."""
    trace = decision.trace
    if row[1] == "turn":
        return trace["turn"] is not None and trace["turn"]["seat"] == row[0]
    asked = trace["tried"][-1]["asked"]
    return trace["how"] == row[1] and row == asked[-1]


def _tried(form, trace, inputs):
    fits = {one["rule"]: one for one in trace["tried"]}
    for place, rule in enumerate(form["rules"][: trace["rule"]], 1):
        found = fits.get(place)
        yield Tried(
            place=place,
            label=rule["label"],
            sentence=words.sentence(rule["when"]),
            compared=_compared(rule["when"], inputs.values),
            result=_result(found, rule),
            fits=found is not None,
        )


def _compared(when, values):
    labels = [
        found.label
        for _, term in terms.terms_of(when)
        if (found := terms.field_of(term)).type != Type.BEHAVIOUR
    ]
    return {label: values[label] for label in labels if label in values}


def _result(found, rule):
    if found is None:
        return "Does not fit."
    if not found["goes_on"]:
        return "Fits, so it decides."
    if "nobody" in found:
        return f"Fits, but asks nobody. {NOBODY[rule['target']]}"
    return "Fits, but nobody could take it; the next rule was tried."


def _turns(trace, inputs, names):
    turn = trace["turn"]
    if turn is None:
        return []
    places = inputs.pools[turn["pool"]].places
    return [
        Turn(
            name=names[place.rep],
            weight=place.weight,
            before=round(place.credit, 2),
            after=round(credit, 2),
            last=place.last_turn,
            won=place.rep == turn["seat"],
        )
        for place, credit in zip(places, turn["credits"], strict=True)
    ]


def _of_old(decision):
    """A decision that was stored before its inputs were: only what it tells of itself."""
    trace = decision.trace
    order = [one["rep"] for one in trace.get("candidates", ())]
    return Explanation(
        rule=decision.rule_label,
        place=None,
        rep=str(decision.rep or ""),
        method=Rule.Method(trace["method"]).label.lower(),
        why="" if decision.rep else "because nobody could take it" * decision.nobody,
        position=order.index(decision.rep_id) + 1 if decision.rep_id in order else None,
        candidates=[
            Asked(
                one["rep"],
                one["name"],
                one["excluded"] or ("Took the turn" if one["rep"] == decision.rep_id else "Could"),
                won=one["rep"] == decision.rep_id,
            )
            for one in trace.get("candidates", ())
        ],
        rules=[
            Tried(
                place,
                one["label"],
                one["sentence"],
                one["compared"],
                "Fits, so it decides." if one["matched"] else "Does not fit.",
                one["matched"],
            )
            for place, one in enumerate(trace.get("rules", ()), 1)
        ],
    )
