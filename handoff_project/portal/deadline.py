"""Why a clock is due when it is: the counted segments, and the days that were skipped."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Segment:
    """Open time that counts towards a target."""

    start: datetime
    end: datetime

    @property
    def length(self):
        return self.end - self.start


@dataclass(frozen=True)
class Deadline:
    """A clock's deadline, taken apart. The segments' lengths add up to `counted`."""

    zone: ZoneInfo
    segments: list[Segment]
    skipped: list[date]
    shift: timedelta

    @property
    def counted(self):
        return sum((segment.length for segment in self.segments), timedelta())


def explain(clock):
    """Return the Deadline of a clock, by the calendar version that it started with."""
    calendar = clock.calendar
    zone = ZoneInfo(calendar.zone)
    pairs = calendar.hours().segments(clock.started_at, clock.due_at)
    start, end = clock.started_at.astimezone(zone), clock.due_at.astimezone(zone)
    closed = (date.fromisoformat(day) for day in calendar.holidays)
    return Deadline(
        zone=zone,
        segments=[Segment(_second(left), _second(right)) for left, right in pairs],
        skipped=sorted(
            day
            for day in closed
            if start.date() <= day <= end.date()
            and calendar.weekly.get(str(day.weekday()))
            and day.isoformat() not in calendar.exceptions
        ),
        shift=end.utcoffset() - start.utcoffset(),
    )


def _second(moment):
    """The nearest whole second: start and deadline share their fraction, so sums stay exact."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
