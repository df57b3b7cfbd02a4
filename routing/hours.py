"""Business time: when a calendar is open, and when so much open time will have passed.

A frozen value that has never heard of the database. Local edges become UTC once a day; all
arithmetic is in UTC over sorted intervals with running sums, so a span's length costs nothing but
the years it touches.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

DAY = 24 * 60  # minutes
Spans = Iterable[tuple[str, str]]


class NeverOpen(ValueError):
    """The calendar has no open time within a year, so nothing could ever be due."""


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    value = int(hours) * 60 + int(minutes)
    if not 0 <= value <= DAY or len(minutes) != 2:
        raise ValueError(f"{text!r} is not a time of day between 00:00 and 24:00.")
    return value


def _instant(day: date, minute: int, zone: ZoneInfo) -> float:
    """The UTC timestamp of a local minute of a day. 1440 is the next midnight.

    A local time that the clocks skip moves forward to the first one that exists; of one that
    occurs twice, the first is meant.
    """
    local = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    for step in range(2 * DAY):
        wall = local + timedelta(minutes=step)
        instant = wall.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == wall:
            return instant.timestamp()
    raise ValueError(f"{local} does not exist in {zone.key}.")


@dataclass(frozen=True)
class _Year:
    """The open intervals that start on local days of one year, and their running sum."""

    starts: list[float]
    ends: list[float]
    before: list[float]  # open seconds of this year before each interval
    total: float


@dataclass(frozen=True, eq=False)
class BusinessCalendar:
    """Open hours in one time zone.

    `weekly` maps a weekday (0 is Monday) to `("HH:MM", "HH:MM")` spans: several a day are allowed,
    "24:00" is an end, and an end before its start runs into the next day. `holidays` are dates
    without spans; `exceptions` map a date to its own spans, also on a holiday.
    """

    zone: str
    weekly: Mapping[int, Spans]
    holidays: Iterable[date] = ()
    exceptions: Mapping[date, Spans] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "_years", {})
        if not any(self._spans_of_week()) and not any(map(list, self.exceptions.values())):
            raise NeverOpen(f"The calendar in {self.zone} is never open.")

    @cached_property
    def _tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _closed(self) -> frozenset[date]:
        return frozenset(self.holidays)

    def _spans_of_week(self):
        return [span for weekday in range(7) for span in self._parsed(self.weekly.get(weekday, ()))]

    @staticmethod
    def _parsed(spans: Spans) -> list[tuple[int, int]]:
        parsed = []
        for start, end in spans:
            opens, closes = _minutes(start), _minutes(end)
            if opens == closes:
                raise ValueError(f"A span from {start} to {end} has no length.")
            parsed.append((opens, closes if closes > opens else closes + DAY))
        return parsed

    def _spans_on(self, day: date) -> list[tuple[int, int]]:
        if day in self.exceptions:
            return self._parsed(self.exceptions[day])
        return [] if day in self._closed else self._parsed(self.weekly.get(day.weekday(), ()))

    def _merged(self, day: date) -> list[tuple[int, int]]:
        """The day's own open minutes, with what runs over from the day before; disjoint."""
        over = [(0, end - DAY) for _, end in self._spans_on(day - timedelta(days=1)) if end > DAY]
        own = [(start, min(end, DAY)) for start, end in self._spans_on(day)]
        merged: list[tuple[int, int]] = []
        for start, end in sorted(over + own):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def _year(self, year: int) -> _Year:
        known = self._years  # type: ignore[attr-defined]
        if year not in known:
            starts, ends, before, total = [], [], [], 0.0
            day = date(year, 1, 1)
            while day.year == year:
                for opens, closes in self._merged(day):
                    start = _instant(day, opens, self._tz)
                    end = _instant(day, closes, self._tz)
                    if end > start:
                        starts.append(start)
                        ends.append(end)
                        before.append(total)
                        total += end - start
                day += timedelta(days=1)
            known[year] = _Year(starts, ends, before, total)
        return known[year]

    def _local_year(self, at: datetime) -> int:
        return at.astimezone(self._tz).year

    def _open_before(self, at: datetime, year: int) -> float:
        """Open seconds of this year's table before an instant."""
        table, instant = self._year(year), at.timestamp()
        index = bisect_right(table.starts, instant) - 1
        if index < 0:
            return 0.0
        return table.before[index] + min(instant, table.ends[index]) - table.starts[index]

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time between two aware instants; negative if `end` is earlier."""
        if end < start:
            return -self.elapsed(end, start)
        first, last = self._local_year(start), self._local_year(end)
        seconds = sum(self._year(year).total for year in range(first, last))
        seconds += self._open_before(end, last) - self._open_before(start, first)
        return timedelta(seconds=seconds)

    def due_at(self, start: datetime, duration: timedelta) -> datetime:
        """Return the first instant by which `duration` of open time has passed since `start`.

        A duration that ends exactly at closing time is due at closing time; zero or less is due
        at `start`. Raise NeverOpen if no open time comes within a year.
        """
        if duration <= timedelta(0):
            return start
        year = self._local_year(start)
        wanted = duration.total_seconds() + self._open_before(start, year)
        empty = 0
        while wanted > self._year(year).total:
            wanted -= self._year(year).total
            empty = 0 if self._year(year).total else empty + 1
            year += 1
            if empty > 1:
                raise NeverOpen(f"The calendar in {self.zone} has no open time after {start}.")
        table = self._year(year)
        # The interval in which the sum reaches what is wanted, its end included.
        index = bisect_right(table.before, wanted) - 1
        if wanted == table.before[index] and index:
            index -= 1
        instant = table.starts[index] + wanted - table.before[index]
        return datetime.fromtimestamp(instant, UTC)

    def is_open(self, at: datetime) -> bool:
        """Whether the calendar is open at an instant; at closing time it is not."""
        table, instant = self._year(self._local_year(at)), at.timestamp()
        index = bisect_right(table.starts, instant) - 1
        return index >= 0 and instant < table.ends[index]

    def next_open(self, at: datetime) -> datetime:
        """Return `at` if open then, else the next opening; NeverOpen if none within a year."""
        if self.is_open(at):
            return at
        instant = at.timestamp()
        year = self._local_year(at)
        for later in (year, year + 1):
            starts = self._year(later).starts
            index = bisect_right(starts, instant)
            if index < len(starts):
                return datetime.fromtimestamp(starts[index], UTC)
        raise NeverOpen(f"The calendar in {self.zone} has no open time after {at}.")

    def segments(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the open intervals between two instants, clipped to them, in order."""
        found: list[tuple[datetime, datetime]] = []
        for year in range(self._local_year(start), self._local_year(end) + 1):
            table = self._year(year)
            for opens, closes in zip(table.starts, table.ends, strict=True):
                left, right = max(opens, start.timestamp()), min(closes, end.timestamp())
                if left < right:
                    pair = (datetime.fromtimestamp(left, UTC), datetime.fromtimestamp(right, UTC))
                    if found and found[-1][1] == pair[0]:
                        pair = (found.pop()[0], pair[1])
                    found.append(pair)
        return found


@cache
def always_open() -> BusinessCalendar:
    """Return the calendar of wall-clock promises."""
    return BusinessCalendar("UTC", {day: [("00:00", "24:00")] for day in range(7)})
