"""The fields that a condition may ask about. Apps above register theirs from `ready()`."""

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.apps import apps

CUSTOM = "custom."  # custom fields' keys start with this


class Type(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"
    MANY = "many"
    BEHAVIOUR = "behaviour"


@dataclass(frozen=True)
class Field:
    """A question's subject: `path` is the look-up from a lead, as a queryset would write it."""

    key: str
    label: str
    type: Type
    path: str


FIELDS: dict[str, Field] = {}
_held: ContextVar[dict | None] = ContextVar("custom fields by key", default=None)
_lists: ContextVar[dict | None] = ContextVar("lists by name", default=None)
_signals: ContextVar[dict | None] = ContextVar("signals' names by key", default=None)


@contextmanager
def read_once():
    """Within, custom fields are those of now: one query, however many rules ask for them.

    Lists are long and few are asked for: one query for each, the first time. So with signals.
    """
    custom = apps.get_model("leads", "CustomField").objects.order_by("label")
    token, lists = _held.set({row.key: row for row in custom}), _lists.set({})
    signals = _signals.set({})
    try:
        yield
    finally:
        _held.reset(token)
        _lists.reset(lists)
        _signals.reset(signals)


def register(key, label, type, path):
    """Make a field available to every rule, list and report."""
    FIELDS[key] = Field(key, label, type, path)


def find(key):
    """Return the field of this key, built in or custom. Raise KeyError if there is none."""
    return custom(key).as_field() if key.startswith(CUSTOM) else FIELDS[key]


def custom(key):
    """Return the row that describes a custom field. Raise KeyError if there is none."""
    held, rows = _held.get(), apps.get_model("leads", "CustomField").objects
    name = key.removeprefix(CUSTOM)
    row = rows.filter(key=name).first() if held is None else held.get(name)
    if row is None:
        raise KeyError(key)
    return row


def values_of(field):
    """Return `{value: label}` of all that a field may be; empty where it may be anything."""
    if field.type == Type.YES_NO:
        return {"yes": "Yes", "no": "No"}
    if field.type != Type.CHOICE:
        return {}
    if field.key.startswith(CUSTOM):
        return {choice: choice for choice in custom(field.key).choices}
    *steps, name = field.path.split("__")
    model: Any = apps.get_model("leads", "Lead")
    for step in steps:
        model = model._meta.get_field(step).related_model
    choices = model._meta.get_field(name).choices or ()
    return {value: str(label) for value, label in choices if value}


def signals():
    """Return `{key: name}` of all signals."""
    held = _signals.get()
    if held:
        return held
    found = dict(apps.get_model("leads", "Signal").objects.current().values_list("key", "name"))
    if held is not None:
        held |= found
    return found


def value_list(name):
    """Return the list of this name. Raise KeyError if there is none."""
    held = _lists.get()
    row = None if held is None else held.get(name)
    if row is None:
        row = apps.get_model("leads", "ValueList").objects.filter(name=name).first()
    if row is None:
        raise KeyError(name)
    if held is not None:
        held[name] = row
    return row


def choices():
    """Return the fields as form choices, ordered by label; custom ones last."""
    built_in = sorted(FIELDS.values(), key=lambda field: field.label)
    added = [row.as_field() for row in _custom() if row.is_active]
    return [(field.key, field.label) for field in (*built_in, *added)]


def _custom():
    held = _held.get()
    if held is not None:
        return held.values()
    return apps.get_model("leads", "CustomField").objects.order_by("label")


register("job_title", "Job title", Type.TEXT, "job_title")
register("seniority", "Seniority", Type.TEXT, "seniority")
register("department", "Department", Type.TEXT, "department")
register("country", "Country", Type.TEXT, "country")
register("region", "Region", Type.TEXT, "region")
register("language", "Language", Type.TEXT, "language")
register("postal_code", "Postal code", Type.TEXT, "postal_code")
register("email", "E-mail address", Type.TEXT, "email")
register("opted_out", "Opted out of e-mail", Type.YES_NO, "opted_out")
register("email_consent", "Consent to e-mail", Type.CHOICE, "email_consent")
register("phone_consent", "Consent to calls", Type.CHOICE, "phone_consent")
register("do_not_contact", "Do not contact", Type.YES_NO, "do_not_contact")
register("lead_source", "Source", Type.TEXT, "lead_source")
register("channel", "Channel", Type.TEXT, "channel")
register("campaign", "Campaign", Type.TEXT, "campaign__name")
register("stage", "Stage", Type.CHOICE, "stage__key")
register("status", "Status", Type.CHOICE, "status")
register("score.fit", "Fit score", Type.NUMBER, "score__fit")
register("score.interest", "Interest score", Type.NUMBER, "score__interest")
register("score.total", "Total score", Type.NUMBER, "score__total")
register("score.tier", "Tier", Type.CHOICE, "score__tier")
register("score.bucket", "Bucket", Type.CHOICE, "score__bucket")
register("company.name", "Company name", Type.TEXT, "company__name")
register("company.domain", "Company domain", Type.TEXT, "company__domain")
register("company.employees", "Company employees", Type.NUMBER, "company__employees")
register("company.industry", "Company industry", Type.TEXT, "company__industry")
register("company.country", "Company country", Type.TEXT, "company__country")
register("company.relationship", "Relationship", Type.CHOICE, "company__relationship")
register("company.market_segment", "Market segment", Type.TEXT, "company__market_segment")
register("company.revenue", "Company revenue", Type.NUMBER, "company__revenue")
register("company.revenue_currency", "Revenue currency", Type.TEXT, "company__revenue_currency")
register("company.funding_stage", "Funding stage", Type.TEXT, "company__funding_stage")
register("company.tech_stack", "Tech stack", Type.MANY, "company__tech_stack")
register("company.competitor_in_use", "Competitor in use", Type.TEXT, "company__competitor_in_use")
register("company.parent", "Parent company", Type.TEXT, "company__parent__name")
register("behaviour", "Behaviour", Type.BEHAVIOUR, "signal_days")
