"""How many rows there are, within a time that a page can wait."""

from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

PATIENCE = 1_000  # milliseconds for the exact number, and for the estimate
SAMPLE = 5_000  # rows that are looked at where it takes longer


@dataclass(frozen=True)
class Count:
    """`n` rows; unless it is exact, worked out from the share of them in a sample of all."""

    n: int
    exact: bool = True


def count(rows, *, patience=PATIENCE):
    """Count the rows of a queryset; if that takes too long, estimate by a random sample.

    None where the sample takes too long as well.
    """
    for ask, exact in ((rows.order_by().count, True), (lambda: _estimate(rows), False)):
        try:
            return Count(_within(patience, ask), exact)
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
    return None


def _within(milliseconds, ask):
    """Return what `ask` returns. Raise OperationalError if the database takes longer than that."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
        found = ask()
        # Inside somebody else's transaction the setting would outlive this one.
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    return found


def _estimate(rows):
    """The share of a sample of the table that is in the queryset, as a number of all its rows."""
    table = connection.ops.quote_name(rows.model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT greatest(reltuples, 1) FROM pg_class WHERE oid = %s::regclass", [table]
        )
        (all_rows,) = cursor.fetchone()
        share = min(100, 100 * SAMPLE / all_rows)
        cursor.execute(f"SELECT id FROM {table} TABLESAMPLE BERNOULLI (%s)", [share])
        sample = [pk for (pk,) in cursor.fetchall()]
    if not sample:
        return 0
    return round(rows.filter(pk__in=sample).count() / len(sample) * all_rows)
