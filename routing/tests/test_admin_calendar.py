"""Hours are agreed in versions: typed as spans, read in words, never changed."""

import pytest
from django.urls import reverse

from leads.tests.pages import fields
from routing.admin.hours_in_words import sentences
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


def test_other_hours_make_a_version_and_leave_the_old_one(ren, berlin):
    data = fields(ren.get(change(berlin)))
    assert data[f"{NEW}-weekly_Friday"] == "09:00-17:00"
    data |= {
        f"{NEW}-weekly_Friday": "9:00-12:30, 13:30-15:00",
        f"{NEW}-holidays": "2026-12-26\n2026-12-25",
        f"{NEW}-exceptions": "2026-12-24 09:00-12:00\n2026-12-31",
    }
    ren.post(change(berlin), data)
    old, new = berlin.versions.order_by("number")
    assert old.weekly["4"] == [["09:00", "17:00"]]
    assert (new.number, new.zone) == (2, "Europe/Berlin")
    assert sentences(new) == [
        "Mon to Thu 09:00-17:00; Fri 09:00-12:30 and 13:30-15:00; Sat and Sun closed "
        "(Europe/Berlin).",
        "Closed on 2026-12-25, 2026-12-26.",
        "On 2026-12-24: 09:00-12:00.",
        "On 2026-12-31: closed.",
    ]
    assert "Closed on 2026-12-25" in ren.get(change(berlin)).content.decode()


def test_saving_without_a_change_makes_no_version(ren, berlin):
    data = fields(ren.get(change(berlin)))
    data |= {f"{NEW}-holidays": "2026-12-25", f"{NEW}-exceptions": "2026-12-24 09:00-12:00"}
    ren.post(change(berlin), data)
    ren.post(change(berlin), fields(ren.get(change(berlin))) | {"name": "Berlin"})
    berlin.refresh_from_db()
    assert (berlin.name, berlin.versions.count()) == ("Berlin", 2)


@pytest.mark.parametrize(
    ("typed", "column"),
    [
        ({"weekly_Monday": "nine to five"}, "weekly"),
        ({"weekly_Monday": "25:00-26:00"}, "weekly"),
        ({"holidays": "Christmas"}, "holidays"),
        ({"exceptions": "2026-12-24 all day"}, "exceptions"),
        ({"zone": "Europe/Atlantis"}, "zone"),
    ],
)
def test_hours_that_make_no_sense_are_refused_at_their_column(ren, berlin, typed, column):
    data = fields(ren.get(change(berlin)))
    page = ren.post(change(berlin), data | {f"{NEW}-{name}": text for name, text in typed.items()})
    new = page.context["inline_admin_formsets"][1].formset.forms[0]
    assert list(new.errors) == [column]
    assert berlin.versions.count() == 1


def test_a_manager_agrees_on_hours_too_and_a_marketer_only_reads_them(client, cast, berlin):
    client.force_login(cast.mia)
    client.post(change(berlin), fields(client.get(change(berlin))) | {f"{NEW}-zone": "UTC"})
    assert berlin.current().zone == "UTC"
    client.force_login(cast.mark)
    assert "Mon to Fri 09:00-17:00" in client.get(change(berlin)).content.decode()
    assert client.post(change(berlin), {"name": "Mine"}).status_code == 403
