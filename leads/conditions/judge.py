"""Asks questions of one lead: which hold, what was compared, and what failed."""

from typing import Any

from django.db.models import BooleanField, Case, Q, Value, When

from leads.conditions import compiler, terms, words
from leads.conditions.registry import Type
from leads.models import Lead


def _answer(q):
    """A column that is true where `q` holds and false where it does not or cannot be known."""
    return Case(When(q, then=Value(True)), default=Value(False), output_field=BooleanField())


def holds(lead_id, forms, *, today):
    """Return `{key: bool}` for `forms`, a dict of segments in the intermediate form. One query."""
    if not forms:
        return {}
    asked = {
        f"q{number}": _answer(compiler.to_q(form, today=today))
        for number, form in enumerate(forms.values())
    }
    answers = Lead.objects.filter(pk=lead_id).annotate(**asked).values_list(*asked).get()
    return dict(zip(forms, answers, strict=True))


def compared(form, lead):
    """Return `{label: value}` of the lead's attributes that the segment looks at, as text.

    Behaviour is left out: its count stands in the explanation of the score.
    """
    values = {}
    for _, term in terms.terms_of(form):
        field = terms.field_of(term)
        if field.type != Type.BEHAVIOUR:
            values[field.label] = _text(_read(lead, field.path))
    return values


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
