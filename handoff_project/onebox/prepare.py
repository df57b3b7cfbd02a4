"""Run inside the environment: bring the database up to date and fill the demo, in one process.

Django takes seconds to load, so the steps share it. The demo's log-ins go to the file descriptor
given as the first argument, to be shown when the web server answers.
"""

import os
import sys

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connections


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "handoff_project.settings")
    sys.path.insert(0, os.getcwd())
    django.setup()
    call_command("migrate", interactive=False, verbosity=1 if _is_new() else 0)
    if settings.HANDOFF_ENV == "demo":
        call_command("seed_demo", "--if-empty")
        with os.fdopen(int(sys.argv[1]), "w") as logins:
            call_command("seed_demo", "--logins", stdout=logins)


def _is_new() -> bool:
    """Whether there are migrations to report; every other start has nothing to say."""
    return "django_migrations" not in connections["default"].introspection.table_names()


if __name__ == "__main__":
    try:
        main()
    except ImproperlyConfigured as wrong_setting:
        sys.exit(str(wrong_setting))
