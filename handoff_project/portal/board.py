"""The SLA board: every clock of open work that a manager may see, by how urgent it is."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from handoff_project.portal.move_forms import key_of
from routing.models import CalendarVersion, Pool, Rep
from sla.models import Clock

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
    "paused": ("Paused", "paused"),
}


def states(clocks, *, now):
    """Return a condition on open clocks for each key of `LABELS`."""
    paused = Q(state=Clock.State.PAUSED)
    late, closed = Q(due_at__lt=now), Q(calendar__in=closed_calendars(clocks, now=now))
    open_now = ~paused & ~late & ~closed
    ends = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    ends += timedelta(days=1)
    near, today = Q(due_at__lte=now + NEAR), Q(due_at__lt=ends)
    return {
        "late": ~paused & late,
        "near": open_now & near,
        "today": open_now & ~near & today,
        "later": open_now & ~near & ~today,
        "off": ~paused & ~late & closed,
        "paused": paused,
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


@dataclass(frozen=True)
class Load:
    """What one rep, or one pool, has on the clock: how many clocks in each state."""

    key: str
    name: str
    team: str
    counters: list[Counter]

    @property
    def total(self):
        return sum(counter.count for counter in self.counters)


def loads(clocks, conditions):
    """Return a Load for each rep and pool with open clocks, whoever is late the most first."""
    counts = {key: Count("pk", filter=condition) for key, condition in conditions.items()}
    rows = clocks.order_by().values("handoff__owner", "handoff__pool").annotate(**counts)
    rows = [row for row in rows if row["handoff__owner"] or row["handoff__pool"]]
    reps = Rep.objects.select_related("user", "team").in_bulk(
        {row["handoff__owner"] for row in rows} - {None}
    )
    pools = Pool.objects.select_related("team").in_bulk(
        {row["handoff__pool"] for row in rows} - {None}
    )
    found = []
    for row in rows:
        place = reps.get(row["handoff__owner"]) or pools[row["handoff__pool"]]
        counted = [Counter(key, *LABELS[key], row[key]) for key in conditions]
        found.append(Load(key_of(place), str(place), place.team.name, counted))
    return sorted(found, key=lambda one: (*(-c.count for c in one.counters[:3]), one.name))
