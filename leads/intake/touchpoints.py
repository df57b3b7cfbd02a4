"""Stores touchpoints once, classifies them by signal, and queues their leads for scoring."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection
from django.db.models import Value
from django.db.models.functions import Lower

from leads.models import Campaign, Identity, Pending, Signal, Touchpoint
from leads.models.touchpoint import digest_of_message
from leads.text import fold


@dataclass
class Arrival:
    """A validated touchpoint that has been given its person."""

    message_id: str
    kind: str
    occurred_at: datetime
    identity: Identity
    event: str = ""
    url: str = ""
    campaign: Campaign | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    held_by: int | None = None  # whose name it was then, if it changes hands in the same batch

    @property
    def lead_id(self):
        return self.held_by or self.identity.lead_id


def store(arrivals: Iterable[Arrival], *, source, now):
    """Store what is new of these arrivals, inside the caller's transaction; return how many.

    A message that this source sent before is left out, also when it comes with another time.
    """
    by_digest: dict[UUID, Arrival] = {}
    for arrival in arrivals:
        by_digest.setdefault(digest_of_message(source.pk, arrival.message_id), arrival)
    new = remember({digest: arrival.occurred_at for digest, arrival in by_digest.items()})
    return write({digest: by_digest[digest] for digest in new}, source=source, now=now)


def write(by_digest, *, source, now):
    """Store arrivals whose messages were remembered in this transaction; return how many."""
    signals = list(Signal.objects.filter(is_active=True))
    rows, pending = [], []
    for digest, arrival in sorted(by_digest.items()):
        shown = [signal.pk for signal in signals if shows(signal, arrival)]
        rows.append(_row(arrival, digest, shown, source=source, now=now))
        lead_id = arrival.lead_id
        day = arrival.occurred_at.astimezone(UTC).date()
        if lead_id:
            pending += [Pending(lead_id=lead_id, signal_id=pk, day=day, n=1) for pk in shown]
    Touchpoint.objects.bulk_create(rows)
    Pending.objects.bulk_create(pending)
    return len(rows)


def shows(signal, arrival):
    """Whether a touchpoint shows a signal: its kind, and each pattern that the signal gives."""
    if signal.kind != arrival.kind:
        return False
    if signal.event and fold(signal.event).casefold() != fold(arrival.event).casefold():
        return False
    path = path_of(arrival.url)
    return not signal.path_prefix or path.casefold().startswith(signal.path_prefix.casefold())


def path_of(url):
    """Return the path of a URL or of a bare path; empty where there is none."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def campaign_named(name):
    """Return the campaign of this name without regard to case, made if it is new; or None."""
    name = fold(name)
    if not name:
        return None
    found = campaign_found(name)
    if found is None:
        Campaign.objects.bulk_create([Campaign(name=name)], ignore_conflicts=True)
    return found or campaign_found(name)


def campaign_found(name):
    """Return the campaign of this name without regard to case, or None."""
    # By the expression of the constraint: other ways to ignore case differ for some letters.
    low = Lower(Value(fold(name)))
    return Campaign.objects.alias(low=Lower("name")).filter(low=low).first()


def _row(arrival, digest, shown, *, source, now):
    return Touchpoint(
        occurred_at=arrival.occurred_at,
        digest=digest,
        received_at=now,
        source=source,
        lead_id=arrival.lead_id,
        identity=arrival.identity,
        kind=arrival.kind,
        event=arrival.event,
        url=arrival.url,
        campaign=arrival.campaign,
        properties=arrival.properties,
        context=arrival.context,
        signals=shown,
    )


def remember(moments):
    """Insert the keys of messages, `{digest: occurred_at}`; return those that were new.

    Keys go in sorted, so that two transactions with the same messages wait rather than deadlock.
    """
    digests = sorted(moments)
    months = [moments[digest].astimezone(UTC).date().replace(day=1) for digest in digests]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_touchpointkey (digest, month) "
            "SELECT * FROM unnest(%s::uuid[], %s::date[]) "
            "ON CONFLICT DO NOTHING RETURNING digest",
            [digests, months],
        )
        return {row[0] for row in cursor.fetchall()}
