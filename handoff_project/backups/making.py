"""Makes a backup: the dump and the counts are of the same moment, while everybody works on."""

import shutil
from pathlib import Path

from django.db import connection, transaction

from handoff_project.backups import programs
from handoff_project.backups.manifest import DUMP, FORMAT, Manifest, digest_of, heads, rows
from handoff_project.backups.programs import Unusable

NAME = "handoff-%Y%m%dT%H%M%SZ"


def make(home, *, now):
    """Write a backup into a new folder of `home` and return `(folder, manifest)`.

    The folder appears when it is whole. Raise Unusable where it cannot be made.
    """
    (pg_dump,) = programs.find("pg_dump")
    folder = Path(home) / now.strftime(NAME)
    draft = folder.with_name(f".{folder.name}.new")
    if folder.exists():
        raise Unusable(f"{folder} is there already.")
    try:
        draft.mkdir(parents=True, mode=0o700)
        made = _write(pg_dump, draft, now=now)
        draft.rename(folder)
    except OSError as error:
        raise Unusable(f"{draft} cannot be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder, made


def _write(pg_dump, draft, *, now):
    dump = draft / DUMP
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # pg_dump may take an hour, in which this transaction only keeps the moment.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        (moment,) = cursor.fetchone()
        counted, newest = rows(), heads()
        programs.run(
            [
                pg_dump,
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                f"--snapshot={moment}",
                f"--file={dump}",
            ]
        )
    dump.chmod(0o600)
    made = Manifest(
        made_at=now.isoformat(),
        format=FORMAT,
        postgres=programs.server_major(),
        heads=newest,
        rows=counted,
        bytes=dump.stat().st_size,
        sha256=digest_of(dump),
    )
    made.write(draft)
    return made
