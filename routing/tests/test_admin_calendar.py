"""Hours are agreed in versions: typed into tables, read in words, never changed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.tests.pages import fields
from routing.hours_in_words import changes, sentences
from routing.models import Calendar

NEW = "versions-2-0"


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


@pytest.fixture
def berlin(cast):
    return cast.emea.calendar


def change(calendar):
    return reverse("admin:routing_calendar_change", args=[calendar.pk])


def test_a_new_calendar_gets_its_first_hours_with_it(ren):
    url = reverse("admin:routing_calendar_add")
    ren.post(url, fields(ren.get(url)) | {"name": "Oslo", "versions-0-zone": "Europe/Oslo"})
    first = Calendar.objects.get(name="Oslo").current()
    assert sentences(first) == ["Mon to Fri 09:00-17:00; Sat and Sun closed (Europe/Oslo)."]


def typed(ren, berlin, **values):
    """What the page's form posts after somebody has typed this into the new version."""
    return fields(ren.get(change(berlin))) | {f"{NEW}-{name}": it for name, it in values.items()}


def test_other_hours_make_a_version_and_leave_the_old_one(ren, berlin):
    data = typed(ren, berlin)
    assert (data[f"{NEW}-weekly_4_from0"], data[f"{NEW}-weekly_4_to0"]) == ("09:00", "17:00")
    friday = {"weekly_4_from0": "9:00", "weekly_4_to0": "12:30"}
    friday |= {"weekly_4_from2": "13:30", "weekly_4_to2": "15:00"}
    days = {"holidays_1_date": "2026-12-25", "holidays_0_date": "2026-12-26"}
    days |= {"holidays_1_name": "Company day", "exceptions_0_date": "2026-12-24"}
    days |= {"exceptions_0_from0": "09:00", "exceptions_0_to0": "12:00"}
    ren.post(change(berlin), typed(ren, berlin, **friday, **days, exceptions_1_date="2026-12-31"))
    old, new = berlin.versions.order_by("number")
    assert old.weekly["4"] == [["09:00", "17:00"]]
    assert (new.number, new.zone) == (2, "Europe/Berlin")
    assert sentences(new) == [
        "Mon to Thu 09:00-17:00; Fri 09:00-12:30 and 13:30-15:00; Sat and Sun closed "
        "(Europe/Berlin).",
        "Closed on 2026-12-25 (Company day), 2026-12-26.",
        "On 2026-12-24: 09:00-12:00.",
        "On 2026-12-31: closed.",
    ]
    assert changes(old, new) == [
        "Fri 09:00-12:30 and 13:30-15:00, was 09:00-17:00.",
        "Days off added: 2026-12-25 (Company day), 2026-12-26.",
        "On 2026-12-24 09:00-12:00, was as usual.",
        "On 2026-12-31 closed, was as usual.",
    ]
    shown = ren.get(change(berlin)).content.decode()
    assert "Closed on 2026-12-25 (Company day)" in shown
    assert "Fri 09:00-12:30 and 13:30-15:00, was 09:00-17:00." in shown


def test_saving_without_a_change_makes_no_version(ren, berlin):
    days = {"holidays_0_date": "2026-12-25", "exceptions_0_date": "2026-12-24"}
    ren.post(change(berlin), typed(ren, berlin, **days, place="DE-BY"))
    ren.post(change(berlin), fields(ren.get(change(berlin))) | {"name": "Berlin"})
    berlin.refresh_from_db()
    assert (berlin.name, berlin.versions.count()) == ("Berlin", 2)


@pytest.mark.parametrize("place", ["DE-BY", "de-by", "Germany, Bayern", "Germany, Bayern (DE-BY)"])
def test_public_holidays_of_a_region_are_written_into_the_version(ren, berlin, place):
    ren.post(change(berlin), typed(ren, berlin, place=place))
    new, year = berlin.current(), timezone.localdate().year
    assert (new.country, new.region) == ("DE", "BY")
    assert new.public_until == date(year + 3, 12, 31)
    assert new.public_holidays[f"{year}-01-06"] == "Epiphany"
    assert f"{year + 3}-12-25" in new.public_holidays
    assert not new.hours().is_open(datetime(year, 1, 6, 11, tzinfo=UTC))
    assert changes(*berlin.versions.order_by("number")) == [
        "Public holidays of Germany, Bayern (DE-BY), was no country."
    ]
    assert fields(ren.get(change(berlin)))[f"{NEW}-place"] == "Germany, Bayern (DE-BY)"


