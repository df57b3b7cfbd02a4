"""Stores the events of Segment-compatible clients: who it was, what they did, where they work.

A batch is one transaction. Its messages are remembered first, so that an event counts once,
however often and in whatever company it is sent again.
"""

from dataclasses import dataclass

from django.db import DataError, transaction

from leads import bulk
from leads.deadlocks import retried
from leads.intake import touchpoints, vocabulary
from leads.intake.names import Names
from leads.intake.profile import Profile
from leads.intake.wire import Event, Refused
from leads.models import Conversion, RefusedEvent, SourceHour
from leads.models.touchpoint import Touchpoint, digest_of_message

CONVERTING = (
    Touchpoint.Kind.DEMO_REQUEST,
    Touchpoint.Kind.FORM_SUBMIT,
    Touchpoint.Kind.TRIAL_START,
    Touchpoint.Kind.CONTENT_DOWNLOAD,
    Touchpoint.Kind.WEBINAR_REGISTRATION,
)
KIND_OF = {"page": Touchpoint.Kind.PAGE_VIEW, "screen": Touchpoint.Kind.CUSTOM}
ACTS = ("track", "page", "screen")  # what somebody did, rather than who they are
SHORTENED = 120  # characters of an event's name that are kept


@dataclass
class Received:
    """What became of a batch: every event is stored, a duplicate, or refused."""

    stored: int = 0
    duplicates: int = 0
    refused: int = 0


def receive_events(found, *, source, now):
    """Store Events and note Refused ones, as `wire.events_of` returns them; return a Received.

    An event that the database cannot hold is refused by itself; the others are stored.
    """
    events = [one for one in found if isinstance(one, Event)]
    refused = [one for one in found if isinstance(one, Refused)]
    try:
        return _take(events, refused, source=source, now=now)
    except DataError:
        total = Received()
        for event in events:
            try:
                one = _take([event], [], source=source, now=now)
            except DataError as error:
                refused.append(Refused(why(error), None, event.message_id))
            else:
                total.stored += one.stored
                total.duplicates += one.duplicates
        _take([], refused, source=source, now=now)
        total.refused = len(refused)
        return total


def why(error):
    """Why the database cannot hold an event, in its own words."""
    return str(error).split("\n")[0]


@retried
@transaction.atomic
def _take(events, refused, *, source, now):
    """Store, note and count, all or nothing."""
    stored = store(events, source=source, now=now)
    RefusedEvent.objects.bulk_create(
        RefusedEvent(
            source=source,
            received_at=now,
            message_id=one.message_id[:255],
            reason=one.reason[:200],
            payload=one.payload,
        )
        for one in refused
    )
    result = Received(len(stored), len(events) - len(stored), len(refused))
    SourceHour.objects.add(
        source,
        at=now,
        stored=result.stored,
        duplicates=result.duplicates,
        refused=result.refused,
        delays=[(now - event.occurred_at).total_seconds() for event in stored],
    )
    return result


def store(events, *, source, now):
    """Store what is new of these events, in the caller's transaction; return those."""
    by_digest: dict = {}
    for event in events:
        by_digest.setdefault(digest_of_message(source.pk, event.message_id), event)
    if not by_digest:
        return []
    new = touchpoints.remember({key: event.occurred_at for key, event in by_digest.items()})
    if not new:
        return []
    # Of one moment, in the order in which they were sent.
    fresh = sorted(
        ((key, event) for key, event in by_digest.items() if key in new),
        key=lambda pair: pair[1].occurred_at,
    )
    _act([event for _, event in fresh], dict(fresh), source=source, now=now)
    return [event for _, event in fresh]


def _act(events, by_digest, *, source, now):
    """Take over what new events say, in the order of their times."""
    names = Names(events)
    profile = Profile(names, source=source, now=now)
    came = {key: _campaign(event) for key, event in by_digest.items() if event.type in ACTS}
    campaigns = touchpoints.campaigns_named({said.get("name", "") for said in came.values()})
    arrivals = {}
    for key, event in by_digest.items():
        profile.read(event)
        if key in came:  # as the names are now: they may change hands later in the batch
            arrivals[key] = _arrival(event, names, came[key], campaigns)
    touchpoints.write(arrivals, source=source, now=now)
    _convert(arrivals.values())
    profile.ask_for_scores()


def _arrival(event, names, came, campaigns):
    page = event.context.get("page") if isinstance(event.context.get("page"), dict) else {}
    said, person = event.properties, names.person(event)
    session, seconds = vocabulary.visit_of(said, event.context)
    return touchpoints.Arrival(
        message_id=event.message_id,
        kind=KIND_OF.get(event.type) or vocabulary.kind_of(event.name),
        occurred_at=event.occurred_at,
        identity=person,
        held_by=person.lead_id,
        event=event.name[:SHORTENED],
        url=_words(said.get("url") or page.get("url") or page.get("path"), 2_000),
        campaign=campaigns[came.get("name", "")],
        session=session,
        seconds=seconds,
        properties=said,
        context=_context(event, page, came),
    )


def _campaign(event):
    """The UTM parameters of an event as text, by the client's names."""
    said = event.context.get("campaign")
    known = ("source", "medium", "name", "term", "content")
    said = said if isinstance(said, dict) else {}
    return {name: _words(said[name], SHORTENED) for name in known if said.get(name)}


def _context(event, page, came):
    """Return what is kept of an event's context: where it came from."""
    said = event.properties
    kept = {
        "referrer": _words(said.get("referrer") or page.get("referrer"), 2_000),
        "title": _words(said.get("title") or page.get("title"), 200),
        "campaign": came,
    }
    return {name: value for name, value in kept.items() if value}


def _words(value, longest):
    return value[:longest] if isinstance(value, str) else ""


def _convert(arrivals):
    """Write down how each lead among these first converted, where nothing is written yet."""
    first: dict = {}
    for arrival in sorted(arrivals, key=lambda one: one.occurred_at):
        if arrival.lead_id and arrival.kind in CONVERTING:
            first.setdefault(arrival.lead_id, arrival)
    bulk.add(
        Conversion,
        ("lead_id", *HOW),
        ([pk, *_how(one)] for pk, one in sorted(first.items())),
        passing_over=True,
    )


HOW = ("kind", "form", "page_url", "referrer", "campaign_id", "answers", "occurred_at")


def _how(arrival):
    return (
        arrival.kind,
        arrival.event,
        arrival.url,
        arrival.context.get("referrer", ""),
        arrival.campaign and arrival.campaign.pk,
        arrival.properties,
        arrival.occurred_at,
    )
