"""A deadline taken apart: the pieces lie end to end and add up, whatever happens in between."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.models import CalendarVersion
from sla.flight import pieces

WEEK = {str(day): [["09:00", "12:30"], ["13:30", "17:00"]] for day in range(5)}
NIGHTS = {str(day): [["22:00", "06:00"]] for day in range(7)}
ZONES = ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]
EASTER = {"2026-04-03": "Good Friday", "2026-04-06": "Easter Monday"}


def version(**columns):
    return CalendarVersion(**{"zone": "Europe/Berlin", "weekly": WEEK, **columns})


def told(calendar, start, minutes, pauses=()):
    hours = calendar.build()
    due = hours.due_at(start, timedelta(minutes=minutes))
    return pieces(calendar, hours, start, due, pauses)


def test_easter_is_told_day_by_day():
    thursday = datetime(2026, 4, 2, 14, 30, tzinfo=UTC)
    found = told(version(public_holidays=EASTER), thursday, 60)
    assert [(piece.words, piece.counted) for piece in found] == [
        ("Counted", timedelta(minutes=30)),
        ("Outside working hours", timedelta(0)),
        ("Holiday: Good Friday", timedelta(0)),
        ("No working day", timedelta(0)),
        ("Holiday: Easter Monday", timedelta(0)),
        ("Outside working hours", timedelta(0)),
        ("Counted", timedelta(minutes=30)),
    ]
    assert found[2].end - found[2].start == timedelta(days=1)
    assert found[3].end - found[3].start == timedelta(days=2)


def test_a_pause_counts_nothing_while_open():
    noon = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)  # 14:00 in Berlin
    pause = (noon + timedelta(minutes=10), noon + timedelta(minutes=40))
    found = told(version(), noon, 90, [pause])
    assert [(piece.words, piece.counted) for piece in found] == [
        ("Counted", timedelta(minutes=10)),
        ("Paused", timedelta(0)),
        ("Counted", timedelta(minutes=50)),
    ]


def test_a_shift_over_midnight_is_one_piece():
    evening = datetime(2026, 4, 1, 21, 0, tzinfo=UTC)
    found = told(version(weekly=NIGHTS), evening, 240)
    assert [(piece.words, piece.counted) for piece in found] == [("Counted", timedelta(hours=4))]


@pytest.mark.parametrize("first", [date(2026, 3, 27), date(2026, 10, 23), date(2024, 2, 28)])
@settings(max_examples=60, deadline=None)
@given(
    place=st.tuples(st.sampled_from(ZONES), st.sampled_from([WEEK, NIGHTS])),
    start=st.timedeltas(timedelta(0), timedelta(days=4)),
    minutes=st.integers(1, 5000),
    rest=st.lists(st.timedeltas(timedelta(0), timedelta(days=6)), max_size=4, unique=True),
)
def test_the_pieces_lie_end_to_end_and_add_up(first, place, start, minutes, rest):
    days = {first.isoformat(): "One", (first + timedelta(days=3)).isoformat(): "Two"}
    calendar = version(zone=place[0], weekly=place[1], holidays=days)
    hours, target = calendar.build(), timedelta(minutes=minutes)
    start += datetime(first.year, first.month, first.day, tzinfo=UTC)
    edges = sorted(start + moment for moment in rest)
    pauses = list(zip(edges[::2], edges[1::2], strict=False))
    due = hours.due_at(start, target)
    for began, ended in pauses:
        if began < due:
            due = hours.due_at(ended, hours.elapsed(began, due))
    found = pieces(calendar, hours, start, due, pauses)
    assert sum((piece.counted for piece in found), timedelta()) == target
    assert all(one.end == other.start for one, other in pairwise(found))
    assert abs(found[0].start - start) < timedelta(seconds=1)
    assert abs(found[-1].end - due) < timedelta(seconds=1)
