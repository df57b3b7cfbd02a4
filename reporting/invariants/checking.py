"""Looks at all invariants at once, keeps what was found and tells of leads that nobody has."""

import time
from datetime import timedelta

from django.contrib.auth.backends import ModelBackend
from django.db import connection, transaction
from django.urls import reverse

from leads.models import Delivery, Event, Lead, Notice
from reporting.invariants.clocks import CLOCKS
from reporting.invariants.handoffs import HANDOFFS
from reporting.invariants.invariant import Invariant, find
from reporting.invariants.leads import LEADS
from reporting.invariants.leaks import LEAKS
from reporting.models import InvariantCheck

INVARIANTS: dict[str, Invariant] = {one.key: one for one in (*LEAKS, *LEADS, *HANDOFFS, *CLOCKS)}
# Sweeps that find what was missed run at least once a minute; what is newer may be on its way.
SETTLED = timedelta(minutes=2)
KEPT = timedelta(days=400)
ONE, MANY = "reporting.leak_noticed", "reporting.leaks_noticed"


def look(*, now):
    """Return the Finding of every invariant, all of the same moment; nothing is written."""
    moments = _moments(now)
    with transaction.atomic():
        # Inside another transaction the moment is that transaction's.
        if len(connection.atomic_blocks) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [find(invariant, moments) for invariant in INVARIANTS.values()]


def check(*, now):
    """Look, keep the result, and tell of new leaks; return the findings."""
    began = time.monotonic()
    findings = look(now=now)
    with transaction.atomic():
        InvariantCheck.objects.filter(checked_at__lt=now - KEPT).delete()
        InvariantCheck.objects.create(
            checked_at=now,
            seconds=time.monotonic() - began,
            results=[finding.as_json() for finding in findings],
            violated=sum(not finding.holds for finding in findings),
        )
        _tell([new for one in LEAKS for new in _note(one, now=now)], now=now)
    return findings


def _moments(now):
    return {"now": now, "settled": now - SETTLED}


def _note(leak, *, now):
    """Keep which rows leak now; return `(invariant, row, lead)` of those that did not before."""
    found = f"WITH found AS MATERIALIZED ({leak.sql})"
    known = {**_moments(now), "key": leak.key}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{found} UPDATE reporting_leak SET mended_at = %(now)s WHERE key = %(key)s "
            "AND mended_at IS NULL AND row NOT IN (SELECT id FROM found)",
            known,
        )
        cursor.execute(
            f"{found}, new AS (INSERT INTO reporting_leak (key, row, noticed_at) "
            "SELECT DISTINCT %(key)s, id, %(now)s::timestamptz FROM found "
            "ON CONFLICT DO NOTHING RETURNING row) "
            "SELECT DISTINCT id, lead FROM found JOIN new ON new.row = found.id ORDER BY id",
            known,
        )
        return [(leak, *row) for row in cursor.fetchall()]


def _tell(new, *, now):
    """Tell once of each new leak; of several at once in one notice."""
    if not new:
        return
    leads = Lead.objects.in_bulk({lead for *_, lead in new if lead})
    Event.objects.bulk_create(
        Event(
            lead=leads.get(lead),
            kind=ONE,
            cause=leak.sentence[:200],
            data={"invariant": leak.key, leak.of: row},
            happened_at=now,
        )
        for leak, row, lead in new
    )
    count = len(new)
    subject = "A lead has leaked" if count == 1 else f"{count:,} leads have leaked"
    broken = dict.fromkeys(leak.sentence for leak, *_ in new)
    event = Event.objects.create(kind=MANY, cause=subject, data={"count": count}, happened_at=now)
    body = "No longer true: " + " ".join(broken) + " The page names the leads and what to do."
    url = reverse("portal:health")
    Delivery.objects.tell_all(
        [Notice(user, event, subject, body, url) for user in told_of_leaks()], now=now
    )


def told_of_leaks():
    """Return who is told of leaks: RevOps, and superusers."""
    return ModelBackend().with_perm("reporting.be_told_of_leaks").order_by("pk")
