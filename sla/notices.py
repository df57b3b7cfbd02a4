"""What people are told about promises: one notice to each, however much falls due at once."""

from collections import defaultdict
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format

from leads import bulk
from leads.models import Delivery, Event, Notice, User
from routing.notifications import url_of
from sla.models import Clock

SHOWN = 5  # promises that a summary names
TOGETHER = "sla.summarised"  # the event of a notice about several promises


@dataclass
class News:
    """One level of one clock, as it is told: `who` is the lead's name and company."""

    clock: Clock
    event: Event
    who: str
    is_late: bool

    @property
    def subject(self):
        state = "is late" if self.is_late else "is due soon"
        return f"{self.clock.get_kind_display()} {state}: {self.who}"

    def body(self, user):
        clock, zone = self.clock, user.tzinfo
        due = date_format(clock.due_at.astimezone(zone), "D j M H:i")
        promise = clock.get_kind_display().lower()
        bound = " at latest" if clock.bound else ""
        return f"The {promise} was promised by {due}{bound} ({zone.key}), by policy {clock.policy}."


class Notices:
    """Collects who is told what in one sweep, and writes it at once."""

    def __init__(self):
        # user -> clock -> the latest News about it
        self.of_user: dict[int, dict[int, News]] = defaultdict(dict)
        self.users: dict[int, User] = {}

    def add(self, user, news):
        self.users[user.pk] = user
        self.of_user[user.pk].pop(news.clock.pk, None)
        self.of_user[user.pk][news.clock.pk] = news

    def write(self, *, now):
        """Put one delivery per person and channel into the outbox."""
        told = [(self.users[pk], list(news.values())) for pk, news in self.of_user.items()]
        many = {user.pk: _summary(user, news, now=now) for user, news in told if len(news) > 1}
        bulk.store_new(notice.event for notice in many.values())
        notices = (many.get(user.pk) or _single(user, news[0]) for user, news in told)
        Delivery.objects.tell_all(notices, now=now)


def _single(user, news):
    return Notice(
        user,
        news.event,
        news.subject,
        news.body(user),
        url_of(news.clock.handoff),
        urgent=news.is_late,
    )


def _summary(user, news, *, now):
    late = sum(one.is_late for one in news)
    counts = ((late, "late"), (len(news) - late, "due soon"))
    subject = ", ".join(f"{n} {word}" for n, word in counts if n)
    news = sorted(news, key=lambda one: (not one.is_late, one.clock.due_at))
    # Who the leads are stands on their pages alone: what is said of several cannot be erased with
    # one of them.
    lines = [one.body(user) for one in news[:SHOWN]]
    if len(news) > SHOWN:
        lines.append(f"And {len(news) - SHOWN} more.")
    page = "portal:queue" if hasattr(user, "rep") else "portal:board"
    event = Event(
        kind=TOGETHER,
        cause=subject,
        data={"events": [one.event.pk for one in news]},
        happened_at=now,
    )
    url = reverse(page)
    return Notice(user, event, f"Promises: {subject}", "\n".join(lines), url, urgent=late > 0)


def told(escalations):
    """Return `{event's id: the Deliveries that told of it}`, also those that told of several."""
    events = {one.event_id for one in escalations if one.event_id}
    together = Event.objects.filter(
        lead=None, kind=TOGETHER, happened_at__in={one.noticed_at for one in escalations}
    )
    carried = {pk: set(data["events"]) & events for pk, data in together.values_list("pk", "data")}
    found: dict[int, list[Delivery]] = defaultdict(list)
    sent = Delivery.objects.filter(event__in=[*events, *carried]).select_related("recipient")
    for delivery in sent.order_by("recipient", "channel"):
        for pk in carried.get(delivery.event_id, {delivery.event_id}):
            found[pk].append(delivery)
    return found
