"""Conditions and segments compiled to one `Q` over leads.

Unknown (NULL or empty text) is neither true nor false: only `known` and `unknown` see it, and
`is_not` on unknown is false. Text is compared without regard to case.
"""

import re
from datetime import timedelta
from decimal import Decimal
from functools import partial, reduce

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    CharField,
    Count,
    DecimalField,
    Exists,
    F,
    IntegerField,
    Lookup,
    Max,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Upper

from leads.conditions.registry import Type
from leads.conditions.terms import DAYS, MEASURES, SECONDS, TIMES, VISITS, field_of, measure_of

CharField.register_lookup(Upper)


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


@CharField.register_lookup
class HoldsAnyOf(Lookup):
    """Whether a text that is in capitals has one of these in it, once they are in capitals too."""

    lookup_name = "holds_any_of"
    prepare_rhs = False

    def get_db_prep_lookup(self, value, connection):
        escaped = (re.sub(r"([\\%_])", r"\\\1", one) for one in value)
        return ", ".join(["UPPER(%s)"] * len(value)), [f"%{one}%" for one in escaped]

    def as_sql(self, compiler, connection):
        lhs, params = self.process_lhs(compiler, connection)
        rhs, patterns = self.process_rhs(compiler, connection)
        return f"{lhs} LIKE ANY(ARRAY[{rhs}])", [*params, *patterns]


@CharField.register_lookup
class Among(Lookup):
    """Whether a text that is in capitals is one of these, once they are in capitals too.

    However long the list, it is one parameter and is folded once.
    """

    lookup_name = "among"
    prepare_rhs = False

    def get_db_prep_lookup(self, value, connection):
        return "%s::text[]", [list(value)]

    def as_sql(self, compiler, connection):
        lhs, params = self.process_lhs(compiler, connection)
        rhs, values = self.process_rhs(compiler, connection)
        return f"{lhs} IN (SELECT UPPER(one) FROM unnest({rhs}) AS listed (one))", [
            *params,
            *values,
        ]


def to_q(form, *, today, happened=None):
    """Compile a segment to one `Q` over leads; `today` is the UTC day that windows end with.

    A segment without conditions holds for every lead, as its sentence says. Who has counted the
    leads' behaviour already gives `happened(operator, value, today)`: an expression for whether a
    behaviour was shown often enough, in place of a look-up per lead.
    """
    one = partial(term_q, today=today, happened=happened)
    q = reduce(lambda left, term: left & one(term), form.get("all", ()), Q())
    if form.get("any"):
        q &= reduce(lambda left, term: left | one(term), form["any"], Q(pk__in=[]))
    for term in form.get("none", ()):
        q &= ~one(term)
    # An empty Q cannot stand in a CASE.
    return q or Q(pk__isnull=False)


def term_q(term, *, today, happened=None):
    """Compile one condition."""
    field, operator, value = field_of(term), term["operator"], term["value"]
    if field.type == Type.BEHAVIOUR:
        found = Q((happened or _happened)(operator, value, today))
        return ~found if operator in ("not_happened", "not_since") else found
    known = Q(**{f"{field.path}__isnull": False})
    if field.type in (Type.TEXT, Type.CHOICE):
        known &= ~Q(**{f"{field.path}__exact": ""})
    elif field.type == Type.MANY:
        known &= ~Q(**{f"{field.path}__exact": []})
    compare = (_OF_MANY if field.type == Type.MANY else {}).get(operator) or _COMPARE[operator]
    return ~known if operator == "unknown" else known & compare(field.path, value)


def days_of(value, today):
    """Return the days of the outer lead on which a behaviour's signal was seen in its window."""
    return apps.get_model("leads", "SignalDay").objects.filter(
        lead=OuterRef("pk"),
        signal=value["signal"],
        day__lte=today,
        day__gt=today - timedelta(days=value["days"]),
    )


_MEASURED = {
    TIMES: Sum("n"),
    DAYS: Count("day"),
    VISITS: Sum("visits"),
    SECONDS: Sum("seconds"),
}


