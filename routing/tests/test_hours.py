import re
import sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from routing.hours import BusinessCalendar, NeverOpen, always_open

OFFICE = {day: [("09:00", "17:00")] for day in range(5)}


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


MONDAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Europe/Atlantis", OFFICE), "'Europe/Atlantis' is not a time zone"),
        (("", OFFICE), "'' is not a time zone"),
        (("UTC", {7: [("09:00", "17:00")]}), "7 is not a weekday: 0 is Monday"),
        (("UTC", {"0": [("09:00", "17:00")]}), "'0' is not a weekday"),
        (("UTC", {0: [("9", "17:00")]}), "Monday: '9' is not a time of day"),
        (("UTC", {0: [("09:60", "17:00")]}), "Monday: '09:60' is not a time of day"),
        (("UTC", {6: [("23:00", "24:01")]}), "Sunday: '24:01' is not a time of day"),
        (("UTC", {1: [("24:00", "06:00")]}), "Tuesday: 24:00 is the end of a day"),
        (("UTC", {1: [("09:00", "09:00")]}), "Tuesday: 09:00-09:00 has no length"),
        (("UTC", {2: [("13:00", "17:00"), ("09:00", "13:30")]}), "09:00-13:30 and 13:00-17:00"),
        (("UTC", {3: [("22:00", "06:00"), ("23:00", "24:00")]}), "22:00-06:00 and 23:00-24:00"),
        (("UTC", OFFICE, (), {MONDAY: [("9am", "noon")]}), "2026-03-02: '9am' is not"),
        (("UTC", OFFICE, ["2026-03-02"]), "'2026-03-02' is not a date"),
        (("UTC", OFFICE, [datetime(2026, 3, 2)]), "is not a date"),
        (("UTC", OFFICE, (), {"2026-03-02": []}), "'2026-03-02' is not a date"),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        BusinessCalendar(*arguments)


def test_spans_that_touch_are_one():
    calendar = BusinessCalendar("UTC", {0: [("12:00", "17:00"), ("09:00", "12:00")]})
    day = at("2026-03-02 00:00", "UTC"), at("2026-03-03 00:00", "UTC")
    assert calendar.segments(*day) == [
        (at("2026-03-02 09:00", "UTC"), at("2026-03-02 17:00", "UTC"))
    ]


def test_a_night_shift_that_meets_the_next_days_hours_counts_once():
    calendar = BusinessCalendar("UTC", {0: [("22:00", "06:00")], 1: [("05:00", "08:00")]})
    nights = at("2026-03-02 12:00", "UTC"), at("2026-03-03 12:00", "UTC")
    assert calendar.elapsed(*nights) == timedelta(hours=10)


@pytest.mark.parametrize("day_off", [{"holidays": [MONDAY]}, {"exceptions": {MONDAY: []}}])
def test_a_shift_belongs_to_the_day_on_which_it_opens(day_off):
    nights = BusinessCalendar("UTC", {day: [("22:00", "06:00")] for day in range(7)}, **day_off)
    assert nights.is_open(at("2026-03-02 05:59", "UTC"))  # since Sunday evening
    assert not nights.is_open(at("2026-03-02 23:00", "UTC"))
    assert not nights.is_open(at("2026-03-03 05:00", "UTC"))
    assert nights.is_open(at("2026-03-03 22:00", "UTC"))


def test_an_exception_wins_over_a_holiday_of_the_same_day():
    own = {"holidays": [MONDAY], "exceptions": {MONDAY: [("10:00", "12:00")]}}
    assert due("2026-03-02 08:00", 30, **own) == at("2026-03-02 10:30")


DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]


def test_days_off_on_every_open_day_of_a_year_are_refused():
    words = "Every open day from 2026-01-01 to 2026-12-31 is a day off"
    with pytest.raises(NeverOpen, match=words):
        BusinessCalendar("UTC", OFFICE, DAYS)
    with pytest.raises(NeverOpen, match="Every open day from 2026-01-05 to 2026-12-28"):
        BusinessCalendar("UTC", {0: [("09:00", "17:00")]}, DAYS)
    with pytest.raises(NeverOpen):
        BusinessCalendar("UTC", OFFICE, DAYS, {day: [] for day in DAYS})


def test_a_year_off_with_one_day_open_is_a_calendar():
    july = {date(2026, 7, 4): [("10:00", "11:00")]}  # a Saturday
    rare = BusinessCalendar("UTC", OFFICE, DAYS, july)
    start = at("2026-01-01 00:00", "UTC")
    assert rare.due_at(start, timedelta(hours=1)) == at("2026-07-04 11:00", "UTC")
    assert rare.due_at(start, timedelta(hours=2)) == at("2027-01-01 10:00", "UTC")


@pytest.mark.parametrize(
    "ask",
    [
        lambda calendar, naive: calendar.is_open(naive),
        lambda calendar, naive: calendar.next_open(naive),
        lambda calendar, naive: calendar.due_at(naive, timedelta(hours=1)),
        lambda calendar, naive: calendar.due_at(naive, timedelta(0)),
        lambda calendar, naive: calendar.elapsed(naive, at("2026-03-02 10:00")),
        lambda calendar, naive: calendar.segments(at("2026-03-01 10:00"), naive),
    ],
)
def test_a_time_without_a_zone_is_refused_in_words(ask):
    with pytest.raises(ValueError, match="2026-03-02 10:00:00 has no time zone"):
        ask(BusinessCalendar("UTC", OFFICE), datetime(2026, 3, 2, 10))


def test_a_negative_duration_counts_backwards():
    assert due("2026-05-18 09:50", -60) == at("2026-05-15 16:50")
    assert due("2026-05-18 10:00", -60) == at("2026-05-18 09:00")  # opening time, not Friday's end
    assert due("2026-05-17 12:00", -30) == at("2026-05-15 16:30")


def test_there_are_no_segments_backwards():
    office = BusinessCalendar("Europe/Berlin", OFFICE)
    assert office.segments(at("2026-05-18 12:00"), at("2026-05-18 10:00")) == []
    assert office.segments(at("2026-05-18 12:00"), at("2026-05-18 12:00")) == []


@pytest.mark.parametrize(
    "asked",
    [
        (at("2026-05-18 12:00"), timedelta.max),
        (at("2026-05-18 12:00"), timedelta.min),
        (at("2026-05-18 12:00"), timedelta(days=40_000)),
        (at("0999-05-18 12:00"), timedelta(hours=1)),
        (at("9998-05-18 12:00"), timedelta(hours=1)),
    ],
)
def test_what_is_too_far_away_is_refused_and_not_searched_for(asked):
    with pytest.raises(ValueError, match="counted"):
        BusinessCalendar("Europe/Berlin", OFFICE).due_at(*asked)


def test_a_long_span_costs_no_more_than_a_short_one():
    office = BusinessCalendar("Europe/Berlin", OFFICE)
    start = at("2026-05-18 12:00")
    office.elapsed(start, at("2056-05-18 12:00"))
    calls = []
    for end in (at("2026-05-19 12:00"), at("2056-05-18 12:00")):
        sys.setprofile(lambda *event: calls.append(event))
        office.elapsed(start, end)
        sys.setprofile(None)
        calls.append(None)
    day, thirty_years = calls.index(None), len(calls) - calls.index(None)
    assert abs(day - thirty_years) < 5


def test_always_open_is_wall_clock_time():
    start = at("2026-12-31 23:30", "UTC")
    assert always_open().due_at(start, timedelta(days=2)) == start + timedelta(days=2)
