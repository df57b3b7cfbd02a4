"""Conditions and segments in their intermediate form, and how people's words become one.

A term is `{"field", "operator", "value"}`; a behaviour's value is
`{"signal", "signal_name", "days", "times"}`, where `times` is how much of what the operator
measures, that of a list `{"id", "list", "values"}`; a term on a custom field carries the field's
description as `custom`, so that it can be read after the field has gone. A segment is
`{"name", "all", "any", "none"}`, each a list of terms: every one of `all`, at least one of `any`
(if it has any) and none of `none`.
"""

import csv
import re
from datetime import date

from leads import decimals
from leads.conditions import registry
from leads.conditions.registry import CUSTOM, FIELDS, Field, Type
from leads.text import fold, hint

OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "in": "is one of",
    "in_list": "is in the list",
    "not_in_list": "is not in the list",
    "contains_any": "contains any of the words",
    "has_any": "has any of",
    "starts_with": "starts with",
    "at_least": "is at least",
    "at_most": "is at most",
    "between": "is between",
    "known": "is known",
    "unknown": "is unknown",
    "happened": "happened at least",
    "not_happened": "happened fewer times than",
    "on_days": "happened on at least",
    "in_visits": "happened in at least",
    "for_seconds": "took at least",
    "not_since": "did not happen",
}

_RANGE = ("is", "is_not", "at_least", "at_most", "between", "known", "unknown")
BY_TYPE = {
    Type.TEXT: (
        "is",
        "is_not",
        "in",
        "in_list",
        "not_in_list",
        "contains_any",
        "starts_with",
        "known",
        "unknown",
    ),
    Type.NUMBER: _RANGE,
    Type.DATE: _RANGE,
    Type.CHOICE: ("is", "is_not", "in", "in_list", "not_in_list", "known", "unknown"),
    Type.YES_NO: ("is", "known", "unknown"),
    Type.MANY: ("has_any", "in_list", "not_in_list", "known", "unknown"),
    Type.BEHAVIOUR: (
        "happened",
        "not_happened",
        "on_days",
        "in_visits",
        "for_seconds",
        "not_since",
    ),
}
TIMES, DAYS, VISITS, SECONDS = "times", "days", "visits", "seconds"
# What a behaviour is measured by where an operator asks for anything but how many times.
MEASURES = {"on_days": DAYS, "in_visits": VISITS, "for_seconds": SECONDS}
GROUPS = ("all", "any", "none")
WITHOUT_VALUE = ("known", "unknown")
NAMED = ("in_list", "not_in_list")  # their value is the name of a list
CHOSEN = ("is", "is_not", "in")  # their values are among a field's choices, where it has any
LISTS = ("in", "contains_any", "has_any")
WHICH_DAYS = "Say in how many days it is looked for."
_BIGGEST = 2**62


class BadCondition(ValueError):
    """The parts of a condition do not fit each other; `column` names the one to change."""

    def __init__(self, column, message):
        self.column = column
        super().__init__(message)


def field_of(term):
    """Return the Field that a term asks about."""
    custom = term.get("custom")
    if custom:
        return Field(term["field"], custom["label"], Type(custom["type"]), custom["path"])
    return FIELDS[term["field"]]


def measure_of(term):
    """Return what a condition on behaviour measures."""
    return MEASURES.get(term["operator"], TIMES)


def terms_of(form):
    """Yield `(group, term)` for every condition of a segment in the intermediate form."""
    for group in GROUPS:
        for term in form.get(group, ()):
            yield group, term


