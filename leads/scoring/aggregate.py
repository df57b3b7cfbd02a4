"""The daily aggregate: how often, how long and in how many visits leads showed each signal.

A visit is a run of page views of one person without a gap of 30 minutes. A sender may name its
visits instead: touchpoints of one session are one visit, unless a day lies between two of them.
What else happens while an unnamed visit goes on belongs to it; outside of one, to none.

A touchpoint took as long as its sender measured. A page view without that took until the next
page view of its visit, at most 30 minutes; how long the last page was read is unknown and counts
nothing.

A signal's seconds on a day are those of its touchpoints on that day. A visit counts once for a
signal, on the day on which it first showed it. Days are counted anew from the touchpoints rather
than added to, so neither order nor repetition matters.
"""

from datetime import UTC, datetime, time, timedelta

from django.db import connection
from django.db.models import F, Sum

from leads.models import ForgottenMonth, SignalDay

# Touchpoints of whole days in a row belong together: no visit reaches over a quiet day.
_AROUND = """
    WITH RECURSIVE asked AS (
        SELECT * FROM unnest(%(leads)s::bigint[], %(days)s::date[]) AS asked (lead_id, day)
    ),
    earlier AS (
        SELECT lead_id, day FROM asked
        UNION SELECT lead_id, day - 1 FROM earlier WHERE day > %(first)s AND EXISTS (
            SELECT FROM leads_touchpoint AS t WHERE t.lead_id = earlier.lead_id
            AND t.occurred_at >= (day - 1)::timestamp AT TIME ZONE 'UTC'
            AND t.occurred_at < day::timestamp AT TIME ZONE 'UTC'
            AND t.occurred_at >= %(since)s AND t.occurred_at < %(until)s
        )
    ),
    later AS (
        SELECT lead_id, day FROM asked
        UNION SELECT lead_id, day + 1 FROM later WHERE day < %(last)s AND EXISTS (
            SELECT FROM leads_touchpoint AS t WHERE t.lead_id = later.lead_id
            AND t.occurred_at >= (day + 1)::timestamp AT TIME ZONE 'UTC'
            AND t.occurred_at < (day + 2)::timestamp AT TIME ZONE 'UTC'
            AND t.occurred_at >= %(since)s AND t.occurred_at < %(until)s
        )
    )
    SELECT lead_id, day FROM earlier UNION SELECT lead_id, day FROM later
"""
_TOUCHED = """
    days AS MATERIALIZED (
        SELECT * FROM unnest(%(leads)s::bigint[], %(days)s::date[]) AS days (lead_id, day)
    ),
    touched AS (
        -- OFFSET 0: one look into the index a day, never a walk through all touchpoints.
        SELECT days.lead_id, days.day, t.* FROM days CROSS JOIN LATERAL (
            SELECT occurred_at, digest, kind, session, seconds, signals
            FROM leads_touchpoint AS t WHERE t.lead_id = days.lead_id
            AND t.occurred_at >= days.day::timestamp AT TIME ZONE 'UTC'
            AND t.occurred_at < (days.day + 1)::timestamp AT TIME ZONE 'UTC'
            AND t.occurred_at >= %(since)s AND t.occurred_at < %(until)s OFFSET 0
        ) AS t
    )
"""
# Gives each row of `touched` the `visit` it is in (of its lead and session; else NULL) and how
# many seconds it `took`.
_VISITED = """
    placed AS (
        SELECT *, kind = 'page_view' AS is_page, session <> '' OR kind = 'page_view' AS goes_on,
            CASE WHEN session = '' THEN interval '30 minutes' ELSE interval '24 hours' END AS most
        FROM touched
    ),
    followed AS (
        SELECT *, occurred_at - MAX(occurred_at) FILTER (WHERE goes_on) OVER (
                PARTITION BY lead_id, session ORDER BY occurred_at, goes_on DESC, digest
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS since,
            LEAD(occurred_at) OVER (
                PARTITION BY lead_id, session, is_page ORDER BY occurred_at, digest
            ) - occurred_at AS until
        FROM placed
    ),
    visited AS (
        SELECT *,
            CASE WHEN goes_on OR since < most THEN
                COUNT(*) FILTER (WHERE goes_on AND (since IS NULL OR since >= most)) OVER (
                    PARTITION BY lead_id, session ORDER BY occurred_at, goes_on DESC, digest
                    ROWS UNBOUNDED PRECEDING
                ) END AS visit,
            COALESCE(seconds, CASE WHEN is_page AND until < most
                THEN LEAST(FLOOR(EXTRACT(EPOCH FROM until)), 1800)::integer ELSE 0 END) AS took
        FROM followed
    )
"""
_COUNTED = """
    shown AS (
        SELECT lead_id, signal_id, day, took, visit IS NOT NULL AND ROW_NUMBER() OVER (
                PARTITION BY lead_id, signal_id, session, visit ORDER BY occurred_at, digest
            ) = 1 AS is_first
        FROM visited CROSS JOIN unnest(signals) AS signal_id
    ),
    counted AS MATERIALIZED (
        SELECT lead_id, signal_id, day, COUNT(*)::integer AS n,
            LEAST(SUM(took), 2147483647)::integer AS seconds,
            (COUNT(*) FILTER (WHERE is_first))::integer AS visits
        FROM shown WHERE signal_id IN (SELECT id FROM leads_signal) GROUP BY 1, 2, 3
    )
"""
_WRITTEN = """
    gone AS (
        DELETE FROM leads_signalday AS kept USING days
        WHERE kept.lead_id = days.lead_id AND kept.day = days.day AND NOT EXISTS (
            SELECT FROM counted WHERE counted.lead_id = kept.lead_id
            AND counted.signal_id = kept.signal_id AND counted.day = kept.day
        ) RETURNING kept.lead_id
    ),
    written AS (
        INSERT INTO leads_signalday AS kept (lead_id, signal_id, day, n, seconds, visits)
        SELECT * FROM counted ORDER BY lead_id, signal_id, day
        ON CONFLICT (lead_id, signal_id, day) DO UPDATE
        SET n = excluded.n, seconds = excluded.seconds, visits = excluded.visits
        WHERE (kept.n, kept.seconds, kept.visits)
            IS DISTINCT FROM (excluded.n, excluded.seconds, excluded.visits)
        RETURNING lead_id
    )
"""
_RECOUNT = f"""
    WITH {_TOUCHED}, {_VISITED}, {_COUNTED}, {_WRITTEN}
    SELECT lead_id FROM gone UNION SELECT lead_id FROM written
"""
_SUMMARY = f"""
    WITH touched AS (
        SELECT lead_id, occurred_at, digest, kind, session, seconds
        FROM leads_touchpoint WHERE lead_id = %s AND occurred_at <= %s
    ), {_VISITED}
    SELECT COUNT(*) FILTER (WHERE is_page), COALESCE(SUM(took), 0)::bigint,
        COUNT(DISTINCT (session, visit)) FILTER (WHERE visit IS NOT NULL)
    FROM visited
"""
NEAR = 3  # days around a change that are looked at before any farther ones


