"""Whether first touches slow down, and who hears of it."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.models import Delivery
from reporting import slowing
from reporting.models import ResponseAlert, Slowdown
from sla.models import Clock

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture
def touches(company):
    """Writes first touches: so many minutes of working time, made so many days ago."""
    ResponseAlert.objects.update(longer=25, fewest=3)

    def write(minutes, *, days_ago, **contact):
        for took in minutes:
            handoff = company.handoff(**contact)
            handoff.clocks.filter(kind="first_touch").update(
                state=Clock.State.STOPPED,
                started_at=NOW - 40 * DAY,
                stopped_at=NOW - days_ago * DAY,
                worked_seconds=60 * took,
                next_step_at=None,
            )

    return write


def test_a_rising_series_is_noticed_and_its_managers_are_told_once_a_day(company, touches):
    touches([30, 40, 50], days_ago=20)
    touches([60, 70, 80], days_ago=2)
    rows = slowing.check(now=NOW)
    assert {str(row.team) for row in rows} == {"None", "EMEA"}
    assert slowing.in_words(rows[0]) == (
        "All teams: half of the 3 first touches of the last 7 days took 1 h 10 min or more of "
        "working time, 75 % more than in the 28 days before (40 min)."
    )
    slowing.check(now=NOW + 60 * MINUTE)
    told = Delivery.objects.filter(event__kind=slowing.SLOWED, channel="in_app")
    assert sorted(str(one.recipient) for one in told if "signs" not in one.recipient.email) == [
        "Mia Okafor",
        "Tess Vogel",
    ]
    before = len(told)
    slowing.check(now=NOW + DAY)
    assert told.all().count() == 2 * before


@pytest.mark.parametrize(
    ("earlier", "lately"),
    [([40, 40, 40], [50, 50, 50]), ([40, 40], [90, 90, 90]), ([40, 40, 40], [90, 90])],
    ids=["at the bound", "too few before", "too few lately"],
)
def test_at_the_bound_or_with_too_few_nothing_is_said(company, touches, earlier, lately):
    touches(earlier, days_ago=20)
    touches(lately, days_ago=2)
    assert slowing.check(now=NOW) == []


def test_it_ends_when_it_is_over_or_switched_off(company, touches):
    touches([30, 40, 50], days_ago=20)
    touches([60, 70, 80], days_ago=2)
    slowing.check(now=NOW)
    seen = Slowdown.objects.current_for
    assert [row.team for row in seen(company.cast.tess)] == [company.cast.emea]
    assert seen(company.cast.mark).count() == 2 and not seen(company.cast.carl)
    ResponseAlert.objects.update(is_on=False)
    slowing.check(now=NOW + MINUTE)
    assert not seen(company.cast.mia)
