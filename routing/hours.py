"""Business time: when a calendar is open, and when so much open time will have passed.

A frozen value that has never heard of the database. Local edges become UTC once, when a year is
first asked about; from then on every question is two searches in sorted instants with running
sums, however long the span.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate, chain
from zoneinfo import ZoneInfo

from routing.spans import DAY_NAMES, Minutes, Spans, read_spans
from routing.zones import first_instant, zone_named

YEARS = range(1900, 2201)  # what is counted; further away somebody has mistyped a date
A_YEAR = timedelta(days=365)
LONGEST = len(YEARS) * A_YEAR
NOTHING = timedelta(0)
ONE_DAY = timedelta(days=1)


class NeverOpen(ValueError):
    """The calendar has no open time within a year, so nothing could ever be due."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The open intervals of some whole years, with the open time before each."""

    years: range
    since: datetime  # everything from here ...
    until: datetime  # ... to here is in the table
    starts: list[datetime]
    ends: list[datetime]
    before: list[timedelta]  # open time before each interval, then before `until`

    def open_before(self, at: datetime) -> timedelta:
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return NOTHING
        return self.before[index] + (min(at, self.ends[index]) - self.starts[index])


FAR = datetime.max.replace(tzinfo=UTC)
EMPTY = _Table(range(0), FAR, FAR, [], [], [NOTHING])


