"""Rows that mention a person without belonging to their lead: found by what they are called."""

import json
import re
from functools import reduce
from operator import or_

from django.contrib.admin.models import LogEntry
from django.db.models import CharField, Q, TextField
from django.db.models.functions import Cast

from leads.imports import reading, retention
from leads.imports.files import Unreadable, spooled
from leads.intake.addresses import normal_email
from leads.models import (
    Delivery,
    Example,
    IdempotencyKey,
    Identity,
    Import,
    ImportedRecord,
    ImportLine,
    ImportRun,
    MQLDefinition,
    NotPossible,
    RefusedEvent,
)
from leads.models.sign_off import Approval
from leads.versions import hash_of

ERASED = "Erased"
RUNNING = "The import “{}” names this person and is still at work. Try again when it is done."
SHORTEST = 8  # characters of an id or a number by which a row is found


class Called:
    """Words that mean one person wherever they stand."""

    def __init__(self, words):
        self.words = sorted(words)
        self._pattern = re.compile("|".join(map(re.escape, self.words)), re.IGNORECASE)

    @classmethod
    def of(cls, lead):
        """Return `(addresses, Called by address or name, Called by ids and numbers too)`."""
        names = list(lead.identities.values_list("kind", "value"))
        addresses = {normal_email(lead.email)}
        addresses |= {value for kind, value in names if kind == Identity.Kind.EMAIL}
        certain = addresses | {one for one in _ever(lead, "name") if " " in one}
        others = {value for kind, value in names if kind != Identity.Kind.EMAIL}
        others |= _ever(lead, "phone")
        return (
            sorted(addresses),
            cls(certain),
            cls(certain | {one for one in others if len(one) >= SHORTEST}),
        )

    def is_in(self, text):
        return bool(self._pattern.search(text))

    def taken_out(self, value):
        """Return a JSON value without what names the person: a text that does says so no more."""
        if isinstance(value, str):
            return ERASED if self.is_in(value) else value
        if isinstance(value, list):
            return [self.taken_out(one) for one in value]
        if isinstance(value, dict):
            return {self.taken_out(key): self.taken_out(one) for key, one in value.items()}
        return value

    def mentioned(self, rows, *names):
        """Return those of the rows that name the person in one of these columns, JSON or text."""
        texts = {f"text_of_{name}": Cast(name, TextField()) for name in names}
        found = [
            Q(**{f"{text}__icontains": written})
            for text in texts
            for word in self.words
            # In JSON, quotation marks and backslashes are written as two characters.
            for written in {word, json.dumps(word, ensure_ascii=False)[1:-1]}
        ]
        return rows.alias(**texts).filter(reduce(or_, found))


def _ever(lead, name):
    """All that was ever known as this attribute of the lead."""
    before = lead.field_values.filter(field=name).values_list("value", flat=True)
    return {getattr(lead, name), *filter(None, before)}


def erase(lead, certain, called, *, files):
    """Empty what mentions the person; return how many rows of which kind.

    What people wrote and published is searched for addresses and the full name alone: a number
    may well mean something else there.
    """
    return {
        "refused items": _refused(called),
        "lines of imports": _import_lines(lead, called),
        "stored answers": _answers(lead, called),
        "messages about others": _deliveries(called),
        "examples": _examples(certain),
        "entries of the admin's log": called.mentioned(
            LogEntry.objects.all(), "object_repr", "change_message"
        ).update(object_repr=ERASED, change_message=""),
        "files of imports": files,
    }


def files_that_name(lead, called):
    """Return the imports whose kept file names the person.

    Raise NotPossible while one of them is worked on: it would bring the person back.
    """
    told = ImportedRecord.objects.filter(lead=lead).values("run__batch")
    found = []
    for batch in Import.objects.filter(file_removed_at=None).order_by("pk"):
        if Import.objects.filter(pk=batch.pk, pk__in=told).exists() or _names(batch, called):
            if batch.runs.filter(state__in=ImportRun.OPEN).exists():
                raise NotPossible(RUNNING.format(batch))
            found.append(batch)
    return found


def _names(batch, called):
    pieces = batch.chunks.order_by("number").values_list("data", flat=True).iterator(chunk_size=8)
    with spooled(bytes(piece) for piece in pieces) as path:
        try:
            rows = reading.rows(path, reading.Reading(**batch.reading))
            return any(called.is_in(" ".join(row.cells)) for row in rows)
        except Unreadable:
            return False


def remove_files(batches, *, now):
    for batch in batches:
        retention.remove_file(batch, now=now)
    return len(batches)


def _refused(called):
    rows = called.mentioned(RefusedEvent.objects.all(), "payload", "message_id", "reason")
    for row in rows:
        row.payload, row.message_id = None, ""
        row.reason = called.taken_out(row.reason)
        row.save()
    return len(rows)


def _import_lines(lead, called):
    told = ImportedRecord.objects.filter(lead=lead).values_list("run", "line")
    of_lead = reduce(or_, (Q(run=run, line=line) for run, line in told), Q(pk__in=[]))
    rows = ImportLine.objects.filter(
        of_lead | Q(pk__in=called.mentioned(ImportLine.objects.all(), "raw", "reason").values("pk"))
    )
    for row in rows:
        row.raw, row.reason = "", called.taken_out(row.reason)
        row.save()
    return len(rows)


def _answers(lead, called):
    """The answers stay what they were, that a request was done, without what they said."""
    keys = IdempotencyKey.objects.all()
    called.mentioned(keys, "key").update(key=Cast("pk", CharField()))
    mentioning = called.mentioned(keys, "body").values("pk")
    return keys.filter(
        Q(pk__in=mentioning) | Q(body__id=lead.pk, body__email__isnull=False)
    ).update(body={"detail": "This lead was erased."})


def _deliveries(called):
    return called.mentioned(Delivery.objects.all(), "payload", "last_error").update(
        payload={"subject": ERASED, "body": "", "url": "/"}, last_error=""
    )


def _examples(called):
    """Examples that somebody made of a real person; published versions hold a copy."""
    rows = called.mentioned(Example.objects.all(), "name", "facts", "why")
    for row in rows:
        row.facts, row.why = called.taken_out(row.facts), called.taken_out(row.why)
        row.name = f"{ERASED} {row.pk}" if called.is_in(row.name) else row.name
        row.save()
    for version in called.mentioned(MQLDefinition.objects.exclude(compiled=None), "compiled"):
        before, compiled = version.content_hash, version.compiled
        compiled = compiled | {"examples": called.taken_out(compiled.get("examples", []))}
        changed = hash_of(compiled)
        MQLDefinition.objects.filter(pk=version.pk).update(compiled=compiled, content_hash=changed)
        Approval.objects.filter(definition=version, content_hash=before).update(
            content_hash=changed
        )
    return len(rows)
