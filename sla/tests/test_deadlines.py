"""When a promise is due and when its steps are: no database, only targets, hours and instants."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.hours import BusinessCalendar
from sla import deadlines
from sla.deadlines import due, form_of_step, levels

BERLIN = BusinessCalendar(
    "Europe/Berlin", {day: [("09:00", "17:00")] for day in range(5)}, [date(2026, 4, 6)]
)
NIGHTS = BusinessCalendar("Europe/Berlin", {day: [("22:00", "06:00")] for day in range(5)})
ALWAYS = BusinessCalendar("Europe/Berlin", {day: [("00:00", "24:00")] for day in range(7)})
DAY_BOUND = {"minutes": 1440, "unit": "working_days"}


def target(minutes=60, unit="business", bound=None, cut_off=0, steps=()):
    return {
        "unit": unit,
        "minutes": None if unit == "end_of_day" else minutes,
        "cut_off": cut_off,
        "bound": bound,
        "steps": list(steps),
    }


def berlin(text):
    """A local time in Berlin of 2026: "03-06 16:50" was a Friday."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(
        tzinfo=ZoneInfo("Europe/Berlin")
    )


@pytest.mark.parametrize(
    ("promised", "start", "expected"),
    [
        (target(60), "03-06 16:50", "03-09 09:50"),  # Friday evening: on Monday
        (target(15), "03-04 10:00", "03-04 10:15"),
        (target(60), "03-04 16:00", "03-04 17:00"),  # ends exactly at closing time
        (target(60, "wall"), "03-06 16:50", "03-06 17:50"),
        (target(unit="end_of_day", cut_off=120), "03-04 10:00", "03-04 17:00"),
        (target(unit="end_of_day", cut_off=120), "03-04 15:00", "03-04 17:00"),
        (target(unit="end_of_day", cut_off=120), "03-04 15:01", "03-05 17:00"),
        (target(unit="end_of_day", cut_off=120), "03-06 16:00", "03-09 17:00"),
        (target(unit="end_of_day", cut_off=0), "03-06 16:59", "03-06 17:00"),
        (target(unit="end_of_day", cut_off=120), "03-07 12:00", "03-09 17:00"),  # a Saturday
        (target(unit="end_of_day", cut_off=120), "04-03 16:00", "04-07 17:00"),  # a holiday between
        (target(60), "03-27 16:50", "03-30 09:50"),  # the clocks change on that Sunday
    ],
)
def test_a_target_is_due_as_its_unit_counts(promised, start, expected):
    found = due(promised, BERLIN, berlin(start))
    assert found.due_at == berlin(expected)
    assert not found.by_bound


@pytest.mark.parametrize(
    ("hours", "start", "expected"),
    [
        (NIGHTS, "03-04 23:00", "03-05 06:00"),
        (NIGHTS, "03-05 02:00", "03-05 06:00"),  # still the business day that opened the day before
        (NIGHTS, "03-05 12:00", "03-06 06:00"),
        (ALWAYS, "03-04 10:00", "03-05 00:00"),
        (ALWAYS, "03-04 23:00", "03-06 00:00"),
        (ALWAYS, "03-29 10:00", "03-30 00:00"),  # a day of 23 hours
    ],
)
def test_a_business_day_ends_when_its_last_shift_does(hours, start, expected):
    promised = target(unit="end_of_day", cut_off=120)
    assert due(promised, hours, berlin(start)).due_at == berlin(expected)


def test_the_outer_bound_skips_days_off_and_wins_where_it_is_earlier():
    found = due(target(600, bound=DAY_BOUND), BERLIN, berlin("03-06 16:00"))
    assert (found.target_at, found.bound_at) == (berlin("03-10 10:00"), berlin("03-09 16:00"))
    assert found.by_bound and found.due_at == found.bound_at


def test_a_bound_by_the_wall_clock_does_not_wait_for_monday():
    bound = {"minutes": 1440, "unit": "wall"}
    found = due(target(60, bound=bound), BERLIN, berlin("03-06 16:50"))
    assert found.by_bound and found.due_at == berlin("03-07 16:50")


def test_a_bound_that_comes_later_changes_nothing():
    found = due(target(60, bound=DAY_BOUND), BERLIN, berlin("03-04 10:00"))
    assert not found.by_bound and found.due_at == berlin("03-04 11:00")


def test_what_was_left_when_a_pause_began_is_left_when_it_ends():
    pauses = [(berlin("03-04 10:20"), berlin("03-05 16:40"))]
    found = due(target(60), BERLIN, berlin("03-04 10:00"), pauses)
    assert found.due_at == berlin("03-06 09:20")  # twenty minutes on Thursday, twenty on Friday


