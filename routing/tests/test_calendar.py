"""A calendar's versions: days off with names, and one more year of public holidays in January."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from routing.models import Calendar
from routing.models.calendar import Day

pytestmark = pytest.mark.django_db


@pytest.fixture
def munich():
    calendar = Calendar.objects.create(name="Munich office")
    version = calendar.versions.model(calendar=calendar, zone="Europe/Berlin")
    version.holidays = {"2026-12-31": "Stocktaking"}
    version.observe("DE", "BY", today=date(2026, 5, 1))
    version.save()
    return calendar


def test_every_day_says_what_it_is(munich):
    version = munich.current()
    version.exceptions = {"2026-06-04": [["09:00", "12:00"]]}
    days = [date(2026, 6, 3), date(2026, 6, 4), date(2026, 6, 6), date(2026, 12, 31)]
    assert [version.day(day) for day in days] == [
        Day(days[0], [["09:00", "17:00"]], "usual"),
        Day(days[1], [["09:00", "12:00"]], "exception", "Corpus Christi"),
        Day(days[2], [], "off"),
        Day(days[3], [], "holiday", "Stocktaking"),
    ]


def test_days_off_may_have_no_names(munich):
    version = munich.versions.create(zone="UTC", holidays=["2026-03-05"])
    assert version.day(date(2026, 3, 5)) == Day(date(2026, 3, 5), [], "holiday", "")


def test_each_january_a_version_knows_one_more_year(munich):
    assert Calendar.objects.extend_public_holidays(today=date(2026, 12, 31)) == 0
    assert Calendar.objects.extend_public_holidays(today=date(2027, 1, 1)) == 1
    assert Calendar.objects.extend_public_holidays(today=date(2027, 1, 2)) == 0
    new, old = munich.versions.all()
    assert (new.number, new.public_until) == (2, date(2030, 12, 31))
    assert (new.weekly, new.holidays, new.zone) == (old.weekly, old.holidays, old.zone)
    assert old.public_until == date(2029, 12, 31)
    assert "2030-12-25" in new.public_holidays
    assert "2030-12-25" not in old.public_holidays


def test_a_calendar_without_a_country_is_left_alone(munich):
    Calendar.objects.create(name="Empty")
    munich.versions.create(zone="UTC")
    assert Calendar.objects.extend_public_holidays(today=date(2040, 1, 1)) == 0


@pytest.mark.parametrize(
    ("columns", "column"),
    [
        ({"weekly": {"0": [["09:00", "09:00"]]}}, "weekly"),
        ({"weekly": {}}, "weekly"),
        ({"zone": "Mars/Olympus"}, "weekly"),
        (
            {
                "weekly": {"0": [["09:00", "10:00"]]},
                "holidays": {date.fromordinal(n).isoformat(): "" for n in range(739_000, 740_000)},
            },
            "holidays",
        ),
    ],
)
def test_hours_that_make_no_sense_are_refused_at_their_column(munich, columns, column):
    version = munich.versions.model(calendar=munich, **columns)
    with pytest.raises(ValidationError) as refused:
        version.clean()
    assert list(refused.value.message_dict) == [column]
