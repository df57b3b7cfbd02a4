"""Scores leads: those that something happened to, and everybody for a new definition or day.

The one writer of `Score` and, through `aggregate`, `SignalDay`. Micro-batches: a batch of pending
rows is deleted, the days it names are counted anew, and its leads are scored with one statement,
in one transaction.

Rescoring everybody goes by slices of ids. A slice reads without any lock which leads score
otherwise than it is written, which are few, and scores those anew as a micro-batch does: locked
first, judged under the lock. A lead that changes in between is pending, so its micro-batch
follows; a pass begins when no micro-batch is left that scores by the definition before.
"""

import logging
from datetime import UTC

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from leads.models import Lead, MQLDefinition, Rescoring, Score
from leads.scoring import statement
from leads.scoring.aggregate import recount
from leads.scoring.delta import delta
from leads.scoring.qualify import known_to_be_incomplete, qualify, unanswered

BATCH = 1_000  # leads that one transaction scores after intake
SLICE = 10_000  # leads that one transaction rescores in bulk
WIDEST = 250_000  # leads among which one transaction looks for those
# An erased lead keeps the score that it had, so that reports count what they counted.
_KEPT = "scored.lead_id NOT IN (SELECT id FROM leads_lead WHERE erased_at IS NOT NULL)"
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
        _lock_scores(sorted({lead_id for lead_id, _ in claimed}))
        # A page view may leave every count as it was: nothing is scored for that.
        wanted = {lead_id for lead_id, day in claimed if day is None}
        wanted |= recount([(lead_id, day) for lead_id, day in claimed if day is not None])
        lead_ids, live = sorted(wanted), MQLDefinition.objects.live()
        if lead_ids and live:
            _write(lead_ids, live, now=now)
    # Each in a transaction of its own, for a handoff may follow; nobody waits for the batch.
    # Those that are missed by a crash are found by `qualify_missed`.
    if lead_ids and live:
        _qualify_passing(lead_ids, live, now=now)
    return len(claimed)


def _write(lead_ids, live, *, now):
    """Write the scores that change; return how many did."""
    sql, params = statement.evaluate(live.compiled, today=now.date(), lead_ids=lead_ids)
    columns = ", ".join(statement.TOTALS)
    updates = ", ".join(
        f"{name} = excluded.{name}" for name in (*statement.TOTALS, "definition_id", "scored_at")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO leads_score AS s (lead_id, {columns}, definition_id, scored_at) "
            f"SELECT lead_id, {columns}, %s, %s FROM ({sql}) AS scored WHERE {_KEPT} "
            f"ON CONFLICT (lead_id) DO UPDATE SET {updates} WHERE {_differs('s', 'excluded')}",
            [live.pk, now, *params],
        )
        return cursor.rowcount


def _differs(written, found):
    """The condition that a written score is none yet or not what was found."""
    kept, fresh = (
        ", ".join(f"{table}.{name}" for name in statement.TOTALS) for table in (written, found)
    )
    return f"({written}.scored_at IS NULL OR ({kept}) IS DISTINCT FROM ({fresh}))"