def parse(key, operator, value, *, signal=None, window_days=None):
    """Return a term from what a person typed. Raise BadCondition naming the column at fault."""
    try:
        field = registry.find(key)
    except KeyError:
        raise BadCondition("field", f"There is no field {key!r}.") from None
    if operator not in BY_TYPE[field.type]:
        allowed = ", ".join(OPERATORS[name] for name in BY_TYPE[field.type])
        raise BadCondition("operator", f"{field.label} can be asked: {allowed}.")
    if field.type == Type.BEHAVIOUR:
        parsed = _parse_behaviour(operator, value, signal, window_days)
    elif operator in WITHOUT_VALUE:
        parsed = None
    elif operator in NAMED:
        parsed = _parse_list(fold(value))
    else:
        parsed = parse_value(field.type, operator, fold(value))
    term = {"field": key, "operator": operator, "value": parsed}
    if key.startswith(CUSTOM):
        term["custom"] = {"label": field.label, "type": field.type, "path": field.path}
    return term


def check_choices(term):
    """Raise BadCondition for a value that is none of the field's choices.

    It is asked of what somebody writes. What was written before a choice was taken away goes on
    saying what it said, of those who still have it.
    """
    field, value = field_of(term), term["value"]
    if field.type != Type.CHOICE or term["operator"] not in CHOSEN:
        return
    choices = list(registry.values_of(field))
    known = {fold(choice).casefold() for choice in choices}
    for one in value if isinstance(value, list) else [value]:
        if choices and one.casefold() not in known:
            said = f"{one!r} is none of the choices of {field.label}: {', '.join(choices)}."
            raise BadCondition("value", f"{said}{hint(one, choices)}")


def _parse_behaviour(operator, value, signal, window_days):
    if signal is None:
        raise BadCondition("signal", "Choose the signal.")
    if not window_days:
        raise BadCondition("window_days", WHICH_DAYS)
    times = 1 if operator == "not_since" else _whole(value or "1")
    if times < 1:
        what = MEASURES.get(operator, TIMES)
        raise BadCondition("value", f"Say how many {what}, 1 or more.")
    return {
        "signal": signal.pk,
        "signal_name": signal.name,
        "days": window_days,
        "times": times,
    }


def _parse_list(name):
    if not name:
        raise BadCondition("value", "Give the name of a list.")
    try:
        return registry.value_list(name).form()
    except KeyError:
        raise BadCondition("value", f"There is no list {name!r}.") from None


def split(text):
    """Return the values that commas separate; one that holds a comma stands in quotation marks."""
    try:
        rows = list(csv.reader([text], skipinitialspace=True, strict=True))
    except csv.Error:
        raise BadCondition("value", "A quotation mark is not closed before its comma.") from None
    return [fold(part) for row in rows for part in row if fold(part)]


def joined(values):
    """Return values as `split` reads them."""
    return ", ".join(
        '"' + value.replace('"', '""') + '"' if "," in value or value.startswith('"') else value
        for value in values
    )


def parse_value(kind, operator, text):
    """Return the value that a person typed for a field of this type; lists for some operators."""
    is_listed = operator in LISTS or operator == "between"
    parts = split(text) if is_listed else [text] if fold(text) else []
    if not parts:
        raise BadCondition("value", "Give a value.")
    if kind == Type.YES_NO:
        if text.casefold() not in ("yes", "no"):
            raise BadCondition("value", "Answer yes or no.")
        return text.casefold() == "yes"
    one = {Type.NUMBER: _number, Type.DATE: _date}.get(kind, str)
    if operator == "between":
        pair = [one(part) for part in parts]
        if len(pair) != 2 or pair[0] > pair[1]:
            raise BadCondition("value", "Give two values, the smaller first: 200, 2000.")
        return pair
    return [one(part) for part in parts] if operator in LISTS else one(text)


def _whole(text):
    if not re.fullmatch(r"[+-]?\d{1,60}", text, re.ASCII):  # int() also reads 1_000
        raise BadCondition("value", f"{text!r} is not a whole number.")
    return _bounded(int(text), text)


def _number(text):
    try:
        return _bounded(decimals.number(text), text)
    except decimals.NotANumber as error:
        raise BadCondition("value", str(error)) from None


def _bounded(number, text):
    if abs(number) > _BIGGEST:
        raise BadCondition("value", f"{text!r} is too large.")
    return number


def _date(text):
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadCondition("value", f"{text!r} is not a date such as 2026-03-31.") from None
