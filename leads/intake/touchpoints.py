"""Stores touchpoints once, classifies them by signal, and queues their leads for scoring."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection

from leads import bulk
from leads.intake.people import Seen
from leads.models import Campaign, Identity, Mapping, Pending, Signal, Touchpoint
from leads.models.mapping import meant
from leads.models.touchpoint import digest_of_message
from leads.text import fold


@dataclass(slots=True)
class Arrival:
    """A validated touchpoint that has been given its person."""

    message_id: str
    kind: str
    occurred_at: datetime
    identity: Identity | Seen
    event: str = ""
    url: str = ""
    campaign: Campaign | None = None
    session: str = ""
    seconds: int | None = None
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
    if not by_digest:
        return 0
    signals = Signal.objects.to_look_for()
    rows, days = [], set()
    for digest, arrival in by_digest.items():
        mine = signals.get(arrival.kind, ())
        shown = [signal.pk for signal in mine if shows(signal, arrival)]
        rows.append(_row(arrival, digest, shown, source=source, now=now))
        if arrival.lead_id and (shown or _bears_on_visits(arrival)):
            days.add((arrival.lead_id, arrival.occurred_at.astimezone(UTC).date()))
    bulk.copy(Touchpoint, ROW, rows)
    Pending.objects.recount(days)
    return len(rows)


def _bears_on_visits(arrival):
    """Whether a touchpoint that shows nothing may change what is counted of others.

    A page view still tells how long the one before was read, and it goes on with a visit; so does
    whatever belongs to a named session.
    """
    return arrival.session or arrival.kind == Touchpoint.Kind.PAGE_VIEW


def shows(signal, arrival):
    """Whether a touchpoint shows a signal: its kind, and each pattern that the signal gives."""
    if signal.kind != arrival.kind:
        return False
    if signal.event and _plain(signal.event) != _plain(arrival.event):
        return False
    return not signal.path_prefix or _is_below(signal, path_of(arrival.url).casefold())


def _is_below(signal, path):
    begins = signal.path_prefix.casefold()
    if not (path and signal.whole_parts):
        return path.startswith(begins)
    return f"{path}/".startswith(f"{begins.rstrip('/')}/")


@lru_cache(maxsize=4_096)
def _plain(event):
    return fold(event).casefold()


@lru_cache(maxsize=4_096)
def path_of(url):
    """Return the path of a URL or of a bare path; empty where there is none."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def campaign_named(name):
    """Return the campaign of this name without regard to case, made if it is new; or None."""
    return campaigns_named([name])[name]


def campaigns_named(names):
    """Return `{name: campaign}` without regard to case, made where new; None for an empty name.

    Where it was decided that a name means another campaign, it is that one.
    """
    folded = {name: meant_campaign(name) for name in names}
    wanted = sorted({name for name in folded.values() if name})
    found = _campaigns(wanted) if wanted else {}
    if len(found) < len(wanted):
        missing = [Campaign(name=name) for name in wanted if name not in found]
        Campaign.objects.bulk_create(missing, ignore_conflicts=True)
        found = _campaigns(wanted)
    return {name: found.get(text) for name, text in folded.items()}


def campaign_found(name):
    """Return the campaign of this name without regard to case, or None."""
    return _campaigns([meant_campaign(name)]).get(meant_campaign(name))


def meant_campaign(name):
    """Return the name of the campaign that a name means."""
    return meant(Mapping.Field.CAMPAIGN, fold(name))


def _campaigns(names):
    """Return `{name: campaign}` of those there are."""
    # By the expression of the constraint: other ways to ignore case differ for some letters.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT said, campaign.id, campaign.name FROM unnest(%s::text[]) AS said "
            "JOIN leads_campaign AS campaign ON LOWER(campaign.name) = LOWER(said)",
            [list(names)],
        )
        rows = cursor.fetchall()
    return {said: Campaign.from_db("default", ["id", "name"], row) for said, *row in rows}


ROW = (
    "occurred_at", "digest", "received_at", "source_id", "lead_id", "identity_id", "kind",
    "event", "url", "campaign_id", "session", "seconds", "properties", "context", "signals",
)  # fmt: skip


def _row(arrival, digest, shown, *, source, now):
    return (
        arrival.occurred_at,
        digest,
        now,
        source.pk,
        arrival.lead_id,
        arrival.identity.pk,
        str(arrival.kind),
        arrival.event,
        arrival.url,
        arrival.campaign and arrival.campaign.pk,
        arrival.session,
        arrival.seconds,
        json.dumps(arrival.properties),
        json.dumps(arrival.context),
        f"{{{','.join(map(str, shown))}}}",  # an array as text, which is quicker than a list
    )


def remember(moments):
    """Insert the keys of messages, `{digest: occurred_at}`; return those that were new.

    Keys go in sorted, so that two transactions with the same messages wait rather than deadlock.
    """
    by_text = {str(digest): digest for digest in moments}
    texts = sorted(by_text)
    months = [moments[by_text[text]].astimezone(UTC).date().replace(day=1) for text in texts]
    with connection.cursor() as cursor:
        # The texts of arrays: quicker than lists, and nothing in them needs quoting.
        cursor.execute(
            "INSERT INTO leads_touchpointkey (digest, month) "
            "SELECT * FROM unnest(%s::uuid[], %s::date[]) "
            "ON CONFLICT DO NOTHING RETURNING digest",
            [f"{{{','.join(texts)}}}", f"{{{','.join(map(str, months))}}}"],
        )
        return {row[0] for row in cursor.fetchall()}
