"""What a list of leads can show of each: every field that a rule may ask about, and a few more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from leads.conditions import registry
from leads.conditions.registry import CUSTOM, Type

ALL = "all"  # stands for every column, in an export
# What an export has where no columns were chosen.
STANDARD = (
    "name",
    "email",
    "phone",
    "job_title",
    "country",
    "company.name",
    "company.domain",
    "company.employees",
    "lead_source",
    "campaign",
    "stage",
    "status",
    "score.total",
    "score.tier",
    "opted_out",
    "received",
)
NEEDED = ("name", "email")  # every export says of whom it speaks
WITH = "with"
_MARKETING = ("lead_source", "channel", "campaign", "stage", "status")
_MARKS = ("opted_out", "email_consent", "phone_consent", "do_not_contact")
GROUPS = ("Lead", "Company", "Marketing", "Consent", "Scores", "Behaviour", "Custom fields")


@dataclass(frozen=True)
class Column:
    """One column: `read` returns its value of a lead, as a spreadsheet takes it."""

    key: str
    label: str
    group: str
    read: Callable[[Any], Any]
    is_number: bool = False

    def text(self, lead):
        """Return the value as a page shows it; empty where it is unknown."""
        value = self.read(lead)
        return "" if value is None else str(value)


def group_of(key):
    """Return under which heading people look for a field."""
    if key.startswith(CUSTOM):
        return "Custom fields"
    if key in _MARKETING:
        return "Marketing"
    if key in _MARKS:
        return "Consent"
    first = key.partition(".")[0]
    groups = {"company": "Company", "score": "Scores", "behaviour": "Behaviour"}
    return groups.get(first, "Lead")


def fields():
    """Return `(group, [(key, label)])` of all that a rule may ask, headings in their order."""
    found: dict[str, list] = {group: [] for group in GROUPS}
    for key, label in registry.choices():
        found[group_of(key)].append((key, label))
    return [(group, pairs) for group, pairs in found.items() if pairs]


def available():
    """Return `{key: Column}` of everything that can be shown, custom fields as soon as made."""
    asked = [registry.find(key) for key, _ in registry.choices()]
    shown = [_of(field) for field in asked if field.type != Type.BEHAVIOUR]
    found = [
        Column("name", "Name", "Lead", lambda lead: lead.name),
        Column("phone", "Phone", "Lead", lambda lead: lead.phone),
        *shown,
        Column(WITH, "With", "Marketing", _with),
        Column("received", "Received", "Lead", _received),
    ]
    order = {group: number for number, group in enumerate(GROUPS)}
    return {column.key: column for column in sorted(found, key=lambda one: order[one.group])}


def _of(field):
    if field.key == "stage":  # the company's own word for it
        return Column("stage", field.label, "Marketing", lambda lead: lead.stage.label)
    return Column(
        field.key,
        field.label,
        group_of(field.key),
        lambda lead: _value(lead, field.path),
        field.type == Type.NUMBER,
    )


def _value(found, path):
    """The value at a registry's path, in the words of its choices."""
    *steps, name = path.split("__")
    for step in steps:
        found = getattr(found, step, None)
    if isinstance(found, dict):
        value = found.get(name)
    else:
        words = getattr(found, f"get_{name}_display", None)
        value = words() if words else getattr(found, name, None)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _with(lead):
    handoff = next(iter(lead.visible_handoffs), None)
    return str(handoff.owner or handoff.pool or "") if handoff else ""


def _received(lead):
    return timezone.localtime(lead.created_at).isoformat(timespec="seconds")
