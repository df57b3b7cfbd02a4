"""Scores leads: those that something happened to, those of an older definition, or all.

The one writer of `Score` and `SignalDay`. Micro-batches: a batch of pending rows is deleted,
added to the daily aggregate and scored with one statement, in one transaction.
"""

import logging

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

from leads.models import MQLDefinition, Score
from leads.scoring import statement
from leads.scoring.qualify import qualify, unanswered

BATCH = 300  # leads that one transaction scores after intake
SLICE = 5_000  # leads that one transaction rescores in bulk
log = logging.getLogger(__name__)


def score_pending(*, now, limit=BATCH):
    """Score up to `limit` waiting changes; return how many there were.

    Two of these may run at once: pending rows are claimed with SKIP LOCKED, and the leads' score
    rows are locked in the order of their ids.
    """
    with transaction.atomic():
        claimed = _claim(limit)
        if not claimed:
            return 0
        lead_ids = sorted({row[0] for row in claimed})
        _lock_scores(lead_ids)
        _add_to_aggregate(claimed)
        score(lead_ids, now=now)
    return len(claimed)


def score(lead_ids, *, now):
    """Write these leads' scores by the live definition, and qualify those that now pass."""
    live = MQLDefinition.objects.live()
    if live is None:
        return
    sql, params = statement.evaluate(live.compiled, today=now.date(), lead_ids=lead_ids)
    columns = ", ".join(statement.TOTALS)
    updates = ", ".join(
        f"{name} = excluded.{name}" for name in (*statement.TOTALS, "definition_id")
    )
    kept = ", ".join(f"s.{name}" for name in (*statement.TOTALS, "definition_id"))
    fresh = ", ".join(f"excluded.{name}" for name in (*statement.TOTALS, "definition_id"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO leads_score AS s (lead_id, {columns}, definition_id, scored_at) "
            f"SELECT lead_id, {columns}, %s, %s FROM ({sql}) AS scored "
            f"ON CONFLICT (lead_id) DO UPDATE SET {updates}, scored_at = excluded.scored_at "
            f"WHERE ({kept}) IS DISTINCT FROM ({fresh})",
            [live.pk, now, *params],
        )
    passing = unanswered(Score.objects.filter(lead__in=lead_ids), live, now=now)
    for lead_id in passing.order_by("lead_id").values_list("lead_id", flat=True):
        qualify_or_log(lead_id, now=now)


def qualify_or_log(lead_id, *, now):
    """Qualify in a savepoint, so that one broken lead cannot hold up the others.

    What fails is logged and stays visible to `qualify_missed`, which tries again.
    """
    try:
        with transaction.atomic():
            qualify(lead_id, now=now)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("Lead %s passes but could not be qualified.", lead_id)


def qualify_missed(*, now):
    """Qualify every lead whose stored score passes but who is no MQL yet."""
    live = MQLDefinition.objects.live()
    if live is None:
        return
    missed = unanswered(Score.objects.all(), live, now=now)
    for lead_id in list(missed.order_by("lead_id").values_list("lead_id", flat=True)[:SLICE]):
        qualify_or_log(lead_id, now=now)


def rescore_outdated(*, now):
    """Rescore one slice of the leads scored by another definition than the live one.

    Return how many leads the slice had, so that a caller can go on until none is left.
    """
    live = MQLDefinition.objects.live()
    if live is None:
        return 0
    outdated = Score.objects.exclude(definition=live)
    return _rescore_slice(outdated, now=now)


def rescore_all(*, now):
    """Rescore everybody, slice by slice: windows have moved on by a day."""
    last = 0
    while True:
        after = Score.objects.filter(lead__gt=last)
        ids = list(after.order_by("lead_id").values_list("lead_id", flat=True)[:SLICE])
        if not ids:
            return
        with transaction.atomic():
            _lock_scores(ids)
            score(ids, now=now)
        last = ids[-1]


def _rescore_slice(scores, *, now):
    with transaction.atomic():
        ids = list(
            scores.order_by("lead_id")
            .select_for_update(skip_locked=True)
            .values_list("lead_id", flat=True)[:SLICE]
        )
        if ids:
            score(ids, now=now)
    return len(ids)


def _claim(limit):
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM leads_pending WHERE id IN ("
            " SELECT id FROM leads_pending ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
            ") RETURNING lead_id, signal_id, day, n",
            [limit],
        )
        return cursor.fetchall()


def _lock_scores(lead_ids):
    Score.objects.bulk_create([Score(lead_id=pk) for pk in lead_ids], ignore_conflicts=True)
    list(Score.objects.filter(lead__in=lead_ids).order_by("lead_id").select_for_update())


def _add_to_aggregate(claimed):
    totals: dict = {}
    for lead_id, signal_id, day, n in claimed:
        if signal_id is not None:
            key = (lead_id, signal_id, day)
            totals[key] = totals.get(key, 0) + n
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO leads_signalday AS s (lead_id, signal_id, day, n) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (lead_id, signal_id, day) DO UPDATE SET n = s.n + excluded.n",
            [(*key, n) for key, n in sorted(totals.items())],
        )
