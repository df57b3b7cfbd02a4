"""PostgreSQL's own programs: they dump and load, and may not be older than the server."""

import os
import re
import subprocess
from pathlib import Path

from django.db import connection

from handoff_project.onebox import layout


class Unusable(Exception):
    """A backup cannot be made or loaded, for the reason given."""


def find(*names):
    """Return the paths of these programs, all of one folder. Raise Unusable without any.

    The folders of PATH come first, then the package that `make run` uses; the first whose programs
    are not older than the server is taken.
    """
    server, older = server_major(), set()
    for folder in _folders():
        paths = [folder / name for name in names]
        if all(os.access(path, os.X_OK) for path in paths):
            release = _major(paths[0])
            if release >= server:
                return [str(path) for path in paths]
            older.add(release)
    wanted = " and ".join(names)
    if older:
        found = ", ".join(map(str, sorted(older)))
        raise Unusable(
            f"The database is PostgreSQL {server}, and only {wanted} of version {found} was found:"
            " older ones cannot read it. Install the client programs of that version, and put"
            " their folder first in PATH."
        )
    raise Unusable(
        f"{wanted} of PostgreSQL {server} or newer is needed and was not found. Install the client"
        " programs of PostgreSQL, or put their folder in PATH."
    )


def server_major():
    """Return the major version of the server."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10000


def run(command, **streams):
    """Run one of the programs on our database. Raise Unusable with what it says when it fails."""
    done = subprocess.run(command, env=environ(), stderr=subprocess.PIPE, check=False, **streams)
    if done.returncode:
        raise Unusable(said(done.stderr, command[0]))


def environ():
    """Return the variables by which the programs find the database; no password stands in them
    that other users could read in the list of processes."""
    known = connection.get_connection_params()
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    names |= {"password": "PGPASSWORD", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
    given = {there: str(known[here]) for here, there in names.items() if known.get(here)}
    return {**os.environ, **given, "PGCONNECT_TIMEOUT": "10"}


def said(stderr, name):
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines
    return f"{Path(name).name} failed: {telling[0] if telling else 'it said nothing'}"


def _folders():
    yield from (Path(one) for one in os.get_exec_path() if one)
    try:
        yield layout.postgres_programs()
    except (OSError, StopIteration):
        return  # not installed by `make`


def _major(path):
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    release = re.search(r"(\d+)(?:\.\d+|\w+)?\s*(?:\(|$)", done.stdout.strip())
    return int(release[1]) if release else 0
