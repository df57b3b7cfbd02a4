"""What is in a backup, so that whoever restores it can tell whether all of it is there."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from handoff_project.backups.programs import Unusable

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """`heads` are the newest migrations, `rows` the count of each table's rows."""

    made_at: str
    format: int
    postgres: int
    heads: dict[str, str]
    rows: dict[str, int]
    bytes: int
    sha256: str

    def write(self, folder):
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=2, sort_keys=True))


def read(folder):
    """Return the Manifest of a backup. Raise Unusable where it is none, or not whole."""
    try:
        found = Manifest(**json.loads((Path(folder) / MANIFEST).read_text()))
    except (OSError, TypeError, ValueError) as error:
        raise Unusable(f"{folder} is no backup of Handoff: its {MANIFEST} cannot be read.") from (
            error
        )
    if found.format > FORMAT:
        raise Unusable("The backup was made by a newer Handoff. Restore it with that version.")
    return found


def digest_of(path):
    """Return the SHA-256 of a file as hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def heads():
    """Return the newest migration that the database has, of each app."""
    return _heads(MigrationLoader(connection).applied_migrations)


def unknown_to_the_code(heads):
    """Return those of these migrations that this version of Handoff does not have."""
    known = MigrationLoader(None).disk_migrations
    return sorted(f"{app}.{name}" for app, name in heads.items() if (app, name) not in known)


def _heads(applied):
    newest: dict[str, str] = {}
    for app, name in sorted(applied):
        newest[app] = name
    return newest


def tables():
    """Return the names of our tables that hold rows; partitions are counted with their table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace ORDER BY relname"
        )
        return [name for (name,) in cursor.fetchall()]


def rows():
    """Return how many rows each table has."""
    quote = connection.ops.quote_name
    found = {}
    with connection.cursor() as cursor:
        for name in tables():
            cursor.execute(f"SELECT count(*) FROM {quote(name)}")
            found[name] = cursor.fetchone()[0]
    return found
