"""Conditions and segments in their intermediate form: parse, word, compile, compare.

A term is `{"field", "operator", "value"}`; a behaviour's value is
`{"signal", "signal_name", "days", "times"}`. A segment is `{"name", "all", "any", "none"}`, each a
list of terms: every one of `all`, at least one of `any` (if it has any) and none of `none`.

Unknown (NULL or empty text) is neither true nor false: only `known` and `unknown` see it, and
`is_not` on unknown is false. Text is compared without regard to case.
"""

import re
from datetime import timedelta
from functools import reduce

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, Sum

from leads.conditions.registry import FIELDS, Type
from leads.text import fold

OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "in": "is one of",
    "contains_any": "contains any of the words",
    "starts_with": "starts with",
    "at_least": "is at least",
    "at_most": "is at most",
    "between": "is between",
    "known": "is known",
    "unknown": "is unknown",
    "happened": "happened at least",
    "not_happened": "happened fewer times than",
}

_TEXT = ("is", "is_not", "in", "contains_any", "starts_with", "known", "unknown")
BY_TYPE = {
    Type.TEXT: _TEXT,
    Type.NUMBER: ("is", "is_not", "at_least", "at_most", "between", "known", "unknown"),
    Type.CHOICE: ("is", "is_not", "in", "known", "unknown"),
    Type.YES_NO: ("is",),
    Type.BEHAVIOUR: ("happened", "not_happened"),
}
_WITHOUT_VALUE = ("known", "unknown")
_LISTS = ("in", "contains_any")


class BadCondition(ValueError):
    """The parts of a condition do not fit each other; `column` names the one to change."""

    def __init__(self, column, message):
        self.column = column
        super().__init__(message)


def parse(field, operator, value, *, signal=None, window_days=None):
    """Return a term from what a person typed. Raise BadCondition naming the column at fault."""
    if field not in FIELDS:
        raise BadCondition("field", f"There is no field {field!r}.")
    kind = FIELDS[field].type
    if operator not in BY_TYPE[kind]:
        allowed = ", ".join(OPERATORS[name] for name in BY_TYPE[kind])
        raise BadCondition("operator", f"{FIELDS[field].label} can be asked: {allowed}.")
    if kind == Type.BEHAVIOUR:
        parsed = _parse_behaviour(value, signal, window_days)
    elif operator in _WITHOUT_VALUE:
        parsed = None
    else:
        parsed = _parse_value(kind, operator, fold(value))
    return {"field": field, "operator": operator, "value": parsed}


def _parse_behaviour(value, signal, window_days):
    if signal is None:
        raise BadCondition("signal", "Choose the signal.")
    if not window_days:
        raise BadCondition("window_days", "Say in how many days it is looked for.")
    times = _number(value or "1")
    if times < 1:
        raise BadCondition("value", "Say how many times, 1 or more.")
    return {
        "signal": signal.pk,
        "signal_name": signal.name,
        "days": window_days,
        "times": times,
    }


def _parse_value(kind, operator, text):
    parts = [fold(part) for part in text.split(",") if fold(part)]
    if not parts:
        raise BadCondition("value", "Give a value.")
    if kind == Type.YES_NO:
        if text.casefold() not in ("yes", "no"):
            raise BadCondition("value", "Answer yes or no.")
        return text.casefold() == "yes"
    if operator == "between":
        numbers = [_number(part) for part in parts]
        if len(numbers) != 2 or numbers[0] > numbers[1]:
            raise BadCondition("value", "Give two numbers, the smaller first: 200, 2000.")
        return numbers
    if kind == Type.NUMBER:
        return _number(text)
    return parts if operator in _LISTS else text


def _number(text):
    try:
        return int(text)
    except ValueError:
        raise BadCondition("value", f"{text!r} is not a whole number.") from None