def test_a_pause_after_the_deadline_saves_nothing():
    pauses = [(berlin("03-04 12:00"), berlin("03-05 12:00"))]
    assert due(target(60), BERLIN, berlin("03-04 10:00"), pauses).due_at == berlin("03-04 11:00")


def test_a_pause_moves_the_bound_too():
    pauses = [(berlin("03-04 12:00"), berlin("03-05 12:00"))]
    found = due(target(900, bound=DAY_BOUND), BERLIN, berlin("03-04 10:00"), pauses)
    assert found.bound_at == berlin("03-06 10:00")


moments = st.integers(0, 60 * 24 * 14).map(lambda n: berlin("03-02 00:00") + timedelta(minutes=n))


@given(
    start=moments,
    minutes=st.integers(1, 2000),
    edges=st.lists(st.integers(0, 20_000), min_size=2, max_size=6, unique=True),
)
def test_the_counted_time_outside_pauses_adds_up_to_the_target(start, minutes, edges):
    edges = sorted(edges)[: len(edges) // 2 * 2]
    at = [start + timedelta(minutes=edge) for edge in edges]
    pauses = list(zip(at[::2], at[1::2], strict=True))
    found = due(target(minutes), BERLIN, start, pauses).due_at
    counted = BERLIN.elapsed(start, found)
    for began, ended in pauses:
        if began < found:
            counted -= BERLIN.elapsed(began, min(ended, found))
    assert counted == timedelta(minutes=minutes)


STEPS = [
    form_of_step("before", 15, "remind"),
    form_of_step("at", 0, "manager"),
    form_of_step("after", 60, "backup"),
    form_of_step("after", 30, "people", unit="wall", people=[7]),
]


def taken(found):
    return [(level.at, [step["key"] for step in level.steps]) for level in found]


def test_steps_come_in_the_order_of_time_with_the_missed_promise_among_them():
    found = levels(target(60, steps=STEPS), BERLIN, berlin("03-06 15:50"))
    late = berlin("03-06 16:50") + timedelta(microseconds=1)
    assert taken(found) == [
        (berlin("03-06 16:35"), ["before-15-business-remind"]),
        (late, ["late", "at-0-business-manager"]),
        (berlin("03-06 17:20"), ["after-30-wall-people"]),
        (berlin("03-09 09:50"), ["after-60-business-backup"]),
    ]


def test_nobody_is_told_at_night_of_what_counts_in_business_time():
    steps = [form_of_step("at", 0, "manager"), form_of_step("at", 0, "remind", unit="wall")]
    found = levels(target(60, "wall", steps=steps), BERLIN, berlin("03-06 20:00"))
    assert taken(found) == [
        (berlin("03-06 21:00") + timedelta(microseconds=1), ["late", "at-0-wall-remind"]),
        (berlin("03-09 09:00"), ["at-0-business-manager"]),
    ]


def test_at_closing_time_people_are_still_there():
    found = levels(target(60, steps=STEPS[1:2]), BERLIN, berlin("03-04 16:00"))
    assert taken(found)[0][1] == ["late", "at-0-business-manager"]


def test_a_reminder_that_would_lie_before_the_start_is_left_out():
    bound = {"minutes": 5, "unit": "wall"}
    found = levels(target(60, bound=bound, steps=STEPS[:1]), BERLIN, berlin("03-04 10:00"))
    assert [keys for _, keys in taken(found)] == [["late"]]


def test_after_a_pause_a_reminder_waits_no_longer_than_its_end():
    pauses = [(berlin("03-04 10:50"), berlin("03-05 12:00"))]
    found = levels(target(60, steps=STEPS[:1]), BERLIN, berlin("03-04 10:00"), pauses)
    assert taken(found)[0] == (berlin("03-05 12:00"), ["before-15-business-remind"])


def test_what_was_compiled_before_there_were_steps_reads_as_it_was_meant():
    old = {"minutes": 30, "warn_minutes": 5}
    start = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    assert due(old, BERLIN, start).due_at == start + timedelta(minutes=30)
    keys = [key for _, keys in taken(levels(old, BERLIN, start)) for key in keys]
    assert keys == [
        "before-5-business-remind", "late", "at-0-business-remind", "at-0-business-manager"
    ]  # fmt: skip


def test_working_days_are_open_day_and_night():
    hours = deadlines.working_days(BERLIN)
    assert hours.is_open(berlin("03-06 23:30"))
    assert not hours.is_open(berlin("03-07 00:00"))
    assert not hours.is_open(berlin("04-06 12:00"))
