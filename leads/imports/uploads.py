"""Takes a file in: kept in the database, read once to see what it is, and given a first mapping."""

import hashlib
import itertools

from django.db import transaction

from leads.imports import reading
from leads.imports.files import MOST_BYTES, PIECE, Unreadable, spooled
from leads.imports.suggestion import suggested
from leads.models import Import, ImportChunk, Source
from leads.text import fold, storable

TOO_LARGE = f"The file is larger than {MOST_BYTES // 1024**2} MB. Divide it, or leave columns out."
SOURCE = "Imported list"  # of whom the values are said to be, unless somebody says otherwise


def take_in(pieces, *, name, by, now, source=SOURCE, create=False, **known):
    """Store an uploaded file and return its Import, nothing imported yet. Raise Unreadable.

    `known` is what the caller knows of how to read it, as `reading.detect` takes it; with
    `create`, unknown columns are suggested to become custom fields.
    """
    clean = "".join(sign for sign in fold(name) if storable(sign))[:200] or "Unnamed"
    with spooled(_bounded(pieces)) as path:
        found = reading.detect(path, name=clean, **known)
        targets = _suggested(path, found, create=create)
        return _store(path, found, targets, name=clean, source=source, by=by, now=now)


def read_again(batch, pieces, *, create=False, **known):
    """Read the file of an import in another way; the mapping stays where the headings do."""
    with spooled(pieces) as path:
        found = reading.detect(path, name=batch.name, **known)
        if create or found.headings != batch.reading["headings"]:
            batch.mapping = _suggested(path, found, create=create)
        batch.reading = found.as_json()
    batch.save(update_fields=["reading", "mapping"])


def _suggested(path, found, *, create):
    rows = list(itertools.islice(reading.rows(path, found), reading.SAMPLE))
    return suggested(found, rows, create=create)


def _bounded(pieces):
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_BYTES:
            raise Unreadable(TOO_LARGE)
        yield piece


@transaction.atomic
def _store(path, found, targets, *, name, source, by, now):
    digest, size = hashlib.sha256(), 0
    label, _ = Source.objects.get_or_create(name=fold(source)[:80] or SOURCE)
    batch = Import(
        name=name,
        size=0,
        digest="",
        source=label,
        reading=found.as_json(),
        mapping=targets,
        made_by=by,
        created_at=now,
    )
    batch.save()
    with open(path, "rb") as file:
        for number in itertools.count():
            piece = file.read(PIECE)
            if not piece:
                break
            ImportChunk.objects.create(batch=batch, number=number, data=piece)
            digest.update(piece)
            size += len(piece)
    batch.size, batch.digest = size, digest.hexdigest()
    batch.save(update_fields=["size", "digest"])
    return batch