def _qualify_passing(lead_ids, live, *, now):
    """Qualify those of the leads whose written score passes, or nearly."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead_id FROM leads_score "
            "WHERE lead_id = ANY(%s) AND (qualifies OR borderline) AND NOT do_not_pass",
            [lead_ids],
        )
        close = [row[0] for row in cursor.fetchall()]
    if close:  # seldom, and the next question is a long one
        passing = unanswered(Score.objects.filter(lead__in=close), live, now=now)
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
    incomplete = known_to_be_incomplete(live, now=now).filter(lead=OuterRef("lead"))
    missed = unanswered(Score.objects.exclude(Exists(incomplete)), live, now=now)
    for lead_id in list(missed.order_by("lead_id").values_list("lead_id", flat=True)[:SLICE]):
        qualify_or_log(lead_id, now=now)


def rescore_outdated(*, now):
    """Rescore one slice of everybody, if the definition or the day is newer than the last pass.

    Return how many leads it looked at, so that a caller can go on until none is left. Any number
    of these may run at once: one works, the others find nothing to do.
    """
    live = MQLDefinition.objects.live()
    if live is None:
        return 0
    newest = Rescoring.objects.newest()
    if newest is None or newest.definition_id != live.pk:
        _begin(Rescoring.Cause.PUBLISHED, after=newest, now=now)
    elif newest.day < now.astimezone(UTC).date():
        _begin(Rescoring.Cause.NEW_DAY, after=newest, now=now)
    return _rescore_slice(now=now)


def rescore_all(*, now):
    """Rescore everybody from the first lead on, slice by slice."""
    if MQLDefinition.objects.live() is None:
        return
    _begin(Rescoring.Cause.ASKED, after=Rescoring.objects.newest(), now=now)
    while _rescore_slice(now=now):
        pass


def _begin(cause, *, after, now):
    """Begin a pass, unless somebody else has begun one since `after` was the newest."""
    published, today = cause == Rescoring.Cause.PUBLISHED, now.astimezone(UTC).date()
    with transaction.atomic():
        _wait_for_scorers()
        live = MQLDefinition.objects.live()
        if live is None or Rescoring.objects.newest() != after:
            return
        overtaken = Rescoring.State.OVERTAKEN
        Rescoring.objects.running().update(state=overtaken, ended_at=now)
        Rescoring.objects.create(
            definition=live,
            instead_of=after.definition if published and after and after.holds(today) else None,
            cause=cause,
            total=Lead.objects.unmerged().count(),
            started_at=now,
        )


def _rescore_slice(*, now):
    """Go on with the pass that is running; return how many leads were looked at."""
    with transaction.atomic():
        _share_scoring()
        _plan_for_many()
        running = Rescoring.objects.running().select_for_update(skip_locked=True).first()
        live = MQLDefinition.objects.live()
        if running is None or live is None or running.definition_id != live.pk:
            return 0
        now = max(now, running.started_at)  # whose clock is behind must not bring back a day
        width = _width(running)
        until, seen = _next_leads(running.last_lead, width)
        if not seen:
            running.finish(now=now)
            return 0
        lead_ids = _differing(_form_of(running), running.last_lead, until, now=now)
        if len(lead_ids) == SLICE:
            until = lead_ids[-1]
            seen = Lead.objects.unmerged().filter(pk__gt=running.last_lead, pk__lte=until).count()
        _lock_scores(lead_ids)
        changed = _write(lead_ids, live, now=now)
        running.went_on(last_lead=until, done=seen, changed=changed)
    # Each in a transaction of its own, for a handoff may follow; nobody waits for the slice.
    _qualify_passing(lead_ids, live, now=now)
    return seen


def _form_of(running):
    """What to evaluate for everybody: what an edit changed, where all else is written already."""
    form, before = running.definition.compiled, running.instead_of
    return (delta(before.compiled, form) or form) if before else form


def _width(running):
    """How many leads to look at so that about as many change as one transaction should write."""
    if not running.done:
        return SLICE
    share = running.changed / running.done
    return int(min(WIDEST, SLICE / (share * 1.25))) if share else WIDEST


def _next_leads(after, width):
    """Return `(the last of their ids, how many)` of the leads that follow."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT MAX(id), COUNT(*) FROM "
            "(SELECT id FROM leads_lead WHERE id > %s AND merged_into_id IS NULL "
            "ORDER BY id LIMIT %s) AS next",
            [after, width],
        )
        return cursor.fetchone()


def _differing(form, after, until, *, now):
    """Return the ids of up to SLICE leads of these whose written score is not what it should be."""
    sql, params = statement.in_parts(form, today=now.date(), between=(after, until))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT scored.lead_id FROM ({sql}) AS scored LEFT JOIN leads_score AS s "
            "ON s.lead_id = scored.lead_id AND s.lead_id > %s AND s.lead_id <= %s "
            f"WHERE {_KEPT} AND {_differs('s', 'scored')} ORDER BY scored.lead_id LIMIT %s",
            [*params, after, until, SLICE],
        )
        return [row[0] for row in cursor.fetchall()]


def _plan_for_many():
    """Until the commit, have the planner share out whole parts, each worked on in memory."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('work_mem', '64MB', true), "
            "set_config('min_parallel_table_scan_size', '1TB', true), "
            "set_config('min_parallel_index_scan_size', '1TB', true)"
        )


def _share_scoring():
    """Say, until the commit, that scores are being written by the definition that is live now.

    Taken before the definition is read and before any row is locked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext(%s))", [Score._meta.label])


def _wait_for_scorers():
    """Wait until nobody writes scores by what was live or today before; hold until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [Score._meta.label])


def _claim(limit):
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM leads_pending WHERE id IN ("
            " SELECT id FROM leads_pending ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
            ") RETURNING lead_id, day",
            [limit],
        )
        return cursor.fetchall()


def _lock_scores(lead_ids):
    """Lock these leads' scores in the order of their ids, and make those that are missing."""
    _share_scoring()
    missing = set(lead_ids).difference(_locked(lead_ids))
    if missing:
        Score.objects.bulk_create(
            [Score(lead=one) for one in Lead.objects.unmerged().filter(pk__in=missing)],
            ignore_conflicts=True,
        )
        _locked(missing)


def _locked(lead_ids):
    """Lock those of the scores that there are; return whose they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead_id FROM leads_score WHERE lead_id = ANY(%s) ORDER BY lead_id FOR UPDATE",
            [list(lead_ids)],
        )
        return [row[0] for row in cursor.fetchall()]
