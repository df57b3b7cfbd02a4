"""In which week leads first met the live definition, and when they would have met a draft.

Every lead is judged as of the end of each week: behaviour counts up to that day, and only leads
that had come by then are there. What we know of a lead and its company is taken as it is today.
"""

from datetime import UTC, datetime, time, timedelta

from django.db import connection

from leads.scoring import statement

WEEKS = 13  # the last 90 days and one
LIVE, DRAFT = SIDES = ("live", "draft")


def ends(today):
    """Return the last days of the weeks, oldest first; the first is the day before the window."""
    return [today - timedelta(days=7 * (WEEKS - week)) for week in range(WEEKS + 1)]


def judge(run, side, week):
    """Note for everybody who meets a side's definition at the end of a week and did not before.

    Weeks come in order; one may be repeated. A side without a definition meets nobody.
    """
    form = run.form if side == DRAFT else run.against and run.against.compiled
    if not form:
        return
    day = ends(run.today)[week]
    sql, params = statement.evaluate(form, today=day)
    column = f"{side}_week"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO reporting_previewmeeting AS met (run_id, lead_id, {column}) "
            f"SELECT %s, judged.lead_id, %s FROM ({sql}) AS judged "
            "JOIN leads_lead ON leads_lead.id = judged.lead_id "
            "WHERE judged.qualifies AND leads_lead.created_at < %s "
            f"ON CONFLICT (run_id, lead_id) DO UPDATE SET {column} = excluded.{column} "
            f"WHERE met.{column} IS NULL",
            [run.pk, week, *params, datetime.combine(day + timedelta(days=1), time(), UTC)],
        )


def weeks(run):
    """Return `{"end", "live", "draft"}` for each week of the window: how many first met it then."""
    found = {side: _by_week(run, f"{side}_week") for side in SIDES}
    return [
        {"end": end.isoformat(), **{side: found[side].get(week, 0) for side in SIDES}}
        for week, end in list(enumerate(ends(run.today)))[1:]
    ]


def _by_week(run, column):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column}, COUNT(*) FROM reporting_previewmeeting "
            f"WHERE run_id = %s AND {column} > 0 GROUP BY {column}",
            [run.pk],
        )
        return dict(cursor.fetchall())