def _happened(operator, value, today):
    counted = _MEASURED[MEASURES.get(operator, TIMES)]
    days = days_of(value, today).values("lead").annotate(times=counted)
    return Exists(days.filter(times__gte=value["times"]).values("lead"))


def _same(path, value):
    # The look-up is always named: a custom field may be called like one.
    return Q(**{f"{path}__{'iexact' if isinstance(value, str) else 'exact'}": _exact(path, value)})


def _exact(path, value):
    """A decimal as numeric where a column holds whole numbers: Django would cut it off."""
    if not isinstance(value, float) or _is_custom(path):
        return value
    return Value(Decimal(str(value)), output_field=DecimalField())


def _at_least(path, value):
    return Q(**{f"{path}__gte": _exact(path, value)})


def _at_most(path, value):
    return Q(**{f"{path}__lte": _exact(path, value)})


def _is_custom(path):
    return "attributes" in path.split("__")  # where any name that follows is a key


def _one_of(path, values):
    if _is_custom(path):
        return reduce(lambda q, value: q | _same(path, value), values, Q(pk__in=[]))
    # One comparison, however long the list: a text is folded once, not once for each of them.
    return Q(**{f"{path}__upper__in": [Upper(Value(value)) for value in values]})


def _among(path, listed):
    if not _is_custom(path):
        return Q(**{f"{path}__upper__among": listed["values"]})
    store, _, key = path.rpartition("__")
    return Q(Among(Upper(KeyTextTransform(key, store)), listed["values"]))


def _whole(word):
    r"""The pattern of a whole word. \y needs a word character beside it: "C++" ends without one."""
    first = r"\y" if word[0].isalnum() or word[0] == "_" else ""
    last = r"\y" if word[-1].isalnum() or word[-1] == "_" else ""
    return f"{first}{re.escape(word)}{last}"


def _words(path, words):
    """Whole words only: 'vp' is not in 'RSVP'. The words are escaped, so no pattern gets in."""
    any_of = "|".join(map(_whole, words))
    found = Q(**{f"{path}__iregex": any_of})
    if _is_custom(path) or not all(map(str.isascii, words)):
        return found
    # A regular expression is slow, and most texts have none of the words in any shape.
    return Q(**{f"{path}__upper__holds_any_of": words}) & found


def _any_of(path, values):
    return Q(**{f"{path}__has_any_of": values})


_COMPARE = {
    "is": _same,
    "is_not": lambda path, value: ~_same(path, value),
    "in": _one_of,
    "in_list": _among,
    "not_in_list": lambda path, listed: ~_among(path, listed),
    "contains_any": _words,
    "has_any": _any_of,
    "starts_with": lambda path, value: Q(**{f"{path}__istartswith": value}),
    "at_least": _at_least,
    "at_most": _at_most,
    "between": lambda path, pair: _at_least(path, pair[0]) & _at_most(path, pair[1]),
    "known": lambda path, value: Q(),
    "unknown": lambda path, value: Q(),
}
# What a list means to a field of many values: any of them stands in it, or none does.
_OF_MANY = {
    "in_list": lambda path, listed: _any_of(path, listed["values"]),
    "not_in_list": lambda path, listed: ~_any_of(path, listed["values"]),
}


def value_of(term, *, today):
    """Return an expression for what the condition looks at: a column, a count, or the last day."""
    field, value = field_of(term), term["value"]
    if field.type != Type.BEHAVIOUR:
        return F(field.path)
    if term["operator"] == "not_since":
        days = apps.get_model("leads", "SignalDay").objects.filter(
            lead=OuterRef("pk"), signal=value["signal"], day__lte=today
        )
        return Subquery(days.values("lead").annotate(last=Max("day")).values("last"))
    counted = _MEASURED[measure_of(term)]
    found = days_of(value, today).values("lead").annotate(found=counted).values("found")
    return Coalesce(Subquery(found, output_field=IntegerField()), Value(0))