def sentence_of_term(term):
    """Return one condition in plain English."""
    label, operator, value = FIELDS[term["field"]].label, term["operator"], term["value"]
    if FIELDS[term["field"]].type == Type.BEHAVIOUR:
        plural = "time" if value["times"] == 1 else "times"
        return (
            f"{value['signal_name']} {OPERATORS[operator]} {value['times']} {plural} "
            f"in {value['days']} days"
        )
    if isinstance(value, bool):
        return f"{label} is {'yes' if value else 'no'}"
    if operator == "between":
        return f"{label} is between {value[0]} and {value[1]}"
    if isinstance(value, list):
        value = ", ".join(value)
    return (
        f"{label} {OPERATORS[operator]} {value}"
        if value is not None
        else (f"{label} {OPERATORS[operator]}")
    )


def sentence(form):
    """Return a whole segment in plain English, without a full stop."""
    parts = [sentence_of_term(term) for term in form.get("all", ())]
    if form.get("any"):
        parts.append("(" + " or ".join(map(sentence_of_term, form["any"])) + ")")
    parts += ["not (" + sentence_of_term(term) + ")" for term in form.get("none", ())]
    return " and ".join(parts) or "every lead"


def to_q(form, *, today):
    """Compile a segment to one `Q` over leads; `today` is the UTC day that windows end with."""
    q = reduce(lambda left, term: left & _term_q(term, today), form.get("all", ()), Q())
    if form.get("any"):
        q &= reduce(lambda left, term: left | _term_q(term, today), form["any"], Q(pk__in=[]))
    for term in form.get("none", ()):
        q &= ~_term_q(term, today)
    return q


def _term_q(term, today):
    field, operator, value = FIELDS[term["field"]], term["operator"], term["value"]
    if field.type == Type.BEHAVIOUR:
        happened = Q(_happened(value, today))
        return happened if operator == "happened" else ~happened
    path = field.path
    known = Q(**{f"{path}__isnull": False})
    if field.type in (Type.TEXT, Type.CHOICE):
        known &= ~Q(**{path: ""})
    return known & _COMPARE[operator](path, value) if operator != "unknown" else ~known


def _happened(value, today):
    days = apps.get_model("leads", "SignalDay").objects.filter(
        lead=OuterRef("pk"),
        signal=value["signal"],
        day__lte=today,
        day__gt=today - timedelta(days=value["days"]),
    )
    return Exists(
        days.values("lead")
        .annotate(times=Sum("n"))
        .filter(times__gte=value["times"])
        .values("lead")
    )


def _same(path, value):
    return Q(**{f"{path}__iexact" if isinstance(value, str) else path: value})


def _words(path, words):
    """Whole words only: 'vp' is not in 'RSVP'. The words are escaped, so no pattern gets in."""
    # PostgreSQL's \y is a word's edge at whichever end has a word character.
    any_of = "|".join(rf"\y{re.escape(word)}\y" for word in words)
    return Q(**{f"{path}__iregex": any_of})


_COMPARE = {
    "is": _same,
    "is_not": lambda path, value: ~_same(path, value),
    "in": lambda path, values: reduce(lambda q, v: q | _same(path, v), values, Q(pk__in=[])),
    "contains_any": _words,
    "starts_with": lambda path, value: Q(**{f"{path}__istartswith": value}),
    "at_least": lambda path, value: Q(**{f"{path}__gte": value}),
    "at_most": lambda path, value: Q(**{f"{path}__lte": value}),
    "between": lambda path, pair: Q(**{f"{path}__gte": pair[0], f"{path}__lte": pair[1]}),
    "known": lambda path, value: Q(),
}


def compared(form, lead):
    """Return `{label: value}` of the lead's attributes that the segment looks at, as text.

    Behaviour is left out: its count stands in the explanation of the score.
    """
    values = {}
    for group in ("all", "any", "none"):
        for term in form.get(group, ()):
            field = FIELDS[term["field"]]
            if field.type != Type.BEHAVIOUR:
                found = lead
                for step in field.path.split("__"):
                    found = getattr(found, step, None)
                values[field.label] = "unknown" if found in (None, "") else str(found)
    return values
