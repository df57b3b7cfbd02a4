"""The SLA board: every running clock that a manager may see, by how urgent it is."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from routing.models import CalendarVersion

NEAR = timedelta(minutes=15)


@dataclass(frozen=True)
class Counter:
    """How many clocks are in one state; the states leave out nothing and share nothing."""

    key: str
    label: str
    shape: str
    count: int


# The shapes of clocks' badges stand only where a clock's own reading says the same. How near a
# deadline is by the wall clock is the board's question, so "soon" is none of its shapes.
LABELS = {
    "late": ("Late", "late"),
    "near": ("Due within 15 min", "due"),
    "today": ("Due today", "due"),
    "later": ("Due later", "due"),
    "off": ("Off hours", "off_hours"),
}


def states(clocks, *, now):
    """Return a condition on running clocks for each key of `LABELS`."""
    late = Q(due_at__lt=now)
    open_now = ~late & ~Q(calendar__in=closed_calendars(clocks, now=now))
    ends = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    ends += timedelta(days=1)
    near, today = Q(due_at__lte=now + NEAR), Q(due_at__lt=ends)
    return {
        "late": late,
        "near": open_now & near,
        "today": open_now & ~near & today,
        "later": open_now & ~near & ~today,
        "off": ~late & Q(calendar__in=closed_calendars(clocks, now=now)),
    }


def closed_calendars(clocks, *, now):
    """Return the calendars of these clocks that are closed now."""
    used = CalendarVersion.objects.filter(pk__in=clocks.order_by().values("calendar"))
    return [version.pk for version in used if not version.hours().is_open(now)]


def counters(clocks, conditions):
    """Return a Counter per state, from one query."""
    counts = clocks.order_by().aggregate(
        **{key: Count("pk", filter=condition) for key, condition in conditions.items()}
    )
    return [Counter(key, *LABELS[key], count) for key, count in counts.items()]
