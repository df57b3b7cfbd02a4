"""The single changes to a lead that a definition could notice: of one attribute or one behaviour.

Only a definition's own rules suggest changes. A number or a date changes to the edges of what the
rules ask for: between two edges no rule tells two values apart, so the nearest edge is the nearest
value. A text becomes what a rule names, something that no rule names, or unknown. A signal is
shown one to `MOST_TOUCHPOINTS` times more, today; in as many visits or for longer where the rules
ask for that.

Rules with long lists suggest thousands of changes. Of one subject no more than so many smallest
ones are worked out: whoever tries them all cannot try more in a moment.

Left alone is what nobody can put right or learn: the e-mail address, consent, stage and status,
what stands in other rows (the campaign's name), and fields and signals that are switched off.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, pairwise
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError

from leads import consents, decimals
from leads.conditions.registry import CUSTOM, Field, Type
from leads.conditions.terms import field_of, measure_of, terms_of
from leads.models import Company, CustomField, Lead, Signal
from leads.scoring.counts import counted_by

MOST_TOUCHPOINTS = 20  # more is not near
MOST_LISTED = 5  # values of a list that are tried
MOST_TRIED = 250  # of all changes, the smallest ones: each is a copy of the lead to judge
OTHER = "?"  # stands for a text that no rule names
TOUCHPOINTS, ATTRIBUTE, VISIT, TIME = "touchpoints", "attribute", "visits", "seconds"
A_LOOK = 30  # seconds that weigh as much as one touchpoint
LONGEST = 3_600  # seconds; more is not near
RANGED = (Type.NUMBER, Type.DATE)
UNKNOWN: tuple = (None, "", [])


@dataclass(frozen=True)
class Step:
    """One possible change of a lead, not yet judged.

    `subject` is a signal's id or a field's key; `value` how many touchpoints more, or the new
    value (unknown is one of `UNKNOWN`). `said` are the words for it, a verb and what is named.
    """

    kind: str
    subject: Any
    label: str
    value: Any
    size: float
    said: tuple[str, str] = ("", "")
    field: Field | None = None
    now: Any = None

    def applied(self, lead, *, today):
        """Return a copy of the imagined lead with the change."""
        if self.kind == VISIT:
            return lead.with_touchpoints(self.subject[0], today, self.value, visits=self.value)
        if self.kind == TIME:
            return lead.with_touchpoints(self.subject[0], today, 1, seconds=self.value, visits=1)
        if self.field is None:
            return lead.with_touchpoints(self.subject, today, self.value)
        return lead.with_value(self.field.path, self.value)


def possible(form, lead, *, today):
    """Return the Steps for an imagined lead, smallest first, else as the rules mention them.

    Of one subject there are at most `MOST_TRIED`, and one that says that there would be more.
    """
    subjects = _subjects(form)
    active = set(Signal.objects.filter(is_active=True).values_list("pk", flat=True))
    stores = _stores([about for about, _ in subjects.values() if isinstance(about, Field)])
    steps: list[Step] = []
    for key, (about, terms) in subjects.items():
        if key in active:
            steps += [
                Step(TOUCHPOINTS, key, about, n, size=n) for n in range(1, MOST_TOUCHPOINTS + 1)
            ]
        elif isinstance(key, tuple) and key[0] in active:
            steps += _measured(key, about, terms, lead, today)
        elif key in stores:
            found = _changed(about, terms, lead, stores[key], today)
            steps += islice(found, MOST_TRIED + 1)
    return sorted(steps, key=lambda step: step.size)


def _subjects(form):
    """What the rules look at: `{signal id: (name, [])}` and `{field's key: (Field, terms)}`."""
    found: dict = {}
    for rule in form["rules"]:
        if rule["type"] == "count":
            asked = _behaviour(found, rule["signal"], rule["signal_name"], counted_by(rule))
            asked.append((rule["days"], rule["per"], bool(rule.get("half_life"))))
            continue
        for _, term in terms_of(rule["when"]):
            field, value = field_of(term), term["value"]
            if field.type == Type.BEHAVIOUR:
                name, measure = value["signal_name"], measure_of(term)
                asked = _behaviour(found, value["signal"], name, measure)
                asked.append((value["days"], value["times"], False))
            else:
                found.setdefault(field.key, (field, []))[1].append(term)
    return found


def _behaviour(found, signal, name, measure):
    """Return the list of what is asked of a behaviour: `(days, how much, whether it fades)`."""
    key = (signal, measure) if measure in (VISIT, TIME) else signal
    return found.setdefault(key, (name, []))[1]


def _measured(key, name, asked, lead, today):
    """The Steps of more visits, or of more time in one of them."""
    signal, measure = key
    if measure == VISIT:
        for n in range(1, MOST_TOUCHPOINTS + 1):
            yield Step(VISIT, key, name, n, size=n)
        return
    edges: set[int] = set()
    for days, per, fades in asked:
        since = today - timedelta(days=days)
        had = sum(one[3] for one in lead.days if one[0] == signal and since < one[1] <= today)
        edges.update(per * n - had for n in range(had // per + 1, had // per + 21))
        if fades:
            edges.update(range(A_LOOK, LONGEST, A_LOOK))
    for seconds in sorted(edge for edge in edges if 0 < edge <= LONGEST):
        yield Step(TIME, key, name, seconds, size=seconds / A_LOOK)


@dataclass(frozen=True)
class _Store:
    """Where a value is kept: `keep` returns it as stored or raises ValidationError."""

    keep: Callable
    choices: list


def _stores(fields):
    """Return `{field's key: _Store}` of those fields whose value somebody could correct."""
    keys = [field.key.removeprefix(CUSTOM) for field in fields if field.key.startswith(CUSTOM)]
    custom = CustomField.objects.filter(key__in=keys, is_active=True) if keys else []
    found = {
        f"{CUSTOM}{row.key}": _Store(
            lambda value, row=row: None if value is None else row.read(value), row.choices
        )
        for row in custom
    }
    for field in fields:
        model = Company if field.path.startswith("company__") else Lead
        name = field.path.removeprefix("company__")
        if name in model.LEARNED and name not in consents.LABELS:
            column: Any = model._meta.get_field(name)
            choices = [value for value, _ in column.choices or ()]
            found[field.key] = _Store(lambda value, column=column: _kept(column, value), choices)
    return found


def _kept(column, value):
    if value is None and not column.null:
        value = [] if isinstance(column, ArrayField) else ""
    return column.clean(value, None)


def _changed(field, terms, lead, store, today):
    """The Steps of one attribute, smallest first; of two ways to the same value the first."""
    now = lead.value(field.path)
    seen = {_key(now)}
    for value, said in (*_values(field, terms, now, store, today), (None, ("were unknown", ""))):
        try:
            kept = store.keep(value)
        except ValidationError:
            continue
        if _key(kept) in seen or (kept in UNKNOWN and now in UNKNOWN):
            continue
        seen.add(_key(kept))
        size = _size(field, now, kept)
        yield Step(ATTRIBUTE, field.key, field.label, kept, size, said, field, now)


def _key(value):
    return tuple(value) if isinstance(value, list) else value


def _size(field, now, value):
    """What becomes known counts 1, what changes 2, what is forgotten 3.

    To 2 comes the relative distance of a number or a date, always less than 1.
    """
    if now in UNKNOWN:
        return 1
    if value in UNKNOWN:
        return 3
    if field.type == Type.NUMBER:
        far = abs(value - now)
        return 2 + far / (far + abs(now) + 1)
    if field.type == Type.DATE:
        days = abs((date.fromisoformat(value) - date.fromisoformat(now)).days)
        return 2 + days / (days + 365)
    return 2


def _values(field, terms, now, store, today):
    """Yield `(value, words)` of the values of this attribute that the rules tell apart."""
    # Of what many rules name alike, once.
    named = list(
        dict.fromkeys(
            (term["operator"], one)
            for term in terms
            if term["value"] is not None
            for one in _named_by(term["value"])
        )
    )
    if field.type in RANGED:
        edges = {edge for _, value in named for edge in _around(field.type, value)}
        if field.type == Type.NUMBER and field.key.startswith(CUSTOM):
            edges |= _decimals_between({value for _, value in named})
        anything = [1 if field.type == Type.NUMBER else today.isoformat()]
        nearest = sorted(edges, key=lambda edge: (_size(field, now, edge), edge))
        yield from ((edge, ("", "")) for edge in nearest or anything)
    elif field.type == Type.YES_NO:
        yield from ((answer, ("were", "yes" if answer else "no")) for answer in (True, False))
    elif field.type == Type.MANY:
        yield from _lists(named, now or [])
    elif field.type == Type.CHOICE:
        yield from ((choice, ("were", choice)) for choice in store.choices)
    else:
        yield from _texts(named, now)


def _named_by(value):
    """The values that a condition names; of a list's thousands, no rule tells two apart."""
    if isinstance(value, dict):
        return value["values"][:MOST_LISTED]
    return value if isinstance(value, list) else [value]


def _around(kind, value):
    """The edge that a value names, and what is next to it on either side."""
    if kind == Type.NUMBER:
        sums = (decimals.plus(value, step) for step in (-1, 0, 1))
        return [one for one in sums if one is not None]
    day = date.fromisoformat(value)
    near = [day + timedelta(days=n) for n in (-1, 0, 1) if date.min < day < date.max]
    return [one.isoformat() for one in near or [day]]


def _decimals_between(named):
    """What lies between numbers that are so close that one more than the one is past the other."""
    pairs = pairwise(sorted(named))
    found = {decimals.between(low, high) for low, high in pairs if high - low <= 1}
    return found - {None}


def _texts(named, now):
    for operator, value in named:
        if operator == "contains_any":
            yield f"{now} {value}" if now else value, ("contained", value)
        yield value, ("started with" if operator == "starts_with" else "were", value)
    yield OTHER, ("were not", now) if now else ("were known", "")


def _lists(named, now):
    for _, value in named:
        without = [one for one in now if one.lower() != value.lower()]
        yield [*without, value], ("included", value)
        yield without, ("did not include", value)
    yield now or [OTHER], ("were known", "")
