"""The kinds of events that people and endpoints may be told of, as each app registers its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One row of a person's preferences: events that they want to hear of in the same way."""

    key: str
    label: str
    kinds: tuple[str, ...]
    digest: bool = False  # whether its mails wait for the daily digest, unless somebody chose
    urgent: bool = False  # whether it may pass quiet hours, for whoever wants that


@dataclass(frozen=True)
class EventType:
    """A kind of event that an endpoint may subscribe to."""

    kind: str
    label: str


# Given notices of one kind, return the ids of those that nobody needs to be told of any more.
Settled = Callable[[Iterable], set[int]]

topics: dict[str, Topic] = {}
event_types: dict[str, EventType] = {}
_topic_of: dict[str, Topic] = {}
_settled: dict[str, Settled] = {}


def register_topic(topic, *, settled: Settled | None = None):
    """Make a topic known; `settled` is asked before its mails are sent."""
    topics[topic.key] = topic
    for kind in topic.kinds:
        _topic_of[kind] = topic
        if settled:
            _settled[kind] = settled


def register_types(**labels):
    """Make kinds of events known to endpoints: `routing__accepted="A rep took it on"`."""
    for name, label in labels.items():
        kind = name.replace("__", ".")
        event_types[kind] = EventType(kind, label)


def topic_of(kind):
    """Return the topic of an event's kind, None where nobody may choose (an invitation)."""
    return _topic_of.get(kind)


def settled(deliveries):
    """Return the ids of those of these deliveries that have nothing to say any more."""
    by_check: dict[Settled, list] = {}
    for one in deliveries:
        if check := _settled.get(one.event.kind):
            by_check.setdefault(check, []).append(one)
    return {pk for check, found in by_check.items() for pk in check(found)}
