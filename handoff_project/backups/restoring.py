"""Loads a backup, all of it or nothing, and holds what waited in its outbox."""

import subprocess
from pathlib import Path

from django.db import connection

from handoff_project.backups import manifest, programs
from handoff_project.backups.programs import Unusable

# Written with the data: nobody ever sees a message that waits and may have gone out already.
HOLD = """
UPDATE leads_delivery SET state = 'held', lease = NULL, lease_until = NULL
WHERE state = 'pending';
"""
EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"


def check(folder):
    """Return the manifest of a backup that can be restored here. Raise Unusable with why not."""
    found, dump = manifest.read(folder), Path(folder) / manifest.DUMP
    if not dump.is_file() or dump.stat().st_size != found.bytes:
        raise Unusable(f"{dump} is missing or cut short.")
    if manifest.digest_of(dump) != found.sha256:
        raise Unusable(f"{dump} was changed since the backup was made.")
    if found.postgres > programs.server_major():
        raise Unusable(f"The backup is of PostgreSQL {found.postgres}, newer than this server.")
    if missing := manifest.unknown_to_the_code(found.heads):
        raise Unusable(
            "The backup was made by a newer Handoff; restore it with that version. Unknown here: "
            + ", ".join(missing)
        )
    return found


def restore(folder, *, force):
    """Replace the database by a backup; return its manifest and how many messages are held.

    Raise Unusable, with everything as it was, where it cannot be done.
    """
    found = check(folder)
    pg_restore, psql = programs.find("pg_restore", "psql")
    if manifest.tables() and not force:
        raise Unusable(
            "The database is not empty. Restore into an empty one, or give --force to replace"
            " all that is in it."
        )
    if others := _others():
        raise Unusable(
            f"{others} other connection{'s' if others > 1 else ''} to the database: stop web,"
            " workers, beat and everything else that uses it."
        )
    connection.close()  # what follows replaces what it knows
    _load(pg_restore, psql, Path(folder) / manifest.DUMP, begins=EMPTY if force else "")
    _compare(found)
    return found, _held()


def _load(pg_restore, psql, dump, *, begins):
    """Send what pg_restore writes through one transaction, with the outbox held in it.

    Should either program or this process end early, the commit is never sent.
    """
    reads = [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    writes = [pg_restore, "--no-owner", "--no-privileges", "--no-comments", "--exit-on-error"]
    into = subprocess.Popen(
        reads, env=programs.environ(), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert into.stdin is not None
    failed = None
    try:
        into.stdin.write(f"BEGIN;\n{begins}".encode())
        into.stdin.flush()
        programs.run([*writes, "--file=-", str(dump)], stdout=into.stdin)
        into.stdin.write(f"RESET search_path;\n{HOLD}COMMIT;\n".encode())
    except BrokenPipeError:
        pass  # psql has ended, and says why
    except Unusable as error:
        failed = error
    _, said = into.communicate()
    if into.returncode:
        raise Unusable(programs.said(said, psql))
    if failed:
        raise failed


def _compare(found):
    """Raise Unusable unless every table has as many rows as when the backup was made."""
    here = manifest.rows()
    wrong = [
        f"{name}: {here.get(name, 0):,} of {count:,}"
        for name, count in found.rows.items()
        if here.get(name) != count
    ]
    if wrong:
        raise Unusable(f"Rows are missing after the restore: {'; '.join(wrong)}.")


def _held():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM leads_delivery WHERE state = 'held'")
        return cursor.fetchone()[0]


def _others():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return cursor.fetchone()[0]
