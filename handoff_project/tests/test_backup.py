"""A backup is made while everybody works, and comes back whole with its outbox held."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from conftest import NOW
from handoff_project.backups import making, manifest, programs, restoring
from leads.models import Delivery
from leads.privacy import erasing

ROOT = Path(__file__).resolve().parents[2]
committed = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def elsewhere(db):
    """The address of an empty database beside ours."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(url, *arguments):
    """Run manage.py on that database; return its exit code and what it said."""
    done = subprocess.run(
        [sys.executable, ROOT / "manage.py", *map(str, arguments)],
        env=os.environ | {"DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@committed
def test_a_backup_comes_back_whole_with_its_outbox_held(company, elsewhere, tmp_path):
    company.handoff_of(company.cast.ana).accept(by=company.cast.ana, now=NOW)
    company.handoff()
    forgotten = company.lead("forgotten@acme.example")
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING).count()
    assert waiting
    folder, made = making.make(tmp_path, now=NOW)
    assert made.rows["routing_handoff"] == 2
    erasing.erase(forgotten, reason="Asked by letter", now=NOW + timedelta(days=1))
    call_command("erasures", tmp_path)

    code, said = manage(elsewhere, "restore", folder)
    assert code == 0, said
    assert f"{waiting} messages waited then and are held" in said
    assert "Erased again: 1 of the 1 that the list names." in said

    code, said = manage(elsewhere, "check_invariants", "--json")
    wrong = [line for line in map(json.loads, said.splitlines()) if line["count"]]
    assert [line["key"] for line in wrong if line["fatal"]] == [], wrong
    assert manage(elsewhere, "held", "list")[1].endswith(f"{waiting} held.\n")
    assert manage(elsewhere, "held", "release")[1] == f"{waiting} will be sent.\n"

    # A second one on top, asked for by name, holds again what was released.
    code, said = manage(elsewhere, "restore", folder, "--force")
    assert f"{waiting} messages waited then and are held" in said
    assert manage(elsewhere, "held", "discard")[1] == f"{waiting} will not be sent.\n"


@committed
def test_a_dump_that_breaks_off_leaves_the_database_empty(company, elsewhere, tmp_path):
    folder, made = making.make(tmp_path, now=NOW)
    dump = folder / manifest.DUMP
    dump.write_bytes(dump.read_bytes()[: made.bytes * 3 // 4])
    told = json.loads((folder / manifest.MANIFEST).read_text())
    told |= {"bytes": dump.stat().st_size, "sha256": manifest.digest_of(dump)}
    (folder / manifest.MANIFEST).write_text(json.dumps(told))

    code, said = manage(elsewhere, "restore", folder)
    assert code == 1
    assert "pg_restore failed" in said or "psql failed" in said
    # Nothing of it is there: the whole backup goes in without --force.
    _, made = making.make(tmp_path / "whole", now=NOW)
    assert manage(elsewhere, "restore", next((tmp_path / "whole").iterdir()))[0] == 0


@committed
def test_a_full_database_is_not_written_over(company, tmp_path):
    folder, _ = making.make(tmp_path, now=NOW)
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", folder)


@committed
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sha256": "0" * 64}, "was changed"),
        ({"bytes": 1}, "cut short"),
        ({"heads": {"leads": "9999_tomorrow"}}, "newer Handoff"),
        ({"postgres": 99}, "newer than this server"),
        ({"format": 99}, "newer Handoff"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_touched(company, tmp_path, changes, why):
    folder, _ = making.make(tmp_path, now=NOW)
    told = json.loads((folder / manifest.MANIFEST).read_text())
    (folder / manifest.MANIFEST).write_text(json.dumps(told | changes))
    with pytest.raises(programs.Unusable, match=why):
        restoring.check(folder)


def test_no_backup_is_taken_for_none(db, tmp_path):
    with pytest.raises(programs.Unusable, match="no backup of Handoff"):
        restoring.check(tmp_path)


def program(folder, release):
    path = folder / "pg_dump"
    path.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {release} (Debian)'\n")
    path.chmod(0o755)


def test_programs_older_than_the_server_are_refused(db, tmp_path, monkeypatch):
    program(tmp_path, "9.6")
    monkeypatch.setattr(programs, "_folders", lambda: [tmp_path])
    with pytest.raises(programs.Unusable, match="of version 9 was found"):
        programs.find("pg_dump")


def test_older_programs_are_passed_over_for_newer_ones(db, tmp_path, monkeypatch):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, release in ((old, "9.6"), (new, "99.1")):
        folder.mkdir()
        program(folder, release)
    monkeypatch.setattr(programs, "_folders", lambda: [old, new])
    assert programs.find("pg_dump") == [str(new / "pg_dump")]


def test_without_any_program_it_says_what_to_install(db, tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "_folders", lambda: [tmp_path])
    with pytest.raises(CommandError, match="Install the client programs"):
        call_command("backup", tmp_path / "to")
    assert not list((tmp_path / "to").glob("handoff-*"))
