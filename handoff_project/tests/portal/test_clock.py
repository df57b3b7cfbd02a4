from datetime import UTC, datetime, timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from sla import flight
from sla.models import Policy
from sla.watch import watch

DAYS_OFF = {"2026-03-05": "Stocktaking", "2026-03-07": "Fair"}


def clock_of(company, at, kind="first_touch"):
    return company.handoff_of(company.cast.ana, at=at).clocks.get(kind=kind)


@pytest.fixture
def in_berlin(company):
    """Ana reads her page where the calendar is."""
    company.cast.ana.zone = "Europe/Berlin"
    company.cast.ana.save()


def test_it_names_policy_calendar_start_and_target(read, company, in_berlin):
    clock = clock_of(company, NOW)
    shown = text(read.ana.get("portal:clock", clock.pk))
    for words in (
        "First touch within 1 business hour, at latest 24 h after the start",
        "Standard v1",
        "Berlin office v1, Europe/Berlin",
        "The handoff of Lena Berg, Wed 11:00",
        "Wed 4 Mar 11:00:00 Wed 4 Mar 12:00:00 Counted 1:00:00",
        "Adds up to the target of 1 h 1:00:00",
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
    found = flight.explain(clock)
    assert found.counted == timedelta(minutes=clock.target_minutes)
    assert found.adds_up


def test_friday_evening_goes_on_on_monday(read, company, in_berlin):
    clock = clock_of(company, datetime(2026, 3, 6, 15, 50, tzinfo=UTC))
    shown = text(read.ana.get("portal:clock", clock.pk))
    assert "Fri 6 Mar 16:50:00 Fri 6 Mar 17:00:00 Counted 0:10:00" in shown
    assert "Mon 9 Mar 09:00:00 Mon 9 Mar 09:50:00 Counted 0:50:00" in shown
    assert "Fri 6 Mar 17:00:00 Sat 7 Mar 00:00:00 Outside working hours none" in shown
    assert "Sat 7 Mar 00:00:00 Mon 9 Mar 00:00:00 No working day none" in shown
    assert "No holiday and no clock change lies in between." in shown


def test_a_change_of_the_clocks_is_named(read, company):
    clock = clock_of(company, datetime(2026, 3, 27, 15, 30, tzinfo=UTC))
    words = "On Sun 29 Mar 2026 the clocks in Europe/Berlin are put forward by 1:00:00 h: 02:00 be"
    assert f"{words}comes 03:00." in text(read.ana.get("portal:clock", clock.pk))


def test_skipped_holidays_are_named(read, company, in_berlin):
    calendar = company.cast.emea.calendar
    calendar.versions.create(zone="Europe/Berlin", holidays=DAYS_OFF)
    clock = clock_of(company, NOW.replace(hour=15, minute=50))
    shown = text(read.ana.get("portal:clock", clock.pk))
    # The other one is a Saturday anyway.
    assert "Holidays skipped: Thu 5 Mar 2026 (Stocktaking)." in shown
    assert "Thu 5 Mar 00:00:00 Fri 6 Mar 00:00:00 Holiday: Stocktaking none" in shown
    assert "Fri 6 Mar 09:00:00" in shown


def test_a_day_with_hours_of_its_own_says_so(read, company, in_berlin):
    calendar = company.cast.emea.calendar
    calendar.versions.create(
        zone="Europe/Berlin", exceptions={"2026-03-05": [["10:00", "10:20"]]}, holidays=DAYS_OFF
    )
    clock = clock_of(company, NOW.replace(hour=15, minute=15))
    shown = text(read.ana.get("portal:clock", clock.pk))
    for words in (
        "Thu 5 Mar 10:00:00 Thu 5 Mar 10:15:00 Counted, by this day's own hours (Stocktaking) 0:15",
        "Closed, by this day's own hours (Stocktaking) none",
        "Adds up to the target of 1 h 1:00:00",
    ):
        assert words in shown, words


def test_a_reader_elsewhere_sees_both_zones(read, company):
    company.cast.ana.zone = "America/New_York"
    company.cast.ana.save()
    shown = text(read.ana.get("portal:clock", clock_of(company, NOW).pk))
    assert "In Europe/Berlin, the calendar's zone; beneath it in America/New_York, yours" in shown
    assert "Wed 4 Mar 11:00:00 Wed 4 Mar 05:00:00" in shown


def test_every_badge_leads_here_but_the_one_on_the_page_itself(read, company):
    clock = clock_of(company, NOW)
    here = f'href="/clocks/{clock.pk}/"'
    queue, lead = read.ana.get("portal:queue"), read.ana.get("portal:lead", clock.handoff.lead_id)
    assert here in lead.content.decode()
    accept = clock.handoff.clocks.get(kind="accept")
    assert f'href="/clocks/{accept.pk}/"' in queue.content.decode()
    assert here not in read.ana.get("portal:clock", clock.pk).content.decode()


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
