"""Imagined leads as the JSON that PostgreSQL turns into rows of the tables."""

import json
from datetime import timedelta
from functools import cache

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import BaseValidator

from leads.conditions.registry import Type
from leads.conditions.terms import field_of, terms_of
from leads.consents import Consent
from leads.models import Company, Lead
from leads.text import fold, storable


def as_json(form, imagined, *, today):
    """Return the leads as a JSON array, and as another one the days that all of them have.

    A lead is `{"lead", "company", "days"}`: rows by column, and the days that it alone has. The
    first lead has the id -1, and so has its company; the second -2. Days that the definition does
    not look at are left out. Raise ValidationError for a value that the column cannot hold.
    """
    since, rows = _since(form, today), _Once(_row)
    histories = _Once(lambda days: _history(days, since))
    seen = [histories(one.days) for one in imagined]
    shared = set.intersection(*(set(history.items()) for history in seen))
    leads = []
    for number, (one, history) in enumerate(zip(imagined, seen, strict=True), start=1):
        lead = {
            "lead": rows(one.lead, Lead) | {"id": -number, "company_id": None},
            "days": _days(history.items() - shared),
        }
        if one.company is not None:
            lead["company"] = rows(one.company, Company) | {"id": -number}
            lead["lead"]["company_id"] = -number
        leads.append(lead)
    return json.dumps(leads, default=str), json.dumps(_days(shared))


def values(row):
    """Return the values of a model's row by column."""
    return {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}


class _Once(dict):
    """Does something once with each object: copies of one lead share most of what they hold."""

    def __init__(self, do):
        self.do = do

    def __call__(self, held, *more):
        key = id(held), *more
        if key not in self:
            self[key] = self.do(held, *more)
        return self[key]


def _since(form, today):
    """After which day each signal is looked at; a history can be long, and most of it is not."""
    windows: dict = {}
    for rule in form["rules"]:
        asked = [rule] if rule["type"] == "count" else []
        asked += [
            term["value"]
            for _, term in terms_of(rule.get("when", {}))
            if field_of(term).type == Type.BEHAVIOUR
        ]
        for one in asked:
            windows[one["signal"]] = max(one["days"], windows.get(one["signal"], 0))
    return {signal: today - timedelta(days=days) for signal, days in windows.items()}


def _history(days, since):
    """What each day that counts has of each signal: what a table's rows would say."""
    found: dict = {}
    for signal, day, *more in days:
        if signal in since and day > since[signal]:
            had = found.get((signal, day), (0, 0, 0))
            found[signal, day] = tuple(map(sum, zip(had, more, strict=True)))
    return found


def _days(history):
    return [
        {"signal_id": signal, "day": str(day), "n": n, "seconds": seconds, "visits": visits}
        for (signal, day), (n, seconds, visits) in history
    ]


def _row(said, model):
    """Every column of the model, as said or as a new row has it; text folded as it is stored."""
    columns = {column.attname: column for column in model._meta.concrete_fields}
    unknown = set(said) - set(columns)
    if unknown:
        raise ValueError(f"{model._meta.object_name} has no {', '.join(sorted(unknown))}.")
    row = {name: fold(value) if isinstance(value, str) else value for name, value in said.items()}
    for name, value in row.items():
        try:
            _check(columns[name], value)
        except ValidationError as error:
            raise ValidationError({columns[name].name: error.messages}) from None
    return _new(model) | row | (_consents_of(row) if model is Lead else {})


def _check(column, value):
    """Refuse what the column cannot hold before the database does, which ends a transaction.

    Nothing more is asked: a real lead may have an address that we would not accept today.
    """
    if value in column.empty_values:
        return
    if isinstance(column, ArrayField):
        for one in value:
            _check(column.base_field, one)
    if isinstance(value, str) and not storable(value):
        raise ValidationError("Holds a null character or half a character.")
    for validator in column.validators:
        if isinstance(validator, BaseValidator):  # lengths and ranges
            validator(value)


def _consents_of(row):
    """Of somebody imagined, either of the two columns on e-mail may be said; both are set."""
    out = row.get("opted_out") or row.get("email_consent") == Consent.WITHDRAWN
    return {"opted_out": True, "email_consent": Consent.WITHDRAWN} if out else {}


@cache
def _new(model):
    return values(model())
