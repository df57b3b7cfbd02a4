"""Why a clock is due when it is: the time from its start to its deadline, piece by piece.

One function takes it apart; pages, the API and the tests print what it returns. The pieces lie end
to end, each with its cause, and those that count add up to what was promised.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from routing.models.calendar import Day
from routing.zones import ClockChange, clock_changes, first_instant, zone_named
from sla import deadlines

NOTHING = timedelta(0)
ONE_DAY = timedelta(days=1)

COUNTED, PAUSED, CLOSED = "counted", "paused", "closed"  # and, of a day: off, holiday, exception
CAUSES = {
    Day.USUAL: CLOSED,
    Day.OFF: Day.OFF,
    Day.HOLIDAY: Day.HOLIDAY,
    Day.EXCEPTION: Day.EXCEPTION,
}


@dataclass(frozen=True)
class Piece:
    """A stretch of time with one cause: `counted`, or why it did not count.

    `name` is that of the holiday, `own_hours` says of a counted piece that its day is an exception
    in the calendar. `counted` is in whole seconds, rounded so that a clock's pieces add up exactly.
    """

    start: datetime
    end: datetime
    cause: str
    name: str = ""
    own_hours: bool = False
    counted: timedelta = NOTHING

    @property
    def words(self):
        """Why it counts, or why not, in a few words."""
        if self.cause == COUNTED and not self.own_hours:
            return "Counted"
        named = f" ({self.name})" if self.name else ""
        return {
            COUNTED: f"Counted, by this day's own hours{named}",
            PAUSED: "Paused",
            CLOSED: "Outside working hours",
            Day.OFF: "No working day",
            Day.HOLIDAY: f"Holiday: {self.name}" if self.name else "Day off",
            Day.EXCEPTION: f"Closed, by this day's own hours{named}",
        }[self.cause]


@dataclass(frozen=True)
class Flight:
    """A deadline taken apart."""

    zone: ZoneInfo
    pieces: list[Piece]
    target: timedelta  # what was promised
    pauses: list[tuple[datetime, datetime]]
    skipped: list[Day] = field(default_factory=list)  # days off on which work was usual
    changes: list[ClockChange] = field(default_factory=list)

    @property
    def counted(self):
        """The counted pieces together."""
        return sum((piece.counted for piece in self.pieces), NOTHING)

    @property
    def adds_up(self):
        return self.counted == self.target


def explain(clock):
    """Return the Flight of a clock, by the calendar version that it started with."""
    version, start, end = clock.calendar, clock.started_at, clock.due_at
    zone, pauses, unit = zone_named(version.zone), clock.waits(), _unit_of(clock)
    days = list(_days(version, start.astimezone(zone).date(), end.astimezone(zone).date()))
    return Flight(
        zone=zone,
        pieces=pieces(version, deadlines.counting(unit, version.hours()), start, end, pauses),
        target=_promised(clock, unit),
        pauses=pauses,
        skipped=[
            day
            for day in days
            if day.kind == Day.HOLIDAY and version.weekly.get(str(day.date.weekday()))
        ],
        changes=list(clock_changes(zone, start, end)),
    )


def _unit_of(clock):
    """By what the time to its deadline counts: that of its outer bound, if this comes first."""
    return deadlines.modern(clock.target)["bound"]["unit"] if clock.bound else clock.unit


def _promised(clock, unit):
    """How much time was promised, of the kind that counts; the end of a day promises what is left.

    Pauses put the deadline off; what was promised stays.
    """
    if clock.bound:
        return timedelta(minutes=deadlines.modern(clock.target)["bound"]["minutes"])
    if unit not in (deadlines.END_OF_DAY, deadlines.OWN):
        return timedelta(minutes=clock.target_minutes)
    hours = deadlines.counting(unit, clock.calendar.hours())
    ends = deadlines.due(clock.target, clock.calendar.hours(), clock.started_at).target_at
    return _whole(hours.elapsed(clock.started_at, ends))


def pieces(version, hours, start, end, pauses=()):
    """Return what the time between two instants was, as Pieces that lie end to end.

    `hours` say what counts, but not in a pause; the calendar version says why the rest does not.
    """
    cuts = {start, end, *(edge for span in hours.segments(start, end) for edge in span)}
    cuts |= {edge for pause in pauses for edge in pause}
    cuts |= set(_midnights(zone_named(version.zone), start, end))
    raw = [
        _piece(version, hours, one, other, pauses)
        for one, other in pairwise(sorted(cut for cut in cuts if start <= cut <= end))
    ]
    return _rounded(_joined(raw))


def _piece(version, hours, start, end, pauses):
    day = version.day(start.astimezone(zone_named(version.zone)).date())
    if hours.is_open(start):
        if any(began <= start < ended for began, ended in pauses):
            return Piece(start, end, PAUSED)
        own = day.kind == Day.EXCEPTION and day.date in hours.exceptions
        return Piece(start, end, COUNTED, day.name if own else "", own)
    return Piece(start, end, CAUSES[day.kind], day.name)


def _joined(raw):
    """Neighbours of one cause become one piece, so that a weekend is one."""
    found: list[Piece] = []
    for piece in raw:
        if found and replace(found[-1], start=piece.start, end=piece.end) == piece:
            found[-1] = replace(found[-1], end=piece.end)
        else:
            found.append(piece)
    return found


def _rounded(exact):
    """Round to whole seconds, the sum and not the parts: so the parts add up."""
    found, before = [], NOTHING
    for piece in exact:
        after = before + (piece.end - piece.start if piece.cause == COUNTED else NOTHING)
        ends = {"start": _second(piece.start), "end": _second(piece.end)}
        found.append(replace(piece, **ends, counted=_whole(after) - _whole(before)))
        before = after
    return found


def _second(moment):
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)


def _whole(length):
    return timedelta(seconds=(length + timedelta(microseconds=500_000)) // timedelta(seconds=1))


def _midnights(zone, start, end):
    """The instants between two others at which a local day begins."""
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day < last:
        day += ONE_DAY
        yield first_instant(datetime.combine(day, time()), zone)


def _days(version, first, last):
    while first <= last:
        yield version.day(first)
        first += ONE_DAY
