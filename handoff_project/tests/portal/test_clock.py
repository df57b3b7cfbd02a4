from datetime import UTC, datetime, timedelta

import pytest

from conftest import NOW
from handoff_project.portal import deadline
from handoff_project.tests.portal.conftest import text
from sla.models import Policy
from sla.watch import watch


def clock_of(company, at, kind="first_touch"):
    return company.handoff_of(company.cast.ana, at=at).clocks.get(kind=kind)


def test_it_names_policy_calendar_start_and_target(read, company):
    clock = clock_of(company, NOW)
    shown = text(read.ana.get("portal:clock", clock.pk))
    for words in (
        "First touch within 1 h of working time",
        "Standard v1",
        "Berlin office v1, Europe/Berlin",
        "The handoff of Lena Berg, Wed 10:00",
        "Wed 4 Mar 11:00:00 Wed 4 Mar 12:00:00 1:00:00",
        "Adds up to the target of 60 minutes 1:00:00",
        "None so far",
    ):
        assert words in shown, words


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 3, 6, 15, 50, 10, 123456, tzinfo=UTC),  # Friday 16:50 in Berlin
        datetime(2026, 3, 7, 3, 0, tzinfo=UTC),  # a Saturday
        datetime(2026, 3, 4, 15, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 3, 27, 15, 30, tzinfo=UTC),  # the weekend in which summer time begins
    ],
)
def test_the_segments_add_up_to_the_target_exactly(company, start):
    clock = clock_of(company, start)
    found = deadline.explain(clock)
    assert found.counted == timedelta(minutes=clock.target_minutes)


def test_friday_evening_goes_on_on_monday(read, company):
    clock = clock_of(company, datetime(2026, 3, 6, 15, 50, tzinfo=UTC))
    shown = text(read.ana.get("portal:clock", clock.pk))
    assert "Fri 6 Mar 16:50:00 Fri 6 Mar 17:00:00 0:10:00" in shown
    assert "Mon 9 Mar 09:00:00 Mon 9 Mar 09:50:00 0:50:00" in shown
    assert "In Europe/Berlin, the calendar's zone" in shown


def test_a_change_of_the_clocks_is_named(read, company):
    clock = clock_of(company, datetime(2026, 3, 27, 15, 30, tzinfo=UTC))
    assert "The clocks change in between, by 1:00:00 h" in text(
        read.ana.get("portal:clock", clock.pk)
    )


def test_skipped_holidays_are_named(read, company):
    calendar = company.cast.emea.calendar
    calendar.versions.create(zone="Europe/Berlin", holidays=["2026-03-05", "2026-03-07"])
    clock = clock_of(company, NOW.replace(hour=15, minute=50))
    shown = text(read.ana.get("portal:clock", clock.pk))
    assert "Holidays skipped: Thu 5 Mar 2026." in shown  # the other is a Saturday anyway
    assert "Fri 6 Mar 09:00:00" in shown


def test_the_versions_that_it_started_with_are_kept(read, company):
    clock = clock_of(company, NOW)
    company.cast.emea.calendar.versions.create(zone="UTC")
    newer = Policy.objects.get().draft_from_this()
    newer.publish(by=None, now=NOW)
    shown = text(read.ana.get("portal:clock", clock.pk))
    assert "Standard v1" in shown and "Berlin office v1" in shown


def test_escalations_are_listed(read, company):
    clock = clock_of(company, NOW, "accept")
    watch(now=NOW + timedelta(minutes=26))
    assert "Owner reminded, Wed 10:26" in text(read.ana.get("portal:clock", clock.pk))


def test_another_reps_clock_does_not_exist(read, company):
    clock = clock_of(company, NOW)
    assert read.bo.get("portal:clock", clock.pk).status_code == 404
