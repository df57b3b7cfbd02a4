"""Conditions and segments compiled to one `Q` over leads.

Unknown (NULL or empty text) is neither true nor false: only `known` and `unknown` see it, and
`is_not` on unknown is false. Text is compared without regard to case.
"""

import re
from datetime import timedelta
from functools import reduce

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Count,
    Exists,
    F,
    IntegerField,
    Lookup,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce

from leads.conditions.registry import Type
from leads.conditions.terms import field_of


@ArrayField.register_lookup
class HasAnyOf(Lookup):
    """Whether a list of texts has one of these, without regard to case."""

    lookup_name = "has_any_of"
    prepare_rhs = False

    def get_db_prep_lookup(self, value, connection):
        return "%s", [[one.lower() for one in value]]

    def as_sql(self, compiler, connection):
        lhs, params = self.process_lhs(compiler, connection)
        rhs, wanted = self.process_rhs(compiler, connection)
        held = f"SELECT 1 FROM unnest({lhs}) AS held (one)"
        return f"EXISTS ({held} WHERE lower(held.one) = ANY({rhs}))", [*params, *wanted]


def to_q(form, *, today):
    """Compile a segment to one `Q` over leads; `today` is the UTC day that windows end with."""
    q = reduce(lambda left, term: left & term_q(term, today=today), form.get("all", ()), Q())
    if form.get("any"):
        q &= reduce(lambda left, term: left | term_q(term, today=today), form["any"], Q(pk__in=[]))
    for term in form.get("none", ()):
        q &= ~term_q(term, today=today)
    return q


def term_q(term, *, today):
    """Compile one condition."""
    field, operator, value = field_of(term), term["operator"], term["value"]
    if field.type == Type.BEHAVIOUR:
        found = Q(_happened(operator, value, today))
        return ~found if operator in ("not_happened", "not_since") else found
    known = Q(**{f"{field.path}__isnull": False})
    if field.type in (Type.TEXT, Type.CHOICE):
        known &= ~Q(**{f"{field.path}__exact": ""})
    elif field.type == Type.MANY:
        known &= ~Q(**{f"{field.path}__exact": []})
    return ~known if operator == "unknown" else known & _COMPARE[operator](field.path, value)


def days_of(value, today):
    """Return the days of the outer lead on which a behaviour's signal was seen in its window."""
    return apps.get_model("leads", "SignalDay").objects.filter(
        lead=OuterRef("pk"),
        signal=value["signal"],
        day__lte=today,
        day__gt=today - timedelta(days=value["days"]),
    )


def _happened(operator, value, today):
    counted = Count("day") if operator == "on_days" else Sum("n")
    days = days_of(value, today).values("lead").annotate(times=counted)
    return Exists(days.filter(times__gte=value["times"]).values("lead"))


def _same(path, value):
    # The look-up is always named: a custom field may be called like one.
    return Q(**{f"{path}__{'iexact' if isinstance(value, str) else 'exact'}": value})


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
    "has_any": lambda path, values: Q(**{f"{path}__has_any_of": values}),
    "starts_with": lambda path, value: Q(**{f"{path}__istartswith": value}),
    "at_least": lambda path, value: Q(**{f"{path}__gte": value}),
    "at_most": lambda path, value: Q(**{f"{path}__lte": value}),
    "between": lambda path, pair: Q(**{f"{path}__gte": pair[0], f"{path}__lte": pair[1]}),
    "known": lambda path, value: Q(),
}


def value_of(term, *, today):
    """Return an expression for what the condition looks at: a column, or a count or a last day."""
    field, value = field_of(term), term["value"]
    if field.type != Type.BEHAVIOUR:
        return F(field.path)
    counted = Count("day") if term["operator"] == "on_days" else Sum("n")
    found = days_of(value, today).values("lead").annotate(found=counted).values("found")
    return Coalesce(Subquery(found, output_field=IntegerField()), Value(0))
