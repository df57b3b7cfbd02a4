"""Answers on which other libraries for business time agree, and ours where they do not.

The cases follow what their test suites cover (subtracting, lunch breaks, midnight, other zones,
holidays at either end); the hours and days are written down here once more, as facts.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.hours import BusinessCalendar

NINE_TO_FIVE = {day: [("09:00", "17:00")] for day in range(5)}
LUNCH = {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in range(5)}
SPLIT_MONDAY = {0: [("07:00", "12:00"), ("13:00", "18:00")]}
MONDAY_AND_TUESDAY = {0: [("00:00", "24:00")], 1: [("08:00", "18:00")]}
MAY_DAY = [date(2014, 5, 1)]
NEW_YEAR = [date(2025, 12, 25), date(2025, 12, 26), date(2026, 1, 1)]
DAILY = {day: [("09:00", "17:00")] for day in range(7)}
ROUND_THE_CLOCK = {day: [("00:00", "24:00")] for day in range(7)}
NIGHTS = {day: [("22:00", "06:00")] for day in range(5)}


def instant(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("weekly", "start", "minutes", "due"),
    [
        # Inside a day, over its end, over a weekend.
        (NINE_TO_FIVE, "1991-11-15 14:00:42", 120, "1991-11-15 16:00:42"),
        (NINE_TO_FIVE, "1991-11-15 16:30:42", 45, "1991-11-18 09:15:42"),
        (NINE_TO_FIVE, "1991-11-15 16:59:42", 2, "1991-11-18 09:01:42"),
        (NINE_TO_FIVE, "2016-01-22 09:00", 480, "2016-01-22 17:00"),
        (NINE_TO_FIVE, "2016-01-23 13:14", 120, "2016-01-25 11:00"),
        (NINE_TO_FIVE, "2016-01-23 13:14", 720, "2016-01-26 13:00"),
        (NINE_TO_FIVE, "2010-08-04 09:35", 480, "2010-08-05 09:35"),
        (NINE_TO_FIVE, "2006-01-02 11:00", 1140, "2006-01-04 14:00"),
        (NINE_TO_FIVE, "2014-04-07 08:59", 1, "2014-04-07 09:01"),
        (NINE_TO_FIVE, "2014-04-07 17:00", 1, "2014-04-08 09:01"),
        (NINE_TO_FIVE, "2014-04-04 17:00", 480, "2014-04-07 17:00"),
        # Backwards.
        (NINE_TO_FIVE, "1991-11-18 14:00:42", -420, "1991-11-15 15:00:42"),
        (NINE_TO_FIVE, "2016-01-25 11:14", -120, "2016-01-25 09:14"),
        (NINE_TO_FIVE, "2016-01-22 18:00", -480, "2016-01-22 09:00"),
        (NINE_TO_FIVE, "2016-01-25 11:14", -480, "2016-01-22 11:14"),
        (NINE_TO_FIVE, "2010-08-04 09:35", -480, "2010-08-03 09:35"),
        # A break in the middle of the day.
        (SPLIT_MONDAY, "1991-11-11 05:00", 360, "1991-11-11 14:00"),
        (SPLIT_MONDAY, "2014-04-07 12:00", 1, "2014-04-07 13:01"),
        (SPLIT_MONDAY, "2014-04-07 11:59", 2, "2014-04-07 13:01"),
        (LUNCH, "2016-01-18 09:00", 2400, "2016-01-22 18:00"),
        (LUNCH, "2016-01-25 09:00", -2400, "2016-01-18 09:00"),
        # Midnight is an end like any other.
        ({0: [("00:00", "24:00")]}, "2014-04-07 23:59:30", 1, "2014-04-14 00:00:30"),
        (MONDAY_AND_TUESDAY, "2014-04-08 00:00:30", -1, "2014-04-07 23:59"),
        (ROUND_THE_CLOCK, "2024-02-28 23:00", 1500, "2024-03-01 00:00"),
        # Nights belong to the evening on which they begin.
        (NIGHTS, "2024-03-08 21:00", 480, "2024-03-09 06:00"),
        (NIGHTS, "2024-03-09 06:00", 30, "2024-03-11 22:30"),
        (NIGHTS, "2024-03-12 03:00", 240, "2024-03-12 23:00"),
        # The ends of months and years.
        (NINE_TO_FIVE, "2024-12-31 16:00", 120, "2025-01-01 10:00"),
        (NINE_TO_FIVE, "2024-02-29 16:30", 60, "2024-03-01 09:30"),
    ],
)
def test_deadlines(weekly, start, minutes, due):
    found = BusinessCalendar("UTC", weekly).due_at(instant(start), timedelta(minutes=minutes))
    assert found == instant(due)


@pytest.mark.parametrize(
    ("holidays", "start", "minutes", "due"),
    [
        (MAY_DAY, "2014-04-30 16:00", 120, "2014-05-02 10:00"),
        (MAY_DAY, "2014-05-01 12:00", 1, "2014-05-02 09:01"),
        (MAY_DAY, "2014-05-02 09:30", -60, "2014-04-30 16:30"),
        (NEW_YEAR, "2025-12-24 16:30", 60, "2025-12-29 09:30"),
        (NEW_YEAR, "2025-12-31 16:30", 60, "2026-01-02 09:30"),
        ([date(2026, 1, 3)], "2026-01-02 16:30", 60, "2026-01-05 09:30"),  # on a Saturday anyway
    ],
)
def test_deadlines_around_holidays(holidays, start, minutes, due):
    calendar = BusinessCalendar("UTC", NINE_TO_FIVE, holidays)
    assert calendar.due_at(instant(start), timedelta(minutes=minutes)) == instant(due)


@pytest.mark.parametrize(
    ("weekly", "start", "end", "minutes"),
    [
        (LUNCH, "2016-01-18 09:00", "2016-01-25 09:00", 2400),
        (NINE_TO_FIVE, "2021-01-01 08:30", "2021-01-01 09:00", 0),
        (NINE_TO_FIVE, "2021-01-01 16:30", "2021-01-01 20:30", 30),
        (NINE_TO_FIVE, "2021-01-01 08:30", "2021-01-01 17:30", 480),
        (NINE_TO_FIVE, "2021-01-01 16:30", "2021-01-02 04:30", 30),
        (NINE_TO_FIVE, "2021-01-01 17:30", "2021-01-01 18:30", 0),
        (NINE_TO_FIVE, "2021-01-02 10:00", "2021-01-03 12:00", 0),
        (NINE_TO_FIVE, "2021-01-01 16:30", "2021-01-04 09:30", 60),
        (NINE_TO_FIVE, "2021-01-04 09:30", "2021-01-01 16:30", -60),
        (DAILY, "2021-01-01 00:00", "2022-01-01 00:00", 365 * 480),
        (ROUND_THE_CLOCK, "2024-01-01 00:00", "2025-01-01 00:00", 366 * 1440),
        (NIGHTS, "2024-03-08 23:00", "2024-03-11 23:00", 480),
    ],
)
def test_counted_time(weekly, start, end, minutes):
    found = BusinessCalendar("UTC", weekly).elapsed(instant(start), instant(end))
    assert found == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("weekly", "at", "opens"),
    [
        (NINE_TO_FIVE, "2014-05-01 12:00", "2014-05-02 09:00"),
        (NINE_TO_FIVE, "2014-06-01 12:00", "2014-06-02 09:00"),
        (NINE_TO_FIVE, "2014-04-07 09:00", "2014-04-07 09:00"),
        (NINE_TO_FIVE, "2014-04-07 16:59", "2014-04-07 16:59"),
        (NINE_TO_FIVE, "2014-04-07 17:00", "2014-04-08 09:00"),
        (SPLIT_MONDAY, "2014-04-07 12:00", "2014-04-07 13:00"),
        (SPLIT_MONDAY, "2014-04-07 18:00", "2014-04-14 07:00"),
    ],
)
def test_the_next_opening(weekly, at, opens):
    calendar = BusinessCalendar("UTC", weekly, MAY_DAY)
    assert calendar.next_open(instant(at)) == instant(opens)
    assert calendar.is_open(instant(at)) == (at == opens)


def test_times_may_come_in_any_zone():
    tokyo = BusinessCalendar("Asia/Tokyo", NINE_TO_FIVE)
    assert tokyo.due_at(instant("1991-11-15 07:00"), timedelta(hours=3)) == instant(
        "1991-11-18 11:00", "Asia/Tokyo"
    )
    santiago = BusinessCalendar("America/Santiago", LUNCH)
    west = (instant(f"2016-01-18 {hour}:00", "America/Los_Angeles") for hour in ("09", "18"))
    assert santiago.elapsed(*west) == timedelta(hours=4)


@pytest.mark.parametrize("minutes", [0, -0.0])
def test_no_time_at_all_is_due_at_once_even_when_closed(minutes):
    """Others move on to the next opening, or refuse; ours asks for nothing, so nothing is late."""
    sunday = instant("2014-06-01 12:00")
    assert (
        BusinessCalendar("UTC", NINE_TO_FIVE).due_at(sunday, timedelta(minutes=minutes)) == sunday
    )
