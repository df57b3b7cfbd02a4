"""Reads what Segment-compatible clients send: a body, its batch, each event by itself.

Lenient where clients differ, strict where a value could not be stored. Nothing here touches the
database. One bad event never costs the others: it becomes a `Refused` with its reason.
"""

import json
import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from leads.text import storable

MOST_BYTES = 8 * 1024 * 1024  # of a body after decompression; clients stop at 4 MiB
MOST_EVENTS = 5_000  # in one batch
LONGEST_EVENT = 256 * 1024  # bytes of one event as JSON
DEEPEST = 32  # levels of one event
LONGEST_NAME = 255  # characters of an id
FUTURE = timedelta(minutes=5)  # a corrected time may be ahead by this much
TYPES = {
    "identify": "identify",
    "i": "identify",
    "track": "track",
    "t": "track",
    "page": "page",
    "p": "page",
    "screen": "screen",
    "s": "screen",
    "group": "group",
    "g": "group",
    "alias": "alias",
    "a": "alias",
}
_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\d{3})?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)
KINDS = frozenset(TYPES.values())
# The documentation's own example has a month of one digit, which strict parsers refuse.
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"\s*(Z|z|[+-]\d{2}:?\d{2})?\Z"
)


class Unreadable(Exception):
    """The whole body cannot be used; `status` is the answer's."""

    def __init__(self, status, message):
        self.status = status
        super().__init__(message)


@dataclass(slots=True)
class Event:
    """One event as a client sent it, with its time corrected for the client's clock."""

    type: str
    message_id: str
    occurred_at: datetime
    user_id: str = ""
    anonymous_id: str = ""
    previous_id: str = ""
    group_id: str = ""
    name: str = ""
    traits: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Refused:
    """An event that cannot be stored, why, and what it looked like."""

    reason: str
    payload: Any
    message_id: str = ""


def inflate(data, encoding):
    """Return the body without its compression. Raise Unreadable; never inflate beyond the bound."""
    if encoding in ("", "identity"):
        plain = data
    elif encoding == "gzip":
        stream = zlib.decompressobj(wbits=31)
        try:
            plain = stream.decompress(data, MOST_BYTES + 1)
        except zlib.error:
            raise Unreadable(400, "The body is not gzip.") from None
        if not stream.eof and len(plain) <= MOST_BYTES:
            raise Unreadable(400, "The gzip body ends too early.")
    else:
        raise Unreadable(400, f"Content-Encoding {encoding[:40]!r} is not understood; use gzip.")
    if len(plain) > MOST_BYTES:
        raise Unreadable(413, f"The body is larger than {MOST_BYTES} bytes.")
    return plain


