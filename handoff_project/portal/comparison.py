"""MQL beside SQL: what each means, what it takes, and who has the next step."""

from dataclasses import dataclass, field

from leads.conditions.registry import Type
from leads.conditions.terms import field_of, terms_of
from leads.models import LifecycleStage, MQLDefinition
from leads.models.example import Example
from leads.scoring.words import in_words

Key = LifecycleStage.Key
BY_MARKETER = "A marketer, lead by lead."
BY_DEFINITION = "The definition itself, at once."


@dataclass(frozen=True)
class Row:
    """One line of the table; each side in sentences."""

    label: str
    mql: list[str] = field(default_factory=list)
    sql: list[str] = field(default_factory=list)


def rows(definition):
    """Return the Rows of a published version; the SQL's words are those of its stage."""
    form, stages = definition.compiled, LifecycleStage.objects.in_bulk()
    mql, sql = stages[Key.MQL], stages[Key.SQL]
    words = dict(in_words(form))
    return [
        Row("Meaning", [mql.definition], [sql.definition]),
        Row(
            "Signals",
            _signals(form),
            [f"What the lead tells a rep. No behaviour alone makes an {sql}."],
        ),
        Row("Data points", _fields(form), [f"Those of the {mql}, and what a rep finds out."]),
        Row(
            "Score ranges",
            [*words["Handed over"][:1], *words["Tiers"]],
            ["None: a score opens the conversation, it does not end it."],
        ),
        Row("Who decides", [_decider(form)], ["A rep, who has talked to the lead."]),
        Row(
            "Owner of the next step",
            [mql.next_step_owner or "Nobody is named."],
            [sql.next_step_owner or "Nobody is named."],
        ),
        Row("Examples", _examples(form), ["None are kept: each one is vetted by itself."]),
    ]


def _signals(form):
    said = []
    fast = [rule["label"] for rule in form["rules"] if rule["kind"] == "fast_track"]
    if fast:
        said.append(f"At once: {', '.join(fast)}.")
    for sign, told in ((1, "For it"), (-1, "Against it")):
        names = _counted(form, sign)
        if names:
            said.append(f"{told}: {', '.join(names)}.")
    return said or ["None."]


def _counted(form, sign):
    """The names of the signals that give points, or take them, in the rules' order."""
    names = [
        name
        for rule in form["rules"]
        if rule["kind"] in ("fit", "interest") and rule["points"] * sign > 0
        for name in _signals_of(rule)
    ]
    return list(dict.fromkeys(names))


def _signals_of(rule):
    if rule["type"] == "count":
        return [rule["signal_name"]]
    return [
        term["value"]["signal_name"]
        for _, term in terms_of(rule["when"])
        if field_of(term).type == Type.BEHAVIOUR
    ]


def _fields(form):
    asked = {
        field_of(term).label
        for rule in form["rules"]
        if rule["type"] == "when"
        for _, term in terms_of(rule["when"])
        if field_of(term).type != Type.BEHAVIOUR
    }
    return [", ".join(sorted(asked)) + "."] if asked else ["None."]


def _decider(form):
    marketer = form.get("decider") == MQLDefinition.Decider.MARKETER
    said = BY_MARKETER if marketer else BY_DEFINITION
    return f"{said} A marketer, for the close ones." if form.get("borderline") else said


def _examples(form):
    examples = form.get("examples") or []
    said = []
    for expected, told in ((Example.Expected.PASS, "Pass"), (Example.Expected.FAIL, "Fail")):
        names = [f"“{one['name']}”" for one in examples if one["expected"] == expected]
        if names:
            said.append(f"{told}: {', '.join(names)}.")
    return said or ["None are kept."]
