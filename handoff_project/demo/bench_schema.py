"""Where a bench keeps its own data set: a schema that exists for as long as it measures."""

import resource
import sys
from contextlib import contextmanager

from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection, connections

from handoff_project.demo.benches import NotMeasurable

SCHEMA = "handoff_bench"


@contextmanager
def schema_of_our_own():
    """Let Django's connection see an empty schema and nothing else; drop it in the end."""
    usual, ours = connections["default"], connections["default"].copy()
    options = ours.settings_dict["OPTIONS"]
    options["options"] = f"{options.get('options', '')} -c search_path={SCHEMA}".strip()
    connections["default"] = ours
    try:
        _take_schema()
        try:
            yield
        finally:
            with ours.cursor() as cursor:
                cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    finally:
        ours.close()
        connections["default"] = usual
        ContentType.objects.clear_cache()  # their ids are others in there


def _take_schema():
    """Make the schema anew: what is there was left by a run that was killed."""
    ContentType.objects.clear_cache()
    with connection.cursor() as cursor:
        # Held by the connection, so that it ends with us, however we end.
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [SCHEMA])
        if not cursor.fetchone()[0]:
            raise NotMeasurable("Another bench is at work in this database.")
        try:
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        except ProgrammingError as error:
            raise NotMeasurable(f"A schema for the data set is needed: {error}") from None


def memory():
    """The most memory this process ever had, in megabytes."""
    return megabytes(resource.getrusage(resource.RUSAGE_SELF))


def megabytes(used):
    """The most memory that a process ever had, by its resource usage."""
    return used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
