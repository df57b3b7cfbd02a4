"""Which value of two leads holds when they become one."""

from dataclasses import dataclass
from typing import Any

from leads import consents
from leads.conditions.registry import CUSTOM
from leads.models import CustomField, FieldValue, Lead

# Where somebody came from is what was known first; of all else the newest holds.
FIRST = ("lead_source", "channel", "campaign")
DERIVED, PROVIDER, SYSTEM, PERSON = range(4)
_UNKNOWN: tuple = (None, "", [])


@dataclass(frozen=True)
class Choice:
    """An attribute of two leads, as values are stored, and whether the other one's holds."""

    name: str
    mine: Any
    theirs: Any
    takes_theirs: bool
    origin: FieldValue | None  # who said what holds

    @property
    def value(self):
        return self.theirs if self.takes_theirs else self.mine

    @property
    def differs(self):
        return self.mine != self.theirs and not (self.mine in _UNKNOWN and self.theirs in _UNKNOWN)

    @property
    def label(self):
        """The attribute as people know it."""
        key = self.name.removeprefix(CUSTOM)
        if key != self.name:
            return CustomField.objects.filter(on="lead", key=key).values_list("label", flat=True)[0]
        field: Any = Lead._meta.get_field(self.name)
        label = str(field.verbose_name)
        return label[:1].upper() + label[1:]

    def shown(self, value):
        """A stored value as people read it."""
        if self.name in ("company", "campaign"):
            related: Any = Lead._meta.get_field(self.name).related_model
            return str(related._base_manager.filter(pk=value).first() or "")
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def choose(survivor, other):
    """Return a Choice for each attribute that one of the two leads has.

    What is known beats what is not. A consent that was taken back stays so, whoever said it. A
    person's entry beats what systems sent, that beats what a provider found out, and of two
    entries by people the survivor's holds. Else it is the newest by `observed_at`; of where
    somebody came from, the oldest.
    """
    keys = sorted({*survivor.attributes, *other.attributes})
    said = _said(survivor, other)
    return [
        choice
        for name in (*Lead.LEARNED, *(f"{CUSTOM}{key}" for key in keys))
        if (choice := _choose(name, survivor, other, said)) is not None
    ]


def _choose(name, survivor, other, said):
    mine, theirs = _stored(survivor, name), _stored(other, name)
    if mine in _UNKNOWN and theirs in _UNKNOWN:
        return None
    origins = [_origin(said, lead, name) for lead in (survivor, other)]
    times = [
        one.observed_at if one else lead.created_at
        for one, lead in zip(origins, (survivor, other), strict=True)
    ]
    takes = _takes_theirs(name, (mine, theirs), origins, times)
    return Choice(name, mine, theirs, takes, origins[takes])


def _takes_theirs(name, values, origins, times):
    mine, theirs = values
    if mine == theirs or theirs in _UNKNOWN:
        return False
    if mine in _UNKNOWN:
        return True
    if name in consents.LABELS and consents.is_withdrawn(mine) != consents.is_withdrawn(theirs):
        return consents.is_withdrawn(theirs)
    ranks = [_rank(origin) for origin in origins]
    if ranks[0] != ranks[1]:
        return ranks[1] > ranks[0]
    if ranks[0] == PERSON:
        return False
    return times[1] < times[0] if name in FIRST else times[1] > times[0]


def _rank(origin):
    """How much a value weighs by who said it."""
    if origin and origin.is_derived:
        return DERIVED
    if origin is None or origin.source is None:
        return PERSON if origin and origin.actor_id else SYSTEM
    return PROVIDER if hasattr(origin.source, "enrichment_provider") else SYSTEM


def _stored(lead, name):
    key = name.removeprefix(CUSTOM)
    return lead.attributes.get(key) if key != name else getattr(lead, lead.raw_name(name))


def _said(survivor, other):
    """Return `{(lead id, name): its FieldValues}`, by when they were true."""
    found: dict = {}
    values = FieldValue.objects.filter(lead__in=(survivor, other))
    values = values.select_related("source__enrichment_provider")
    for value in values.order_by("observed_at", "pk"):
        found.setdefault((value.lead_id, value.field), []).append(value)
    return found


def _origin(said, lead, name):
    """The FieldValue that a lead's value comes from; of where it came from, the first one."""
    values = [v for v in said.get((lead.pk, name), ()) if v.value == _stored(lead, name)]
    return (values[0] if name in FIRST else values[-1]) if values else None


def explain_by(survivor, choices, *, now):
    """Have the newest FieldValue of each attribute say what holds; return the ids of new ones.

    The values of both leads are the survivor's by now, with who said them. What was known last is
    what provenance and reports as of a past day read.
    """
    known: dict = {}
    for value in FieldValue.objects.filter(lead=survivor).order_by("known_at", "pk"):
        known[value.field] = value
    added = [
        FieldValue(
            lead=survivor,
            field=choice.name,
            value=choice.value,
            source_id=choice.origin and choice.origin.source_id,
            actor_id=choice.origin and choice.origin.actor_id,
            observed_at=choice.origin.observed_at if choice.origin else survivor.created_at,
            is_derived=bool(choice.origin and choice.origin.is_derived),
            known_at=now,
        )
        for choice in choices
        if choice.name in known and known[choice.name].value != choice.value
    ]
    return [value.pk for value in FieldValue.objects.bulk_create(added)]
