"""Which column means what: checked, written by hand as YAML, and made ready to read cells."""

import re
from collections import Counter

import yaml
from django.core.exceptions import ValidationError as Invalid

from leads.conditions.registry import CUSTOM
from leads.imports import headings
from leads.imports.targets import (
    COMPANY,
    COMPANY_TARGETS,
    EMAIL,
    KINDS,
    LEAD_TARGETS,
    NEW,
    NEW_TARGETS,
    Column,
    reader_of,
)
from leads.models import CustomField

IGNORE = "ignore"
SETTINGS = ("encoding", "delimiter", "sheet", "heading_line", "dates")
OPTIONS = ("source", "create_custom_fields", "strict")
_KEYS = {*SETTINGS, *OPTIONS, "columns"}


class BadMapping(Exception):
    """The mapping cannot be used; the message says which column and why."""


def names_of(reading):
    """Return a name for each column: its heading, told apart from others where needed."""
    times = Counter(reading.headings)
    return [
        heading if heading and times[heading] == 1 else f"{heading or 'Column'} #{number}"
        for number, heading in enumerate(reading.headings, 1)
    ]


def custom_fields():
    """Return the active custom fields by key."""
    return {row.key: row for row in CustomField.objects.filter(is_active=True)}


def check(mapping, reading):
    """Raise BadMapping unless every target exists and is used once, and there is an e-mail."""
    names, custom = names_of(reading), custom_fields()
    if len(mapping) != len(names):
        raise BadMapping(f"The mapping has {len(mapping)} columns, the file {len(names)}.")
    used: dict[str, str] = {}
    for name, target in zip(names, mapping, strict=True):
        known = target in LEAD_TARGETS or target in COMPANY_TARGETS or target in NEW_TARGETS
        if target and not known and target.removeprefix(CUSTOM) not in custom:
            raise BadMapping(f"{name}: there is no field “{target}”.")
        if target in used and not target.startswith(NEW):
            raise BadMapping(f"{used[target]} and {name} both are to be “{target}”.")
        used[target] = name
    if EMAIL not in used:
        raise BadMapping("No column is the e-mail address, by which a lead is known.")
    keys = [key_for(name) for name, target in zip(names, mapping, strict=True) if _new(target)]
    twice = [key for key, times in Counter(keys).items() if times > 1]
    if twice:
        raise BadMapping(f"Two columns would become the custom field “{twice[0]}”.")


def _new(target):
    return target.startswith(NEW)


def key_for(name):
    """Return the key of the custom field that a column of this name becomes."""
    words = "_".join(re.findall(r"[a-z0-9]+", headings.key_of(name)))[:40].strip("_")
    return words if words[:1].isalpha() else f"field_{words}"[:40].strip("_")


def columns_of(mapping, reading, *, make=False):
    """Return the Columns that are taken. New custom fields are made with `make`, else imagined."""
    custom, columns = custom_fields(), []
    for number, (name, target) in enumerate(zip(names_of(reading), mapping, strict=True)):
        if not target:
            continue
        key = target
        if _new(target):
            row = _custom_field(name, target, custom, make=make)
            custom[row.key] = row
            key = f"{CUSTOM}{row.key}"
        reader = reader_of(key, order=reading.dates, custom=custom)
        row = custom.get(key.removeprefix(CUSTOM)) if key.startswith(CUSTOM) else None
        owner = COMPANY if row and row.on == CustomField.On.COMPANY else ""
        columns.append(Column(number, name, f"{owner}{key}", reader))
    return columns


def _custom_field(name, target, custom, *, make):
    """Return the custom field for a column: the one that has its key, or a new one."""
    _, on, kind = target.split(".")
    key = key_for(name)
    known = custom.get(key)
    if known and (known.on, known.kind) == (on, kind):
        return known
    row = CustomField(key=key, label=name[:80], on=on, kind=kind)
    try:
        row.full_clean()
    except Invalid as error:
        raise BadMapping(f"{name}: {' '.join(error.messages)}") from None
    if make:
        row.save()
    return row


def from_yaml(text):
    """Return a mapping file as a dict of its settings, with `columns` by heading. Raise BadMapping.

    A target is a name such as `job_title`, `company.domain`, `custom.budget`, `new.number` (a new
    custom field), or `ignore`.
    """
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadMapping(f"The mapping is not YAML: {error}") from None
    if not isinstance(said, dict) or not isinstance(said.get("columns", {}), dict):
        raise BadMapping("The mapping is an object with `columns`: heading to field.")
    unknown = sorted(set(map(str, said)) - _KEYS)
    if unknown:
        raise BadMapping(f"Unknown setting: {', '.join(unknown)}.")
    return said


def in_order(columns, reading):
    """Return the targets of `columns`, by heading, as a list; what is not named is ignored."""
    names = names_of(reading)
    said = {str(name): str(target or IGNORE) for name, target in columns.items()}
    unknown = sorted(set(said) - set(names))
    if unknown:
        raise BadMapping(f"The file has no column “{unknown[0]}”; it has {', '.join(names)}.")
    return [_target(said.get(name, IGNORE)) for name in names]


def _target(said):
    if said == IGNORE:
        return ""
    # `new.number` is a field of the lead; `new.company.number` says otherwise.
    return (
        f"{NEW}lead.{said.removeprefix(NEW)}"
        if said in {f"{NEW}{kind}" for kind in KINDS}
        else said
    )


def as_yaml(mapping, reading):
    """Return a mapping as a file that says the same."""
    named = dict(zip(names_of(reading), (target or IGNORE for target in mapping), strict=True))
    return yaml.safe_dump({"columns": named}, allow_unicode=True, sort_keys=False)
