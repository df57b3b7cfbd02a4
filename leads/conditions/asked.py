"""What a list of leads is narrowed by, as its address says it.

A condition is one text, "country is DE" or "company.employees between 200, 2000": a field's key,
an operator, and what a person would type as value. Behaviour names its signal's key, the days and
how much: "behaviour happened pricing 30 2". A segment is its name. Everything is read by the
language of rules, so a list holds whom a rule with the same condition holds for.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Q

from leads.conditions import compiler, registry, terms, words
from leads.conditions.registry import Type
from leads.conditions.terms import OPERATORS, BadCondition
from leads.models import Segment, Signal
from leads.models.segment import LONGEST_WINDOW
from leads.text import fold, storable, whole

WHERE, SEGMENT = "where", "segment"  # the parameters of an address
MOST = 20  # that one list is narrowed by
LONGEST = 500  # characters of a value


@dataclass(frozen=True)
class Asked:
    """One thing that a list is narrowed by: its sentence, or the problem why it has none."""

    parameter: str
    text: str
    sentence: str = ""
    problem: str = ""
    q: Q | None = None


def written(key, operator, value, *, signal="", days=""):
    """Return a condition as one text, which `read` reads."""
    said = (signal, str(days), value) if signal or days else (value,)
    return fold(" ".join((key, operator, *said)))


def read(text):
    """Return the term that the text says. Raise BadCondition naming the column at fault."""
    if not storable(text):
        raise BadCondition("value", "It holds a character that cannot be stored.")
    key, operator, value = [*fold(text).split(" ", 2), "", ""][:3]
    if len(value) > LONGEST:
        raise BadCondition("value", f"Give at most {LONGEST} characters.")
    if operator not in OPERATORS:
        raise BadCondition("operator", f"There is no comparison {operator!r}.")
    try:
        field = registry.find(key)
    except KeyError:
        raise BadCondition("field", f"There is no field {key!r}.") from None
    if field.type == Type.BEHAVIOUR:
        return _behaviour(key, operator, value)
    return _with_known_values(field, terms.parse(key, operator, value))


def _behaviour(key, operator, value):
    name, days, times = [*value.split(" ", 2), "", "", ""][:3]
    signal = Signal.objects.current().filter(key=name).first()
    window = whole(days)
    if signal and window is not None and not 1 <= window <= LONGEST_WINDOW:
        raise BadCondition("window_days", f"Give 1 to {LONGEST_WINDOW} days.")
    return terms.parse(key, operator, times, signal=signal, window_days=window)


def _with_known_values(field, term):
    """Take a choice by its value or its label; refuse what nobody can have chosen."""
    if field.type == Type.CHOICE and term["operator"] in terms.CHOSEN:
        by_label = {label.casefold(): value for value, label in registry.values_of(field).items()}
        said = term["value"] if isinstance(term["value"], list) else [term["value"]]
        meant = [by_label.get(one.casefold(), one) for one in said]
        term = term | {"value": meant if isinstance(term["value"], list) else meant[0]}
        terms.check_choices(term)
    return term


def asked(query, *, today):
    """Return what a query string (a QueryDict) asks for, in its order, each thing once."""
    said = dict.fromkeys(
        (name, text) for name in (WHERE, SEGMENT) for text in map(fold, query.getlist(name)) if text
    )
    found = [_asked(name, text, today) for name, text in list(said)[:MOST]]
    if len(said) > MOST:
        found.append(Asked(*list(said)[MOST], problem=f"A list is narrowed by at most {MOST}."))
    return found


def _asked(name, text, today):
    try:
        if name == WHERE:
            term = read(text)
            form, sentence = {"all": [term]}, words.sentence_of_term(term)
        else:
            segment, sentence = _segment(text), f"In the segment “{text}”"
            form = segment.form()
    except BadCondition as error:
        return Asked(name, text, problem=str(error))
    except ValidationError:
        return Asked(name, text, problem="A condition of it makes no sense any more.")
    return Asked(name, text, sentence, q=compiler.to_q(form, today=today))


def _segment(name):
    found = Segment.objects.filter(name__iexact=name).first() if storable(name) else None
    if found is None:
        raise BadCondition("segment", f"There is no segment “{name}”.")
    return found


def narrow(leads, found):
    """Return the leads for which everything asked holds; none where one thing has no sense."""
    if any(one.problem for one in found):
        return leads.none()
    for one in found:
        leads = leads.filter(one.q)
    return leads