@pytest.mark.parametrize(
    ("values", "column", "words"),
    [
        ({"weekly_0_from0": "nine"}, "weekly", "Monday: 'nine' is not a time of day"),
        ({"weekly_0_from0": "25:00"}, "weekly", "Monday: '25:00' is not a time of day"),
        ({"weekly_0_to0": "09:00"}, "weekly", "Monday: 09:00-09:00 has no length"),
        ({"weekly_0_to0": ""}, "weekly", "Monday: the span of 09:00 has no end"),
        (
            {"weekly_1_from1": "16:00", "weekly_1_to1": "18:00"},
            "weekly",
            "Tuesday: 09:00-17:00 and 16:00-18:00 overlap",
        ),
        (
            {f"weekly_{day}_{edge}0": "" for day in range(5) for edge in ("from", "to")},
            "weekly",
            "There are no hours",
        ),
        ({"holidays_0_date": "Christmas"}, "holidays", "'Christmas' is not a date"),
        ({"holidays_0_name": "Christmas"}, "holidays", "“Christmas” has no date"),
        (
            {"holidays_0_date": "2026-12-25", "holidays_2_date": "2026-12-25"},
            "holidays",
            "2026-12-25 is there twice",
        ),
        ({"exceptions_0_from0": "09:00"}, "exceptions", "“the hours” has no date"),
        (
            {"exceptions_0_date": "2026-12-24", "exceptions_0_from0": "09:00"},
            "exceptions",
            "2026-12-24: the span of 09:00 has no end",
        ),
        ({"zone": "Europe/Atlantis"}, "zone", "'Europe/Atlantis' is not a time zone"),
        ({"place": "Atlantis"}, "place", "No public holidays are known for 'Atlantis'"),
        (
            {
                f"holidays_{n}_date": (date(2026, 1, 1) + timedelta(days=n)).isoformat()
                for n in range(365)
            },
            "holidays",
            "Every open day from 2026-01-01 to 2026-12-31 is a day off",
        ),
    ],
)
def test_hours_that_make_no_sense_are_refused_at_their_field(ren, berlin, values, column, words):
    page = ren.post(change(berlin), typed(ren, berlin, **values))
    new = page.context["inline_admin_formsets"][1].formset.forms[0]
    assert list(new.errors) == [column]
    assert words in new.errors[column][0]
    sent = page.content.decode()
    assert all(f'name="{NEW}-{name}" value="{it}"' in sent for name, it in values.items())
    assert berlin.versions.count() == 1


def test_a_preview_shows_what_is_typed_and_saves_nothing(ren, berlin):
    values = {"place": "DE", "holidays_0_date": "2026-04-07", "holidays_0_name": "Moving day"}
    values |= {"weekly_5_from0": "10:00", "weekly_5_to0": "14:00"}
    asked = {"_preview": "Preview", "preview_from": "2026-03-24"}
    page = ren.post(change(berlin), typed(ren, berlin, **values) | asked)
    weeks = page.context["weeks"]
    assert (len(weeks), weeks[0][0].day.date) == (8, date(2026, 3, 23))
    by_day = {one.day.date: one for week in weeks for one in week}
    assert by_day[date(2026, 4, 6)].day.name == "Easter Monday"
    assert by_day[date(2026, 4, 7)].day.name == "Moving day"
    assert by_day[date(2026, 4, 11)].spans == "10:00-14:00"
    assert [day for day, one in by_day.items() if one.change] == [date(2026, 3, 29)]
    shown = " ".join(page.content.decode().split())
    assert "As typed above; nothing is saved yet." in shown
    assert "Clocks change: 02:00 becomes 03:00" in shown
    assert "Please correct" not in shown
    assert berlin.versions.count() == 1


def test_a_new_calendar_can_be_previewed_before_it_is_there(ren):
    url = reverse("admin:routing_calendar_add")
    data = fields(ren.get(url)) | {"name": "Sydney", "_preview": "Preview"}
    page = ren.post(url, data | {"versions-0-zone": "Australia/Sydney"})
    assert page.context["preview_zone"] == "Australia/Sydney"
    assert not Calendar.objects.filter(name="Sydney").exists()


def test_it_says_which_teams_and_reps_work_by_it(ren, cast, berlin):
    cast.bo.rep.calendar = berlin
    cast.bo.rep.save()
    users = dict(ren.get(change(berlin)).context["users"])
    assert users["Teams"] == [("EMEA", reverse("admin:routing_team_change", args=[cast.emea.pk]))]
    assert [name for name, _ in users["Reps"]] == [str(cast.bo)]


def test_a_manager_agrees_on_hours_too_and_a_marketer_only_reads_them(client, cast, berlin):
    client.force_login(cast.mia)
    client.post(change(berlin), fields(client.get(change(berlin))) | {f"{NEW}-zone": "UTC"})
    assert berlin.current().zone == "UTC"
    client.force_login(cast.mark)
    assert "Mon to Fri 09:00-17:00" in client.get(change(berlin)).content.decode()
    assert client.post(change(berlin), {"name": "Mine"}).status_code == 403
