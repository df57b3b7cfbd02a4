"""Asks questions of one lead: which hold, what was compared, and what failed."""

import json
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BooleanField, Case, Func, Q, Value, When
from django.db.models.expressions import RawSQL

from leads.conditions import compiler, terms, words
from leads.conditions.registry import Type
from leads.models import Lead

_LEADS: Any = object()  # stands where the leads' ids are given
_GIVEN = RawSQL("SELECT unnest(%s::bigint[])", [_LEADS])


def _answer(q):
    """A column that is true where `q` holds and false where it does not or cannot be known."""
    return Case(When(q, then=Value(True)), default=Value(False), output_field=BooleanField())


def holds(lead_id, forms, *, today):
    """Return `{key: bool}` for `forms`, a dict of segments in the intermediate form. One query."""
    if not forms:
        return {}
    answers = holding(list(forms.values()), today=today)([lead_id])[lead_id]
    return dict(zip(forms, answers, strict=True))


def holding(forms, *, today, instead=""):
    """Return a function that says of many leads which of these segments hold on this day.

    It takes the leads' ids and returns `{id: [bool, ...]}`, in the order of the segments, with one
    query. The SQL is made once, so whoever asks often keeps the function; a condition that many
    segments share is asked once. `instead` are common table expressions under the tables' names,
    which are then asked, with their parameters.
    """
    found = {_key(term): term for form in forms for _, term in terms.terms_of(form)}
    places = {key: place for place, key in enumerate(found)}
    groups = [_places(form, places) for form in forms]
    asked = Func(
        *(_answer(compiler.term_q(term, today=today)) for term in found.values()),
        template="ARRAY[%(expressions)s]::boolean[]",
        output_field=ArrayField(BooleanField()),
    )
    leads = Lead.objects.order_by().annotate(answers=asked).values_list("pk", "answers")
    sql, params = leads.filter(pk__in=_GIVEN).query.sql_with_params()
    place = next(n for n, value in enumerate(params) if value is _LEADS)

    def judged(lead_ids, *more):
        given = [*more, *params[:place], list(lead_ids), *params[place + 1 :]]
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {instead} {sql}" if instead else sql, given)
            return {lead: _together(answers, groups) for lead, answers in cursor.fetchall()}

    return judged


def _key(term):
    return json.dumps(term, sort_keys=True, default=str)


def _places(form, places):
    """Which conditions a segment asks in each group, as the bits of a number."""
    return [
        sum(1 << place for place in {places[_key(term)] for term in form.get(group, ())})
        for group in terms.GROUPS
    ]


def _together(answers, groups):
    """Whether each segment holds, by the answers to all conditions: the same as `to_q` says.

    Bits, because a batch of leads asks hundreds of rules each.
    """
    true = sum(1 << place for place, answer in enumerate(answers) if answer)
    return [
        true & every == every and (not some or bool(true & some)) and not true & none
        for every, some, none in groups
    ]


def fields_of(forms):
    """Return the fields, behaviour left out, that these segments look at, each once."""
    found: dict = {}
    for form in forms:
        for _, term in terms.terms_of(form):
            field = terms.field_of(term)
            if field.type != Type.BEHAVIOUR:
                found.setdefault(field.label, field)
    return list(found.values())


def values(fields, lead):
    """Return `{label: value}` of a lead's attributes, as text."""
    return {field.label: _text(_read(lead, field.path)) for field in fields}


def unknown(fields, lead):
    """Return the labels of those of these attributes of which nothing is known."""
    return [field.label for field in fields if _read(lead, field.path) in (None, "", [])]


def compared(form, lead):
    """Return `{label: value}` of the lead's attributes that the segment looks at, as text.

    Behaviour is left out: its count stands in the explanation of the score.
    """
    return values(fields_of([form]), lead)


def why(form, lead_id, *, today):
    """Say of every condition of a segment whether it holds for the lead, and what was compared.

    Return a list of dicts with `group`, `sentence`, `holds` (a condition of `none` holds when it
    is not true) and `value`, the lead's own, as text. One query.
    """
    found = list(terms.terms_of(form))
    asked = {}
    for number, (group, term) in enumerate(found):
        q = compiler.term_q(term, today=today)
        asked[f"q{number}"] = _answer(~Q(q) if group == "none" else q)
        asked[f"v{number}"] = compiler.value_of(term, today=today)
    row: Any = Lead.objects.filter(pk=lead_id).values(**asked).get() if asked else {}
    return [
        {
            "group": group,
            "sentence": words.sentence_of_term(term),
            "holds": row[f"q{number}"],
            "value": _compared(term, row[f"v{number}"], today),
        }
        for number, (group, term) in enumerate(found)
    ]


def _compared(term, value, today):
    if term["operator"] != "not_since":
        return _text(value)
    if value is None:
        return "never"
    days = (today - value).days
    return f"{days} day{'' if days == 1 else 's'} ago" if days else "today"


def _read(found, path):
    for step in path.split("__"):
        found = found.get(step) if isinstance(found, dict) else getattr(found, step, None)
    return found


def _text(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "unknown"
    return "unknown" if value in (None, "") else str(value)
