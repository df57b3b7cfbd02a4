"""Reads refused events again, after whatever was wrong with them has been mended."""

from collections import Counter

from django.db import DataError, transaction

from leads.deadlocks import retried
from leads.intake import events, receive, wire
from leads.intake.wire import Refused
from leads.models import RefusedEvent, SourceHour

MOST = 500  # that are replayed at once
STORED, DUPLICATE, AGAIN = "stored", "duplicate", "refused again"


def replay_all(rows, *, by, now):
    """Replay the open ones among these, the oldest first, up to `MOST`; return a Counter."""
    ids = (
        rows.open().filter(partly=False).order_by("received_at", "pk").values_list("pk", flat=True)
    )
    return Counter(filter(None, (replay(pk, by=by, now=now) for pk in list(ids[:MOST]))))


def replay(pk, *, by, now):
    """Send one through the intake again; return what became of it, or None if it is not open.

    It counts in the hour in which it came, and as the message that it was: if its sender has sent
    it once more meanwhile, it is a duplicate. What is refused again stays, with the new reason.
    """
    try:
        return _replay(pk, by=by, now=now)
    except DataError as error:
        return _refused_again(pk, events.why(error))


@retried
@transaction.atomic
def _replay(pk, *, by, now):
    row = RefusedEvent.objects.open().select_for_update().filter(pk=pk).first()
    if row is None or not row.can_be_replayed:
        return None
    read, reason = _read(row)
    if reason:
        return _refused_again(pk, reason)
    if row.door == RefusedEvent.Door.TOUCHPOINTS:
        stored = receive.store_touchpoints([read], source=row.source, now=now)
    else:
        stored = len(events.store([read], source=row.source, now=now))
    RefusedEvent.objects.filter(pk=pk).settle(RefusedEvent.State.REPLAYED, by=by, now=now)
    SourceHour.objects.add(
        row.source, at=row.received_at, refused=-1, stored=stored, duplicates=1 - stored
    )
    return STORED if stored else DUPLICATE


def _read(row):
    """Read it as if it came just when it did; return it, and why it is refused again if it is.

    An event without an id gets a lasting one.
    """
    payload = row.payload
    if row.door == RefusedEvent.Door.TOUCHPOINTS:
        data, errors = receive.read_touchpoint(payload, now=row.received_at)
        return data, receive.why(errors)
    if not payload.get("messageId"):
        payload = payload | {"messageId": f"refused-{row.pk}"}
    (found,) = wire.events_of({"batch": [payload]}, "batch", now=row.received_at)
    return (None, found.reason) if isinstance(found, Refused) else (found, "")


def _refused_again(pk, reason):
    RefusedEvent.objects.filter(pk=pk).update(reason=reason[:200])
    return AGAIN
