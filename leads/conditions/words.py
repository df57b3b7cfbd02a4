"""Conditions and segments in plain English."""

from leads.conditions.registry import Type
from leads.conditions.terms import MEASURES, NAMED, OPERATORS, TIMES, field_of, joined

# A field of many values has some of a list, and is not in one.
MANY = OPERATORS | {"in_list": "has any of the list", "not_in_list": "has none of the list"}
MOST_LISTED = 6  # values of a list that a sentence names


def sentence_of_term(term):
    """Return one condition in plain English."""
    field, operator, value = field_of(term), term["operator"], term["value"]
    if field.type == Type.BEHAVIOUR:
        return _behaviour(operator, value)
    if isinstance(value, bool):
        return f"{field.label} is {'yes' if value else 'no'}"
    if operator == "between":
        return f"{field.label} is between {value[0]} and {value[1]}"
    asked = f"{field.label} {(MANY if field.type == Type.MANY else OPERATORS)[operator]}"
    if operator in NAMED:
        return f"{asked} {value['list']} ({listed(value['values'])})"
    if value is None:
        return asked
    return f"{asked} {joined(value) if isinstance(value, list) else value}"


def listed(values):
    if len(values) <= MOST_LISTED:
        return joined(values)
    return f"{joined(values[: MOST_LISTED - 2])} and {len(values) - MOST_LISTED + 2} more"


def _behaviour(operator, value):
    name, days, times = value["signal_name"], value["days"], value["times"]
    if operator == "not_since":
        return f"{name} did not happen in {days} days"
    unit = MEASURES.get(operator, TIMES)
    return f"{name} {OPERATORS[operator]} {amount(times, unit)} in {days} days"


def amount(number, measure):
    """Return "1 visit", "120 seconds"."""
    return f"{number} {measure.removesuffix('s') if number == 1 else measure}"


def sentence(form):
    """Return a whole segment in plain English, without a full stop."""
    parts = [sentence_of_term(term) for term in form.get("all", ())]
    if form.get("any"):
        parts.append("(" + " or ".join(map(sentence_of_term, form["any"])) + ")")
    parts += ["not (" + sentence_of_term(term) + ")" for term in form.get("none", ())]
    return " and ".join(parts) or "every lead"
