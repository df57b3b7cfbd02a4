"""Monthly partitions of the touchpoints: made ahead, so that nothing lands in the default."""

from datetime import date

from django.db import connection, transaction

from leads.models import ForgottenMonth, TouchpointKey


def month_after(month: date) -> date:
    """Return the first day of the month after the one that starts with `month`."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def make_partitions(first: date, last: date) -> int:
    """Make the partitions of the months from `first` to `last` where missing; return how many.

    Touchpoints of such a month that already lie in the default partition move into the new one.
    """
    made, month = 0, first.replace(day=1)
    while month <= last:
        made += _make(month)
        month = month_after(month)
    return made


def _make(month):
    name = f"leads_touchpoint_{month:%Y_%m}"
    bounds = [month.isoformat() + " 00:00+00", month_after(month).isoformat() + " 00:00+00"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        if cursor.fetchone()[0]:
            return 0
        # Intake waits for these few milliseconds: a row must not slip into the default between
        # the move and the attachment.
        cursor.execute("LOCK TABLE leads_touchpoint IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            f"CREATE TABLE {name} (LIKE leads_touchpoint INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        )
        cursor.execute(
            "WITH moved AS (DELETE FROM leads_touchpoint_default"
            " WHERE occurred_at >= %s AND occurred_at < %s RETURNING *)"
            f" INSERT INTO {name} SELECT * FROM moved",
            bounds,
        )
        cursor.execute(
            f"ALTER TABLE leads_touchpoint ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)",
            bounds,
        )
    return 1


def forget_before(first: date, *, now) -> list[date]:
    """Drop the touchpoints of all months before the one of `first`; return those months.

    What was counted of them stays: the daily aggregate of these months is never counted anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT month FROM leads_touchpointkey WHERE month < %s ORDER BY month",
            [first.replace(day=1)],
        )
        months = [month for (month,) in cursor.fetchall()]
    for month in months:
        _forget(month, now=now)
    return months


@transaction.atomic
def _forget(month, *, now):
    """Intake and scoring wait for these few milliseconds, and then know that it is forgotten."""
    name = f"leads_touchpoint_{month:%Y_%m}"
    bounds = [month.isoformat() + " 00:00+00", month_after(month).isoformat() + " 00:00+00"]
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE leads_touchpoint IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        # What came late for a month that had no partition, or has none any more.
        cursor.execute(
            "DELETE FROM leads_touchpoint_default WHERE occurred_at >= %s AND occurred_at < %s",
            bounds,
        )
    TouchpointKey.objects.filter(month=month).delete()
    ForgottenMonth.objects.update_or_create(month=month, defaults={"at": now})
