"""One condition of the file as the columns of a row, and back.

A condition asks for an attribute, `{field, operator, value}`, or for behaviour,
`{signal, operator, times, days}`.
"""

from datetime import date

from django.core.exceptions import ValidationError

from leads.conditions import registry, terms
from leads.conditions.registry import CUSTOM, Type
from leads.configuration.reading import MISSING, Unreadable, shown
from leads.configuration.writing import Inline, Line
from leads.text import fold, hint

ATTRIBUTE = ("field", "operator", "value")
BEHAVIOUR = ("signal", "operator", "times", "days")
KEYS = (*ATTRIBUTE, "signal", "times", "days")
_BEHAVIOUR = "behaviour"
USUAL = "happened"  # what is asked of a signal if the file does not say


def of_row(row):
    """Return what the file says of a condition, typed; as it is stored if that makes no sense."""
    if row.field == _BEHAVIOUR:
        asked = {"signal": row.signal.key if row.signal else None, "operator": row.operator}
        if row.operator != "not_since":
            asked["times"] = _times(row)
        return Line(asked | {"days": row.window_days})
    asked = {"field": row.field, "operator": row.operator}
    if row.operator not in terms.WITHOUT_VALUE:
        asked["value"] = _typed(row)
    return Line(asked)


def _times(row):
    try:
        return row.term()["value"]["times"]
    except ValidationError:
        return row.value


def _typed(row):
    try:
        value = row.term()["value"]
    except ValidationError:
        return row.value
    if row.operator in terms.NAMED:
        return row.value
    return typed(registry.find(row.field).type, value)


def typed(kind, value):
    """Return a parsed value of a field of this type as YAML shows it best."""
    if isinstance(value, list):
        return Inline(typed(kind, one) for one in value)
    return date.fromisoformat(value) if kind == Type.DATE else value


def is_behaviour(columns):
    """Whether a condition with these columns asks for behaviour."""
    return columns.get("field") == _BEHAVIOUR


def places(columns):
    """Where each column's value stands in the file, for a condition with these columns."""
    found = {name: (name,) for name in ("field", "operator", "value", "signal")}
    found["window_days"] = ("days",)
    if is_behaviour(columns):
        found["value"] = ("times",)
    return found


def columns(run, node, given):
    """Return the columns of a condition from its nodes by key. Raise Unreadable for none."""
    if not isinstance(node.value, dict):
        raise Unreadable
    if "signal" in given:
        return _behaviour(run, node, given)
    run.reader.only(node, given, ATTRIBUTE, "A condition on a field")
    missing = [key for key in ATTRIBUTE[:2] if key not in given]
    for key in missing:
        run.reader.complain(node, MISSING, key)
    field = _field(run, given["field"]) if "field" in given else None
    if missing or field is None:
        raise Unreadable
    operator = _operator(run, given["operator"], field)
    return {"field": field.key, "operator": operator, "value": _value(run, given, operator, field)}


def _behaviour(run, node, given):
    run.reader.only(node, given, BEHAVIOUR, "A condition on a signal")
    return {"field": _BEHAVIOUR} | run.reader.every(
        {
            "operator": lambda: _measured_by(run, given),
            "value": lambda: str(_from_one(run, given["times"])) if "times" in given else "",
            "signal": lambda: run.find("signals", given["signal"]),
            "window_days": lambda: days(run, node, given),
        }
    )


def _measured_by(run, given):
    if "operator" not in given:
        return USUAL
    operator = _operator(run, given["operator"], registry.find(_BEHAVIOUR))
    if operator == "not_since" and "times" in given:
        run.reader.complain(given["times"], "“not_since” takes no times.")
        raise Unreadable
    return operator


def days(run, node, given):
    """Return the days of a window, which cannot be left out."""
    if "days" not in given:
        run.reader.complain(node, terms.WHICH_DAYS, "days")
        raise Unreadable
    return _from_one(run, given["days"])


def _from_one(run, node):
    number = run.reader.number(node)
    if number < 1:
        run.reader.complain(node, "Give a whole number, 1 or more.")
        raise Unreadable
    return number


def _field(run, node):
    key = run.reader.text(node)
    if run.is_broken_field(key):
        raise Unreadable
    try:
        field = registry.find(key)
    except KeyError:
        field = None
    if field is None:
        run.reader.complain(node, f"There is no field {key!r}.{_meant(key)}")
    elif field.type == Type.BEHAVIOUR:
        run.reader.complain(node, "Ask for behaviour with signal, operator, times and days.")
        field = None
    return field


def _meant(key):
    known = dict(registry.choices())
    by_label = {label.casefold(): name for name, label in known.items()}
    wanted = (f"{CUSTOM}{key}", f"company.{key}", by_label.get(key.casefold()))
    close = next((name for name in wanted if name in known), None)
    return f" Did you mean {close!r}?" if close else hint(key, known)


def _operator(run, node, field):
    said, allowed = run.reader.text(node), terms.BY_TYPE[field.type]
    if said not in allowed:
        run.reader.complain(
            node,
            f"{said!r} is no operator of {field.label}, which has: {', '.join(allowed)}."
            f"{hint(said, allowed)}",
        )
        raise Unreadable
    return said


def _value(run, given, operator, field):
    """Return the value as it is typed in the admin, which the model then parses."""
    node = given.get("value")
    if operator in terms.WITHOUT_VALUE:
        if node:
            run.reader.complain(node, f"“{operator}” takes no value.")
            raise Unreadable
        return ""
    if node is None:
        return ""
    if operator in terms.NAMED:
        return run.find("lists", node).name
    if not isinstance(node.value, list):
        return _text(run, node, field)
    if operator not in (*terms.LISTS, "between"):
        run.reader.complain(node, f"“{operator}” takes one value, not a list.")
        raise Unreadable
    parts = [fold(_text(run, one, field)) for one in node.value]
    for one, part in zip(node.value, parts, strict=True):
        if not part:
            run.reader.complain(one, f"{shown(one)} is no value.")
            raise Unreadable
    return terms.joined(parts)


def _text(run, node, field):
    if field.type == Type.YES_NO and isinstance(node.value, bool):
        return "yes" if node.value else "no"
    return run.reader.text(node)