def parse(data):
    """Return the JSON object of a body. Raise Unreadable."""
    try:
        # A name that stands twice, NaN and the like come from real clients and cost nobody a batch.
        body = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable(400, "The body is not UTF-8.") from None
    except (ValueError, RecursionError):
        raise Unreadable(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Unreadable(400, "The body is not a JSON object.")
    return body


def events_of(body, kind, *, now):
    """Return the Events and Refused of a parsed body, in its order.

    `kind` is the path's: a type of event for a single one, anything else for a batch. What a batch
    says once, its `context` and `sentAt`, holds for each of its events.
    """
    sent = moment_of(body.get("sentAt"))
    if kind in TYPES:
        return [_event({"type": TYPES[kind], **body}, {}, sent=sent, now=now)]
    batch = body.get("batch")
    if not isinstance(batch, list):
        raise Unreadable(400, "“batch” is missing or is no list.")
    if len(batch) > MOST_EVENTS:
        raise Unreadable(413, f"At most {MOST_EVENTS} events in one batch.")
    shared = body.get("context") if isinstance(body.get("context"), dict) else {}
    found = []
    for raw in batch:
        if not isinstance(raw, dict):
            found.append(Refused("An event is an object.", raw))
            continue
        own = raw.get("sentAt")
        one = _event(raw, shared, sent=moment_of(own) if own else sent, now=now)
        if isinstance(one, Refused) and one.payload is raw:
            one.payload = _alone(raw, shared, body)
        found.append(one)
    return found


def _alone(raw, shared, body):
    """A refused event with what its batch said for it, so that it can be read again."""
    said = {"context": shared | _object(raw.get("context"))} if shared else {}
    if not raw.get("sentAt") and moment_of(body.get("sentAt")):
        said["sentAt"] = body["sentAt"]
    return raw | said


def _event(raw, shared, *, sent, now):
    message_id = _text(raw.get("messageId"))
    reason = _storable(raw)
    if reason:
        return Refused(reason, kept(raw), message_id[:LONGEST_NAME])
    kind = _text(raw.get("type")).lower()
    if kind not in KINDS:
        reason = "“type” is none of identify, track, page, screen, group, alias."
        return Refused(reason, raw, message_id[:LONGEST_NAME])
    occurred_at = _occurred_at(raw, sent, now=now)
    if isinstance(occurred_at, str):
        return Refused(occurred_at, raw, message_id)
    context = shared | _object(raw.get("context"))
    event = Event(
        type=kind,
        message_id=message_id or f"none-{uuid4()}",
        occurred_at=occurred_at,
        user_id=_text(raw.get("userId")),
        anonymous_id=_text(raw.get("anonymousId")),
        previous_id=_text(raw.get("previousId")),
        group_id=_text(raw.get("groupId")),
        name=_text(raw.get("event") if kind == "track" else raw.get("name")),
        # One client sends the traits of an identify in the context alone.
        traits=_object(context.get("traits")) | _object(raw.get("traits")),
        properties=_object(raw.get("properties")),
        context=context,
    )
    reason = _lacks(event)
    return Refused(reason, raw, message_id) if reason else event


def _lacks(event):
    """What an event needs and does not have, or empty."""
    for name in ("message_id", "user_id", "anonymous_id", "previous_id", "group_id"):
        if len(getattr(event, name)) > LONGEST_NAME:
            return f"“{name}” has over {LONGEST_NAME} characters."
    if not (event.user_id or event.anonymous_id):
        return "Neither “userId” nor “anonymousId” is given."
    if event.type == "track" and not event.name:
        return "A track without “event”."
    if event.type == "alias" and not event.previous_id:
        return "An alias without “previousId”."
    if event.type == "group" and not event.group_id:
        return "A group without “groupId”."
    return ""


def _occurred_at(raw, sent, *, now):
    """The event's time by our clock, or what is wrong with it as text.

    The client's clock is off by as much as `sentAt` differs from when we received it.
    """
    said = raw.get("originalTimestamp") or raw.get("timestamp")
    if said is None:
        return now
    moment = moment_of(said)
    if moment is None:
        return "“timestamp” is not a time such as 2026-03-31T09:30:00.000Z."
    try:
        moment = now - (sent - moment) if sent is not None else moment
    except OverflowError:
        return "“timestamp” is out of range."
    if moment > now + FUTURE:
        return "“timestamp” is more than 5 minutes in the future."
    if moment.year < 1990:
        return "“timestamp” is before 1990."
    return min(moment, now)


def moment_of(said):
    """Return a time that a client wrote as an aware datetime in UTC, or None."""
    if not isinstance(said, str):
        return None
    if _PLAIN.match(said):  # what clients write, nearly always
        try:
            return datetime.fromisoformat(said).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    found = _MOMENT.match(said)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    offset = timedelta(0)
    if zone and zone not in "Zz":
        sign = -1 if zone[0] == "-" else 1
        offset = sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    try:
        at = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micro, UTC
        )
        return at - offset
    except (ValueError, OverflowError):
        return None


def _text(value):
    """An id or a name as text: numbers are ids too; anything else says nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _object(value):
    return value if isinstance(value, dict) else {}


def _storable(raw):
    """Why PostgreSQL cannot hold this event, or empty."""
    try:
        text = _encode(raw)
    except ValueError:
        return "NaN and Infinity are no JSON."
    except RecursionError:
        return f"Nested deeper than {DEEPEST} levels."
    # Few brackets cannot nest deep.
    if text.count("{") + text.count("[") > DEEPEST and _depth(raw) > DEEPEST:
        return f"Nested deeper than {DEEPEST} levels."
    if len(text) > LONGEST_EVENT or len(text.encode("utf-8", "surrogatepass")) > LONGEST_EVENT:
        return f"Too large: an event has at most {LONGEST_EVENT} bytes."
    if "\\u0000" in text or not storable(text):
        return "Holds a null character or half a character."
    return ""


def _depth(value):
    """How deep objects and lists are nested; walks level by level, so depth costs no recursion."""
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        inner: list = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        level = [one for one in inner if isinstance(one, dict | list)]
        depth += 1
    return depth


def kept(raw):
    """Return what is kept of a refused item: all of it, or what it looks like, or None."""
    reason = _storable(raw)
    if not reason:
        return raw
    return None if "large" in reason else {"text": ascii(raw)[:2_000]}
