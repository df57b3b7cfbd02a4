from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.hours import BusinessCalendar, NeverOpen, always_open

OFFICE = {day: [("09:00", "17:00")] for day in range(5)}
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
    "Asia/Tokyo",
]


def at(text, zone="Europe/Berlin"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def due(start, minutes, **kwargs):
    calendar = BusinessCalendar("Europe/Berlin", OFFICE, **kwargs)
    return calendar.due_at(at(start), timedelta(minutes=minutes)).astimezone(
        ZoneInfo("Europe/Berlin")
    )


def test_friday_afternoon_plus_an_hour_is_monday_morning():
    assert due("2026-05-15 16:50", 60) == at("2026-05-18 09:50")


def test_a_duration_that_ends_at_closing_time_is_due_then():
    assert due("2026-05-13 16:00", 60) == at("2026-05-13 17:00")


def test_a_lead_of_the_night_waits_for_the_opening():
    assert due("2026-05-13 23:00", 15) == at("2026-05-14 09:15")


def test_holidays_are_skipped_and_exceptions_have_their_own_hours():
    free = {
        "holidays": [date(2026, 5, 14)],
        "exceptions": {date(2026, 5, 15): [("10:00", "11:00")]},
    }
    assert due("2026-05-13 16:30", 60, **free) == at("2026-05-15 10:30")


def test_a_lunch_break_does_not_count():
    split = BusinessCalendar("UTC", {0: [("09:00", "12:00"), ("13:00", "17:00")]})
    monday = at("2026-05-18 11:30", "UTC")
    assert split.due_at(monday, timedelta(hours=1)) == at("2026-05-18 13:30", "UTC")


def test_a_night_shift_runs_into_the_next_day():
    night = BusinessCalendar("UTC", {0: [("22:00", "06:00")]})
    assert night.is_open(at("2026-05-19 05:59", "UTC"))
    assert not night.is_open(at("2026-05-19 06:00", "UTC"))
    assert night.elapsed(at("2026-05-18 00:00", "UTC"), at("2026-05-20 00:00", "UTC")) == timedelta(
        hours=8
    )


def test_the_night_of_the_clock_change_has_the_hours_it_has():
    nights = BusinessCalendar("Europe/London", {6: [("00:00", "04:00")]})
    spring = at("2026-03-29 00:00", "Europe/London"), at("2026-03-29 12:00", "Europe/London")
    autumn = at("2026-10-25 00:00", "Europe/London"), at("2026-10-25 12:00", "Europe/London")
    assert nights.elapsed(*spring) == timedelta(hours=3)
    assert nights.elapsed(*autumn) == timedelta(hours=5)


def test_zero_is_due_at_once_and_backwards_is_negative():
    start = at("2026-05-17 12:00")
    office = BusinessCalendar("Europe/Berlin", OFFICE)
    assert office.due_at(start, timedelta(0)) == start
    earlier = at("2026-05-15 16:00")
    assert office.elapsed(start, earlier) == -timedelta(hours=1)


def test_next_open_and_segments():
    office = BusinessCalendar("Europe/Berlin", OFFICE)
    assert office.next_open(at("2026-05-16 12:00")) == at("2026-05-18 09:00")
    assert office.next_open(at("2026-05-18 10:00")) == at("2026-05-18 10:00")
    found = office.segments(at("2026-05-15 16:00"), at("2026-05-18 10:00"))
    assert found == [
        (at("2026-05-15 16:00"), at("2026-05-15 17:00")),
        (at("2026-05-18 09:00"), at("2026-05-18 10:00")),
    ]


@pytest.mark.parametrize("weekly", [{}, {0: []}])
def test_a_calendar_that_is_never_open_is_refused(weekly):
    with pytest.raises(NeverOpen):
        BusinessCalendar("UTC", weekly)


def test_a_calendar_whose_days_have_all_passed_ends_the_search():
    once = BusinessCalendar("UTC", {}, exceptions={date(2026, 1, 1): [("09:00", "10:00")]})
    with pytest.raises(NeverOpen):
        once.due_at(at("2026-05-01 00:00", "UTC"), timedelta(minutes=5))
    with pytest.raises(NeverOpen):
        once.next_open(at("2026-05-01 00:00", "UTC"))


@pytest.mark.parametrize("span", [("9", "17:00"), ("25:00", "26:00"), ("09:00", "09:00")])
def test_hours_that_make_no_sense_are_refused(span):
    with pytest.raises(ValueError):
        BusinessCalendar("UTC", {0: [span]})


def test_always_open_is_wall_clock_time():
    start = at("2026-12-31 23:30", "UTC")
    assert always_open().due_at(start, timedelta(days=2)) == start + timedelta(days=2)


minutes_of_day = st.integers(0, 95).map(lambda quarter: quarter * 15)


@st.composite
def weeks(draw):
    week = {}
    for day in range(7):
        edges = sorted(draw(st.lists(minutes_of_day, max_size=4, unique=True)))
        pairs = zip(edges[::2], edges[1::2], strict=False)
        week[day] = [(f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}") for a, b in pairs]
    return week


def minutes_open(calendar, week, start, minutes):
    """Walk minute by minute and ask the clock on the wall; the second of two equal hours too."""
    count, zone = 0, ZoneInfo(calendar.zone)
    for step in range(minutes):
        local = (start + timedelta(minutes=step)).astimezone(zone)
        text = f"{local:%H:%M}"
        count += any(a <= text < b for a, b in week[local.weekday()])
    return count


@settings(max_examples=60, deadline=None)
@given(
    week=weeks(),
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 24 * 365),
    span=st.integers(0, 4 * 24 * 60),
)
def test_business_time_agrees_with_a_clock_on_the_wall(week, zone, hour, span):
    if not any(week.values()):
        return
    calendar = BusinessCalendar(zone, week)
    start = datetime(2025, 6, 1, tzinfo=UTC) + timedelta(hours=hour)
    end = start + timedelta(minutes=span)
    walked = minutes_open(calendar, week, start, span)
    counted = calendar.elapsed(start, end)
    folded = any(
        (start + timedelta(minutes=step)).astimezone(ZoneInfo(zone)).fold
        for step in range(0, span, 15)
    )
    if not folded:  # an hour that occurs twice may begin or end a span in either
        assert counted == timedelta(minutes=walked)
    if counted:
        assert calendar.elapsed(start, calendar.due_at(start, counted)) == counted
    middle = start + (end - start) / 2
    assert calendar.elapsed(start, middle) + calendar.elapsed(middle, end) == counted
    assert sum((b - a for a, b in calendar.segments(start, end)), timedelta()) == counted