def recount(days):
    """Count these `(lead id, UTC day)` anew, and the days around them that they bear on.

    The caller holds the locks of the leads' scores. Return the ids of the leads whose rows changed.
    Days of which the touchpoints were dropped stay as they were counted.
    """
    found = _kept(days)
    if not found:
        return set()
    return {row[0] for row in _run(_RECOUNT, _kept(_with_neighbours(found)), margin=0)}


def _kept(days):
    """Return those of the `(lead id, day)` whose touchpoints are still there to be counted."""
    forgotten = set(ForgottenMonth.objects.values_list("month", flat=True))
    return {(lead_id, day) for lead_id, day in days if day.replace(day=1) not in forgotten}


def _with_neighbours(days):
    """Return these `(lead id, day)` with all that follow on them without a quiet day between."""
    margin = NEAR
    first, last = _ends(days)
    while True:
        found = set(_run(_AROUND, days, margin=margin))
        lowest, highest = _ends(found)
        reach = timedelta(days=margin)
        if lowest > first - reach and highest < last + reach:
            return found
        margin *= 4


def _ends(days):
    return min(day for _, day in days), max(day for _, day in days)


def _run(sql, days, *, margin):
    """Run the statement for these `(lead id, day)` and so many days around them.

    The ends are said to the planner as they are: it then looks at the months between them alone.
    """
    first, last = _ends(days)
    first, last = first - timedelta(days=margin), last + timedelta(days=margin)
    ids, dates = zip(*sorted(days), strict=True)
    bounds = {
        "since": datetime.combine(first, time.min, UTC),
        "until": datetime.combine(last + timedelta(days=1), time.min, UTC),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {"leads": list(ids), "days": list(dates), "first": first, "last": last} | bounds,
        )
        return cursor.fetchall()


def summary(lead_id, *, until):
    """Return what a lead did up to a moment: `pages`, `seconds`, `visits` and `signals`.

    The last are dicts of those signals that took time, by name, the longest first.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SUMMARY, [lead_id, until])
        pages, seconds, visits = cursor.fetchone()
    days = SignalDay.objects.filter(lead=lead_id, day__lte=until.astimezone(UTC).date())
    signals = days.values(name=F("signal__name")).annotate(
        seconds=Sum("seconds"), visits=Sum("visits")
    )
    took = signals.filter(seconds__gt=0).order_by("-seconds", "name")
    return {"pages": pages, "seconds": seconds, "visits": visits, "signals": list(took)}
