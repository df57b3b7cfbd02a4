"""Takes an import back: what only it knew is removed, what it changed gets its value from before.

Whatever somebody else touched since stays as it is, and is told.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q

from leads.models import (
    Company,
    Duplicate,
    Event,
    FieldValue,
    Identity,
    ImportedRecord,
    ImportLine,
    ImportRun,
    Lead,
    MatchKeys,
    Merge,
    Pending,
    Qualification,
    Score,
    Touchpoint,
)
from leads.models.field_value import restore

SLICE = 200  # records that one transaction takes back
LEADS, COMPANIES = 0, 1  # phases: a company can only go when its leads are gone
_MODELS = {LEADS: Lead, COMPANIES: Company}
# Rows that come with every lead and company; others mean that somebody worked with it.
_OWN = (
    Score,
    Pending,
    FieldValue,
    Event,
    Identity,
    ImportedRecord,
    MatchKeys,
    Duplicate,
)
WORDS = {
    Qualification: "It has qualified since.",
    Touchpoint: "It has done something since.",
    FieldValue: "Somebody else has told of it since.",
    Event: "Something has happened to it since.",
    Identity: "It is known by another name, too.",
    ImportedRecord: "Another import told of it, too.",
    Lead: "Leads work there.",
    Merge: "It was merged with another lead.",
}
WORKED_WITH = "It has been worked with since."
CHANGED = "It has been changed again since."


@dataclass
class Slice:
    """What became of a slice of records, and where the next one begins."""

    phase: int
    last: int
    counts: Counter = field(default_factory=Counter)
    told: list[ImportLine] = field(default_factory=list)


def take_back(load, *, phase, after, by, now):
    """Take back the next slice of what the run `load` did; return a Slice, or None at the end.

    `by` is the run that does it. The caller's transaction holds the rows until it ends.
    """
    name = _MODELS[phase]._meta.model_name
    records = load.records.filter(**{f"{name}__gt": after}).order_by(name)
    records = {getattr(record, f"{name}_id"): record for record in records[:SLICE]}
    if not records:
        if phase == COMPANIES:
            return None
        return take_back(load, phase=COMPANIES, after=0, by=by, now=now)
    done = Slice(phase, max(records))
    model: Any = _MODELS[phase]
    locked = model.objects.select_for_update().order_by("pk")
    rows = {row.pk: row for row in locked.filter(pk__in=records)}
    made = [pk for pk, record in records.items() if record.created]
    touched = _touched(model, made, load)
    removed = [pk for pk in made if pk not in touched]
    _remove(model, removed, load)
    done.counts["removed"] += len(removed)
    for pk, why in touched.items():
        done.counts["kept"] += 1
        done.told.append(_line(by, records[pk], "", why))
    changed = [row for pk, row in rows.items() if pk not in made]
    _revert(changed, records, load, done, by=by, now=now)
    return done


def _line(run, record, name, why):
    return ImportLine(run=run, line=record.line, field=name, refused=False, reason=why)


def _touched(model, ids, load):
    """Return `{id: why}` of those with which somebody has worked since they were imported."""
    found: dict[int, str] = {}
    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and relation.is_relation and not relation.concrete):
            continue
        related, name = relation.related_model, relation.field.name
        rows = related._base_manager.filter(**{f"{name}__in": ids})
        if related in _OWN:
            rows = _of_others(related, rows, load)
        for pk in set(rows.values_list(name, flat=True)):
            found.setdefault(pk, WORDS.get(related, WORKED_WITH))
    return found


def _of_others(model, rows, load):
    """Narrow rows that every lead or company has to those that are not this import's."""
    return {
        FieldValue: lambda: rows.filter(Q(run=None) | ~Q(run=load)),
        Event: lambda: rows.exclude(kind="leads.received", data__import=load.batch_id),
        Identity: lambda: rows.exclude(kind=Identity.Kind.EMAIL),
        ImportedRecord: lambda: rows.exclude(run=load).filter(run__kind=ImportRun.Kind.LOAD),
    }.get(model, rows.none)()


def _remove(model, ids, load):
    if not ids:
        return
    with connection.cursor() as cursor:
        # Lets the trigger on events pass those by which this import announced its leads.
        cursor.execute("SELECT set_config('handoff.undone_import', %s, true)", [str(load.batch_id)])
        model.objects.filter(pk__in=ids).delete()
        cursor.execute("SELECT set_config('handoff.undone_import', '', true)")


def _revert(rows, records, load, done, *, by, now):
    """Give rows their values from before the import back, except those that changed again."""
    history = _history(rows, load)
    back, scored = [], []
    for row in rows:
        values, stays = {}, False
        for name, known in history.get(row.pk, {}).items():
            if known[-1].run_id != load.pk:
                done.told.append(_line(by, records[row.pk], name, CHANGED))
                stays = True
                continue
            before = [value for value in known if value.run_id != load.pk]
            values[name] = before[-1] if before and _is_there(row, name, before[-1]) else None
        back.append((row, values))
        scored += [row.pk] if values else []
        done.counts["kept" if stays else "reverted"] += 1
    # As of the file's own time: what was true since then may still come.
    restore(
        back,
        now=now,
        observed_at=load.batch.created_at,
        source=load.batch.source,
        actor=by.started_by,
        run=by,
    )
    if done.phase == LEADS:
        Pending.objects.bulk_create(Pending(lead_id=pk) for pk in scored)


def _is_there(row, name, known):
    """Whether a value can be set again: the row that it names may be gone."""
    related = None if "." in name else row._meta.get_field(name).related_model
    return related is None or related._base_manager.filter(pk=known.value).exists()


def _history(rows, load):
    """Return `{row id: {name: its FieldValues, oldest first}}` for what the import changed."""
    if not rows:
        return {}
    owner = rows[0]._meta.model_name
    mine = FieldValue.objects.filter(**{f"{owner}__in": rows})
    names = set(mine.filter(run=load).values_list(f"{owner}_id", "field"))
    found: dict = defaultdict(lambda: defaultdict(list))
    for value in mine.filter(field__in={name for _, name in names}).order_by("known_at", "pk"):
        pk = getattr(value, f"{owner}_id")
        if (pk, value.field) in names:
            found[pk][value.field].append(value)
    return found
