"""The rules of a definition, one mapping each."""

from leads.configuration import terms
from leads.configuration.columns import Columns
from leads.configuration.reading import MISSING, Unreadable
from leads.models import ScoringRule
from leads.models.rule import ONE_QUESTION
from leads.text import hint

MOST = 1000  # rules of a file; fewer may be in force
_AXES = (ScoringRule.Kind.FIT, ScoringRule.Kind.INTEREST)
_COUNT = ("signal", "days", "counts", "per", "cap", "half_life_days")
_COLUMNS = Columns(
    ScoringRule,
    {
        "kind": "kind",
        "label": "label",
        "points": "points",
        "counts": "counts",
        "per": "per",
        "cap": "cap",
        "half_life_days": "half_life_days",
        "active": "is_active",
    },
    always=("kind", "label", "points"),
)
_FOUND = ("definition", "segment", "signal", "group")  # rows that are there already
_KEYS = (*_COLUMNS.keys, "group", "segment", *terms.KEYS)


def of_row(rule):
    """Return what the file says of a rule."""
    said = _COLUMNS.written(rule)
    found = {key: said[key] for key in ("kind", "label")}
    if rule.kind in _AXES:
        found["points"] = said["points"]
    found |= _question_of(rule, said)
    if rule.group:
        found["group"] = rule.group.name
    return found | ({"active": False} if not rule.is_active else {})


def _question_of(rule, said):
    if rule.segment:
        return {"segment": rule.segment.name}
    if rule.field:
        return dict(terms.of_row(rule))
    if rule.signal is None:
        return {}
    counted = {"signal": rule.signal.key, "days": rule.window_days}
    return counted | {key: said[key] for key in _COUNT if key in said}


def load(node, draft, groups, run):
    """Give the draft the rules of the node. `groups` are its groups by name."""
    for position, one in enumerate(run.reader.rows(node, most=MOST), start=1):
        rule = ScoringRule(definition=draft, position=position)
        if _read(rule, one, groups, run):
            rule.save()


def _read(rule, node, groups, run):
    """Fill in the rule; return whether that was possible."""
    given = run.reader.keys(node, _KEYS, needed=_COLUMNS.needed)
    columns, unread = _COLUMNS.read(run.reader, given)
    _check_points(node, given, columns.get("kind"), run)
    for name, part in (("field", _question), ("group", _group)):
        try:
            columns |= part(node, given, columns.get("kind"), groups, run)
        except Unreadable:
            unread.add(name)
    for column, value in columns.items():
        setattr(rule, column, value)
    places = _COLUMNS.places | terms.places(columns)
    places |= {"segment": ("segment",), "group": ("group",)}
    if terms.is_behaviour(columns) or "signal" in given:
        places["field"] = ("signal",)
    return run.reader.check(node, rule, places, unread=unread, but=_FOUND, constraints=False)


def _check_points(node, given, kind, run):
    if kind in _AXES and "points" not in given:
        run.reader.complain(node, MISSING, "points")
    for key in ("points", "group"):
        if kind and kind not in _AXES and key in given:
            run.reader.complain(node, "Only rules for fit and interest give points.", key)


def _question(node, given, kind, groups, run):
    """The columns of what the rule asks for."""
    asked = [key for key in ("segment", "field", "signal") if key in given]
    if len(asked) != 1:
        if isinstance(node.value, dict):
            run.reader.complain(node, ONE_QUESTION)
        raise Unreadable
    others = {key: one for key, one in given.items() if key in (*terms.KEYS, *_COUNT, "segment")}
    if asked == ["segment"]:
        run.reader.only(node, others, ("segment",), "A rule that asks for a segment")
        return {"segment": run.find("segments", given["segment"])}
    counts = asked == ["signal"] and "operator" not in given and kind in _AXES
    if not counts:
        return terms.columns(run, node, others)
    run.reader.only(node, others, _COUNT, "A rule that counts a signal")
    return run.reader.every(
        {
            "signal": lambda: run.find("signals", given["signal"]),
            "window_days": lambda: terms.days(run, node, given),
        }
    )


def _group(node, given, kind, groups, run):
    if "group" not in given or kind is None:
        return {}
    name = run.reader.text(given["group"])
    if name not in groups:
        said = f"There is no group {name!r} in this definition.{hint(name, groups)}"
        run.reader.complain(given["group"], said)
    if groups.get(name) is None:
        raise Unreadable
    return {"group": groups[name]}
