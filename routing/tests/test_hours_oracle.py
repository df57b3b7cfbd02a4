"""Business time against somebody who watches the clock on the wall, minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from routing.hours import BusinessCalendar

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

# A zone, and local days on which something happens to its clocks.
PLACES = [
    ("UTC", "2024-02-29"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Europe/London", "1968-02-18"),  # summer time for three years
    ("Europe/Dublin", "2026-10-25"),  # winter time is the exception there
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("America/St_Johns", "2006-10-29"),  # a minute past midnight
    ("America/Sao_Paulo", "2018-11-04"),  # midnight does not exist
    ("America/Sao_Paulo", "2018-02-18"),
    ("America/Havana", "2026-11-01"),
    ("America/Caracas", "2016-05-01"),  # by half an hour, for good
    ("Asia/Kathmandu", "1986-01-01"),  # by a quarter of an hour
    ("Asia/Kolkata", "2026-01-01"),
    ("Asia/Pyongyang", "2018-05-04"),
    ("Asia/Tehran", "2022-03-22"),
    ("Asia/Gaza", "2026-10-31"),
    ("Africa/Casablanca", "2026-03-22"),  # the month of fasting
    ("Africa/Cairo", "2026-04-24"),
    ("Antarctica/Troll", "2026-03-29"),  # by two hours
    ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Australia/Eucla", "2009-03-29"),
    ("Pacific/Auckland", "2026-04-05"),
    ("Pacific/Auckland", "2026-09-27"),
    ("Pacific/Chatham", "2026-09-27"),
    ("Pacific/Apia", "2011-12-30"),  # a day that never was
    ("Pacific/Kwajalein", "1969-10-01"),  # one that came twice
    ("Pacific/Kiritimati", "1995-01-01"),
    ("America/Santiago", "2026-09-06"),
]


@st.composite
def spans(draw):
    """Up to four spans of a day; the last one may end at midnight or run over it."""
    edges = sorted(draw(st.lists(st.integers(0, 143), max_size=8, unique=True)))
    pairs = [(written(a * 10), written(b * 10)) for a, b in zip(*[iter(edges)] * 2, strict=False)]
    if pairs and draw(st.booleans()):
        night = draw(st.integers(0, edges[0]))
        pairs[-1] = (pairs[-1][0], draw(st.sampled_from(["24:00", written(night * 10)])))
    return [pair for pair in pairs if pair[0] != pair[1]]


def written(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


WEEKS = st.one_of(
    st.fixed_dictionaries({day: spans() for day in range(7)}),
    spans().map(lambda same: dict.fromkeys(range(7), same)),
    st.just({day: [("00:00", "24:00")] for day in range(7)}),
    st.just({day: [("22:00", "06:00")] for day in range(7)}),
    st.just({day: [("09:00", "12:30"), ("13:30", "18:00")] for day in range(5)}),
)


@st.composite
def calendars(draw):
    """The arguments of a calendar, with days off and own hours around a day of interest."""
    zone, text = draw(st.sampled_from(PLACES))
    day = date.fromisoformat(text)
    near = st.integers(-3, 3).map(lambda n: day + n * DAY)
    week = draw(WEEKS)
    assume(any(week.values()))
    holidays = draw(st.frozensets(near, max_size=3))
    exceptions = draw(st.dictionaries(near, spans(), max_size=2))
    return day, (zone, week, holidays, exceptions)


def watched(arguments, start, end):
    """Yield, for each minute from start to end, whether it is open.

    The watcher looks at a clock on the wall and never believes that it goes back: a minute is open
    if the latest time that was ever shown lies in a span. So what is skipped is late, and of two
    equal hours the first one counts.
    """
    zone, week, holidays, exceptions = arguments
    tz, at, latest, known = ZoneInfo(zone), start - 2 * DAY, datetime.min, {}
    while at < end:
        latest = max(latest, at.astimezone(tz).replace(tzinfo=None))
        day = latest.date()
        if day not in known:
            known[day] = [
                span for n in (day - DAY, day) for span in agreed(n, week, holidays, exceptions)
            ]
        if at >= start:
            yield any(opens <= latest < closes for opens, closes in known[day])
        at += MINUTE


def agreed(day, week, holidays, exceptions):
    usual = [] if day in holidays else week.get(day.weekday(), [])
    for opens, closes in exceptions.get(day, usual):
        first, last = (moment(day, text) for text in (opens, closes))
        yield first, last if last > first else last + DAY


def moment(day, text):
    hours, minutes = text.split(":")
    return datetime.combine(day, time()) + timedelta(hours=int(hours), minutes=int(minutes))


def built(arguments):
    zone, week, holidays, exceptions = arguments
    return BusinessCalendar(zone, week, holidays, exceptions)


@settings(max_examples=100, deadline=None)
@given(calendars(), st.integers(-3 * 1440, 2 * 1440), st.integers(0, 3 * 1440))
def test_it_counts_what_somebody_counts_who_watches_the_clock(place, shift, length):
    day, arguments = place
    start = datetime.combine(day, time(), UTC) + shift * MINUTE
    end = start + length * MINUTE
    seen = list(watched(arguments, start, end))
    event("open" if any(seen) else "closed")
    calendar = built(arguments)
    assert calendar.elapsed(start, end) == sum(seen) * MINUTE
    assert [calendar.is_open(start + n * MINUTE) for n in range(0, length, 7)] == seen[::7]
    pieces = calendar.segments(start, end)
    counted = {start + n * MINUTE for n, is_open in enumerate(seen) if is_open}
    assert counted == {a + n * MINUTE for a, b in pieces for n in range((b - a) // MINUTE)}
    assert all(b < later for (_, b), (later, _) in pairwise(pieces))
    if any(seen):
        assert calendar.next_open(start) == start + seen.index(True) * MINUTE
        # The deadline is the end of the minute in which the last one of them was counted.
        last = len(seen) - seen[::-1].index(True)
        assert calendar.due_at(start, sum(seen) * MINUTE) == start + last * MINUTE


DURATIONS = st.timedeltas(timedelta(microseconds=1), timedelta(days=20))


@settings(max_examples=100, deadline=None)
@given(calendars(), st.timedeltas(-4 * DAY, 4 * DAY), DURATIONS, DURATIONS)
def test_a_deadline_is_the_inverse_of_counting(place, shift, one, other):
    day, arguments = place
    start, calendar = datetime.combine(day, time(), UTC) + shift, built(arguments)
    due, back = calendar.due_at(start, one), calendar.due_at(start, -one)
    assert back < start < due
    assert calendar.elapsed(start, due) == one
    assert calendar.elapsed(due, start) == calendar.elapsed(start, back) == -one
    # Neither can be had earlier, nor later.
    assert calendar.elapsed(start, due - timedelta(microseconds=1)) < one
    assert calendar.elapsed(back + timedelta(microseconds=1), start) < one
    assert calendar.due_at(due, other) == calendar.due_at(start, one + other)
    assert calendar.due_at(start, max(one, other)) >= calendar.due_at(start, min(one, other))
    assert calendar.due_at(start + other, one) >= due
    assert sum((b - a for a, b in calendar.segments(start, due)), timedelta()) == one
    middle = start + (due - start) / 3
    assert calendar.elapsed(start, middle) + calendar.elapsed(middle, due) == one


@settings(max_examples=15, deadline=None)
@given(calendars(), st.lists(st.integers(2005, 2035), min_size=1, max_size=3))
def test_what_was_asked_before_changes_no_answer(place, years):
    day, arguments = place
    start, asked = datetime.combine(day, time(12), UTC), built(arguments)
    for year in years:
        asked.is_open(datetime(year, 6, 1, tzinfo=UTC))
    due = asked.due_at(start, timedelta(hours=30))
    assert due == built(arguments).due_at(start, timedelta(hours=30))
    week_before = start - 7 * DAY
    assert asked.segments(week_before, due) == built(arguments).segments(week_before, due)


@pytest.mark.parametrize(
    ("zone", "first", "counted"),
    [
        ("Europe/Amsterdam", "1937-07-01 00:00:28", 3572),  # 28 seconds were skipped
        ("Africa/Monrovia", "1972-01-07 00:44:30", 930),  # three quarters of an hour were
        ("Europe/Paris", "1911-03-11 00:00:00", 3600),  # nine minutes came twice before midnight
    ],
)
def test_odd_offsets_of_the_past_are_counted_to_the_second(zone, first, counted):
    day = date.fromisoformat(first[:10])
    calendar = BusinessCalendar(zone, {weekday: [("00:00", "01:00")] for weekday in range(7)})
    noon = datetime.combine(day - DAY, time(12), ZoneInfo(zone))
    opens = calendar.next_open(noon).astimezone(ZoneInfo(zone))
    assert f"{opens:%Y-%m-%d %H:%M:%S}" == first
    assert calendar.elapsed(noon, noon + DAY) == timedelta(seconds=counted)
