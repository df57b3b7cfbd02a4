"""Finds the touchpoints of before that show a new signal, in chunks; and those that show none."""

from datetime import UTC, timedelta

from django.db import connection, transaction

from leads.deadlocks import retried
from leads.intake.touchpoints import shows
from leads.models import Backfill, Pending, Touchpoint

CHUNK = 5_000  # touchpoints that one transaction looks at
MOST_PENDING = 5_000  # a longer queue is scored first: what happens now does not wait for the past
# Who stored touchpoints while the signal was made did not know it; by then they have committed.
SETTLED = timedelta(seconds=10)
NEWEST = 50_000  # touchpoints that a page looks at
SHOWN = 20  # of those that showed a signal, on its page
LATELY = timedelta(days=30)
_PATH = "^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)"  # of a URL, for PostgreSQL


@retried
@transaction.atomic
def step(*, now):
    """Look through one chunk for the signal that waits longest; return whether there was one.

    Any number of these may run at once: a chunk belongs to who has its row locked.
    """
    if Pending.objects.all()[MOST_PENDING:].exists():
        return False
    waiting = Backfill.objects.filter(state__in=Backfill.OPEN, asked_at__lte=now - SETTLED)
    locked = waiting.select_for_update(of=("self",), skip_locked=True)
    work = locked.select_related("signal").order_by("asked_at", "pk").first()
    if work is None:
        return False
    of_kind = _after(Touchpoint.objects.filter(kind=work.signal.kind), work)
    if work.state == Backfill.State.WAITING:
        work.state, work.total = Backfill.State.RUNNING, work.done + of_kind.count()
    rows = list(of_kind.order_by("occurred_at", "digest")[:CHUNK])
    found = [row for row in rows if shows(work.signal, row)]
    Pending.objects.recount(_mark(found, work.signal_id))
    work.done += len(rows)
    work.found += len(found)
    if rows:
        work.last_at, work.last_digest = rows[-1].occurred_at, rows[-1].digest
    if len(rows) < CHUNK:
        work.state, work.ended_at = Backfill.State.DONE, now
    work.save()
    return True


def _after(touchpoints, work):
    if work.last_at is None:
        return touchpoints
    # The first comparison is for the planner: months before are not looked at.
    return touchpoints.filter(
        occurred_at__gte=work.last_at, pk__gt=(work.last_at, work.last_digest)
    )


def _mark(found, signal):
    """Note the signal with these touchpoints; return the `(lead id, UTC day)` that this changes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_touchpoint AS t SET signals = array_append(signals, %s::bigint) "
            "FROM unnest(%s::timestamptz[], %s::uuid[]) AS found (occurred_at, digest) "
            "WHERE t.occurred_at = found.occurred_at AND t.digest = found.digest "
            "AND NOT t.signals @> ARRAY[%s::bigint] "
            "RETURNING t.lead_id, t.occurred_at",
            [signal, [row.occurred_at for row in found], [row.digest for row in found], signal],
        )
        marked = cursor.fetchall()
    return {(lead, at.astimezone(UTC).date()) for lead, at in marked if lead}


def lately(signal, *, now):
    """Return `(the newest touchpoints that showed a signal, how many did, of how many)`.

    Looked at are the newest `NEWEST` of the last 30 days, so that it takes as long however many
    there are.
    """
    recent = Touchpoint.objects.filter(occurred_at__gt=now - LATELY, occurred_at__lte=now)
    newest = recent.order_by("-occurred_at", "-digest").values_list("occurred_at", "digest")
    looked_at = newest[:NEWEST].count()
    if looked_at:
        recent = recent.filter(pk__gte=newest[looked_at - 1])
    shown = recent.filter(kind=signal.kind, signals__contains=[signal.pk])
    return shown.select_related("lead").order_by("-occurred_at")[:SHOWN], shown.count(), looked_at


def unnamed(*, now, most=100):
    """Return what happened lately and shows no signal, the most frequent first.

    Dicts of `kind`, `event`, `path` (of the page), `n` and `last`, out of the newest `NEWEST`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH newest AS (SELECT kind, event, url, occurred_at, signals FROM leads_touchpoint "
            "WHERE occurred_at > %s AND occurred_at <= %s ORDER BY occurred_at DESC LIMIT %s) "
            "SELECT kind, event, substring(url from %s), COUNT(*), MAX(occurred_at) FROM newest "
            "WHERE signals = '{}' GROUP BY 1, 2, 3 ORDER BY 4 DESC, 5 DESC LIMIT %s",
            [now - LATELY, now, NEWEST, _PATH, most],
        )
        names = ("kind", "event", "path", "n", "last")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
