"""Works previews out, step by step, while nobody waits.

Each step is one transaction that holds an advisory lock on its run: nobody else works on it, and
when a worker dies the database lets go at once, so that the next tick begins the step again. A
cancelled run ends before its next step, for the run's row is never locked while a step works.

The first step compares the draft with the stored scores. It waits until those are all by the live
version and as of today: while everybody is rescored they are partly of the version before.
"""

import logging
import time

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.models import F
from django.utils.formats import date_format

from leads.models import MQLDefinition, Rescoring
from reporting import backtest, load
from reporting import preview as previews
from reporting.models import PreviewLead, PreviewMeeting, PreviewRun, may_be_previewed

LISTED = 10_000  # leads kept of each kind
MAX_TRIES = 5  # of one step, each ended by the worker's death
JUDGED = [(week, side) for week in range(backtest.WEEKS + 1) for side in backtest.SIDES]
STEPS = 1 + len(JUDGED) + 1
log = logging.getLogger(__name__)


class Overtaken(Exception):
    """While the first step compared, the stored scores became those of another version or day."""


def work(*, now, seconds):
    """Do steps of the waiting previews, oldest first, for so many seconds; the next call goes on.

    Safe to call twice at once. At least one step is done, however long it takes.
    """
    ends = time.monotonic() + seconds
    for run in PreviewRun.objects.waiting_or_running().order_by("requested_at", "pk"):
        while _begin(run, now=now) and _do(run, now=now):
            if time.monotonic() > ends:
                return


def step_in_words(run, *, today):
    """Return what the run is doing now."""
    if run.state == PreviewRun.State.WAITING:
        behind = Rescoring.objects.behind(MQLDefinition.objects.live(), today=today)
        return f"{behind} The preview follows." if behind else "Waiting for a worker"
    if run.step == 0:
        return "Judging every lead as of now"
    if run.step > len(JUDGED):
        return "Working out the load of each pool"
    week, side = JUDGED[run.step - 1]
    by = "the draft" if side == backtest.DRAFT else str(run.against or "no definition")
    return f"Judging the week to {date_format(backtest.ends(run.today)[week], 'j M')} by {by}"


def _begin(run, *, now):
    """Note that a step begins; return whether it may: the run goes on and nobody else has it."""
    with transaction.atomic():
        if not _hold(run):
            return False
        ours = PreviewRun.objects.waiting_or_running().filter(pk=run.pk)
        if ours.filter(tries__gte=MAX_TRIES).exists():
            run.fail("The worker stopped again and again while it was at this.", now=now)
            return False
        if not may_be_previewed(MQLDefinition.objects.get(pk=run.definition_id)):
            run.cancel(now=now)  # it was published meanwhile
            return False
        if ours.filter(step=0).exists():
            live = MQLDefinition.objects.live()
            if Rescoring.objects.behind(live, today=now.date()):
                return False
            ours.update(
                state=PreviewRun.State.RUNNING,
                against=live,
                started_at=now,
                today=now.date(),
                steps=STEPS,
            )
        return bool(ours.update(tries=F("tries") + 1))


def _do(run, *, now):
    """Do the run's next step; return whether there may be another."""
    try:
        with transaction.atomic():
            if not _hold(run):
                return False
            run.refresh_from_db()
            run.result |= _result_of(run)
            if run.step == 0 and not _holds_still(run):
                raise Overtaken
            done = run.step + 1
            if not PreviewRun.objects.filter(pk=run.pk, state=PreviewRun.State.RUNNING).update(
                step=done, tries=0, result=run.result
            ):
                # Cancelled meanwhile: what the step wrote is not wanted any more.
                transaction.set_rollback(True)
                return False
            if done == STEPS:
                run.finish(now=now)
                _sweep()
            return done < STEPS
    except Overtaken:
        waiting = PreviewRun.objects.waiting_or_running().filter(pk=run.pk)
        waiting.update(state=PreviewRun.State.WAITING, tries=0)
        return False
    except SoftTimeLimitExceeded:
        run.fail("One step took longer than the worker may work.", now=now)
        raise
    except Exception as error:
        log.exception("%s could not be worked out.", run)
        run.fail(f"{type(error).__name__}: {error}", now=now)
        return False


def _holds_still(run):
    """Whether the stored scores are by the version and of the day that the run compares with."""
    live = MQLDefinition.objects.live()
    of_it = run.against_id == (live and live.pk)
    return of_it and not Rescoring.objects.behind(live, today=run.today)


def _hold(run):
    """Take the run for this transaction; return whether nobody else has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)", [run._meta.label, run.pk]
        )
        return cursor.fetchone()[0]


def _sweep():
    """Forget what nobody reads any more: the rows of all but the latest results."""
    done = PreviewRun.objects.filter(state=PreviewRun.State.DONE)
    latest = done.order_by("definition_id", "-requested_at", "-pk").distinct("definition_id")
    current = [run.pk for run in PreviewRun.objects.waiting_or_running().only("pk")]
    PreviewMeeting.objects.exclude(run__in=current).delete()
    PreviewLead.objects.exclude(run__in=[*current, *latest.values_list("pk", flat=True)]).delete()


def _result_of(run):
    """Return what the next step adds to the result."""
    if run.step == 0:
        return {"now": _now(run)}
    if run.step <= len(JUDGED):
        week, side = JUDGED[run.step - 1]
        backtest.judge(run, side, week)
        return {}
    return {"weeks": backtest.weeks(run), "over": load.OVER, "load": load.by_pool(run)}


def _now(run):
    """Judge everybody, keep the leads that change, and return the counts and outcomes."""
    PreviewLead.objects.filter(run=run).delete()
    with previews.changes(run.form, today=run.today):
        found = previews.counts()
        for kind in PreviewLead.Kind:
            _keep(run, kind)
        outcomes = {kind: vars(previews.outcomes(kind)) for kind in ("gained", "lost")}
    tiers = previews.TIERS
    return {
        **{name: value for name, value in vars(found).items() if name != "matrix"},
        "matrix": [[found.matrix[old, new] for new in tiers] for old in tiers],
        "outcomes": outcomes,
    }


def _keep(run, kind):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reporting_previewlead (run_id, kind, position, lead_id, tier_before,"
            " tier, total_before, total) "
            "SELECT %s, %s, ROW_NUMBER() OVER (ORDER BY total DESC, lead_id), first.* "
            f"FROM ({previews.first(kind, LISTED)}) AS first",
            [run.pk, kind],
        )
