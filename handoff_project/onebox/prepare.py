"""Run inside the environment: bring the database up to date and fill the demo, in one process.

Django takes seconds to load, so the steps share it. The answer goes to the file descriptor
given as the first argument: the demo's log-ins, to be shown when the web server answers, or what
went wrong.
"""

import os
import sys
from typing import TextIO

import django
import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError

EXPLAINED = 3  # the exit code with which the answer says what went wrong


def main(answer: TextIO) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "handoff_project.settings")
    sys.path.insert(0, os.getcwd())
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if settings.HANDOFF_ENV == "demo":
        call_command("seed_demo", "--if-empty")
        call_command("seed_demo", "--logins", stdout=answer)


def refusal(error: DatabaseError) -> str:
    """Return the server's own words, which Django wraps in its own, once or twice."""
    inner: BaseException | None = error
    while inner is not None and not isinstance(inner, psycopg.Error):
        inner = inner.__cause__ or inner.__context__
    words = inner.diag.message_primary if isinstance(inner, psycopg.Error) else None
    return f"The database refused: {words or str(error).splitlines()[0]}."


if __name__ == "__main__":
    answer = os.fdopen(int(sys.argv[1]), "w")
    try:
        main(answer)
    except (ImproperlyConfigured, CommandError) as trouble:
        answer.write(str(trouble))
        sys.exit(EXPLAINED)
    except DatabaseError as trouble:
        answer.write(refusal(trouble))
        sys.exit(EXPLAINED)
    finally:
        answer.close()