@dataclass(frozen=True, eq=False)
class BusinessCalendar:
    """Open hours in one time zone.

    `weekly` maps a weekday (0 is Monday) to `("HH:MM", "HH:MM")` spans: several a day are allowed,
    "24:00" is an end, and an end before its start runs into the next day. `holidays` are dates
    without spans; `exceptions` map a date to its own spans, also on a holiday.

    A span belongs to the day on which it opens: a holiday or an exception takes the place of the
    spans that open on its date, and a shift of the evening before still ends in its morning. Spans
    of one day must not overlap; where one runs into the next day's hours, both count once.
    Raise ValueError, in words, for hours that make no sense, NeverOpen for those without any.
    """

    zone: str
    weekly: Mapping[int, Spans]
    holidays: Iterable[date] = ()
    exceptions: Mapping[date, Spans] = field(default_factory=dict)
    _tz: ZoneInfo = field(init=False, repr=False)
    _week: tuple[Minutes, ...] = field(init=False, repr=False)
    _days: dict[date, Minutes] = field(init=False, repr=False)  # that are unlike their weekday
    _table: _Table = field(init=False, repr=False)

    def __post_init__(self):
        self._set("_tz", zone_named(self.zone))
        for key in self.weekly:
            if type(key) is not int or key not in range(7):
                raise ValueError(f"{key!r} is not a weekday: 0 is Monday, 6 is Sunday.")
        week = [read_spans(self.weekly.get(day, ()), name) for day, name in enumerate(DAY_NAMES)]
        self._set("_week", tuple(week))
        closed: dict[date, Minutes] = dict.fromkeys(self.holidays, ())
        own = {day: read_spans(spans, str(day)) for day, spans in self.exceptions.items()}
        for day in (*closed, *own):
            if type(day) is not date:
                raise ValueError(f"{day!r} is not a date.")
        self._set("_days", closed | own)
        self._refuse_if_never_open()
        self._set("_table", EMPTY)

    def _set(self, name, value):
        object.__setattr__(self, name, value)

    def _refuse_if_never_open(self):
        if not any(self._week):
            if not any(self._days.values()):
                raise NeverOpen(f"The calendar in {self.zone} is never open.")
            return  # open on single days alone: whoever asks after the last one is told
        first = last = date.max  # of a run of days off with no open day in between
        for day in sorted(day for day in self._days if day.year in YEARS):
            if not self._days[day] and not self._usual(day):
                continue
            if self._days[day]:
                last = date.max
                continue
            if last == date.max or day > self._next_usual(last):
                first = day
            last = day
            if self._next_usual(last) - self._next_usual(first, -ONE_DAY) > A_YEAR:
                raise NeverOpen(f"Every open day from {first} to {last} is a day off.")

    def _usual(self, day: date) -> Minutes:
        return self._week[day.weekday()]

    def _next_usual(self, day: date, step: timedelta = ONE_DAY) -> date:
        day += step
        while not self._usual(day):
            day += step
        return day

    # The table

    def _intervals(self, years: Iterable[int]) -> Iterator[tuple[datetime, datetime]]:
        """Open intervals that begin in these years, in UTC, by day; they may touch or overlap."""
        for year in years:
            day = date(year, 1, 1)
            while day.year == year:
                midnight = datetime.combine(day, time())
                spans = self._days.get(day)
                for opens, closes in self._usual(day) if spans is None else spans:
                    start = first_instant(midnight + timedelta(minutes=opens), self._tz)
                    end = first_instant(midnight + timedelta(minutes=closes), self._tz)
                    if start < end:  # not swallowed by a change of the clocks
                        yield start, end
                day += ONE_DAY

    def _covering(self, first: datetime, last: datetime) -> _Table:
        """Return a table that reaches from one instant to another, making it longer if need be."""
        table = self._table
        if table.since <= first and last < table.until:
            return table
        known = table.years or range(first.year, first.year + 1)
        return self._grown(min(known.start, first.year - 1), max(known.stop, last.year + 2))

    def _grown(self, start: int, stop: int) -> _Table:
        if start not in YEARS or stop - 1 not in YEARS:
            raise ValueError(f"Business time is counted from {YEARS[1]} to {YEARS[-2]}.")
        old = self._table
        known = old.years or range(stop, stop)
        starts: list[datetime] = []
        ends: list[datetime] = []
        for opens, closes in chain(
            self._intervals(range(start, known.start)),
            zip(old.starts, old.ends, strict=True),
            self._intervals(range(known.stop, stop)),
        ):
            if ends and opens <= ends[-1]:
                ends[-1] = max(ends[-1], closes)
            else:
                starts.append(opens)
                ends.append(closes)
        lengths = (end - opens for opens, end in zip(starts, ends, strict=True))
        before = list(accumulate(lengths, initial=NOTHING))
        # A local year begins up to a day before or after the year in UTC, and the last night shift
        # of the year before reaches into it.
        since, until = datetime(start, 1, 4, tzinfo=UTC), datetime(stop - 1, 12, 29, tzinfo=UTC)
        table = _Table(range(start, stop), since, until, starts, ends, before)
        self._set("_table", table)  # in one step: another thread sees the old one or this one
        return table

    def _further(self, at: datetime, *, back: bool) -> _Table:
        """Return a table that reaches further back or on. Raise NeverOpen after a closed year."""
        table, years = self._table, self._table.years
        if back:
            closed = min(at, *table.starts[:1]) - table.since
        else:
            closed = table.until - max(at, *table.ends[-1:])
        if closed > A_YEAR:
            when = "before" if back else "after"
            raise NeverOpen(f"The calendar in {self.zone} is closed for a year {when} {at}.")
        # Twice as long each time, and no further than anything is counted.
        if back and years.start > YEARS.start:
            return self._grown(max(years.start - len(years), YEARS.start), years.stop)
        if not back and years.stop < YEARS.stop:
            return self._grown(years.start, min(years.stop + len(years), YEARS.stop))
        return self._grown(years.start - 1, years.stop + 1)

    # The questions

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time between two aware instants; negative if `end` is earlier."""
        start, end = in_utc(start), in_utc(end)
        table = self._covering(min(start, end), max(start, end))
        return table.open_before(end) - table.open_before(start)

    def due_at(self, start: datetime, duration: timedelta) -> datetime:
        """Return the first instant by which `duration` of open time has passed since `start`.

        A duration that ends exactly at closing time is due at closing time; none is due at
        `start`. A negative one counts backwards, to the last instant from which so much open time
        passes until `start`: one that ends exactly at opening time is at opening time.
        Raise NeverOpen if the calendar is closed for a year before that.
        """
        start = in_utc(start)
        if not duration:
            return start
        if not -LONGEST < duration < LONGEST:
            raise ValueError(f"{duration.days} days of business time are more than is counted.")
        table, back = self._covering(start, start), duration < NOTHING
        wanted = table.open_before(start) + duration
        while wanted < NOTHING or wanted > table.before[-1]:
            table = self._further(start, back=back)
            wanted = table.open_before(start) + duration
        # The interval in which the sum reaches what is wanted.
        index = (bisect_right if back else bisect_left)(table.before, wanted) - 1
        return table.starts[index] + (wanted - table.before[index])

    def is_open(self, at: datetime) -> bool:
        """Whether the calendar is open at an instant; at closing time it is not."""
        at = in_utc(at)
        table = self._covering(at, at)
        index = bisect_right(table.starts, at) - 1
        return index >= 0 and at < table.ends[index]

    def next_open(self, at: datetime) -> datetime:
        """Return `at` if open then, else the next opening; NeverOpen if none within a year."""
        at = in_utc(at)
        table = self._covering(at, at)
        while (index := bisect_right(table.ends, at)) == len(table.ends):
            table = self._further(at, back=False)
        opens = max(at, table.starts[index])
        if opens - at > A_YEAR:
            raise NeverOpen(f"The calendar in {self.zone} is closed for a year after {at}.")
        return opens

    def segments(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the open intervals between two instants, clipped to them, in order.

        There are none where `end` is not later than `start`.
        """
        start, end = in_utc(start), in_utc(end)
        if end <= start:
            return []
        table = self._covering(start, end)
        first, last = bisect_right(table.ends, start), bisect_left(table.starts, end)
        pairs = zip(table.starts[first:last], table.ends[first:last], strict=True)
        return [(max(start, opens), min(end, closes)) for opens, closes in pairs]


def in_utc(at: datetime) -> datetime:
    """Return an aware instant in UTC. Raise ValueError, in words, for a naive one."""
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise ValueError(f"{at} has no time zone: business time is counted between instants.")
    return at.astimezone(UTC)


@cache
def always_open() -> BusinessCalendar:
    """Return the calendar of wall-clock promises."""
    return BusinessCalendar("UTC", {day: [("00:00", "24:00")] for day in range(7)})
