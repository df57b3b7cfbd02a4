"""Planning an absence, with what it would mean."""

from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing import absences
from routing.models import Absence

DAY = timedelta(days=1)


def minute(moment):
    """A moment as the browser of somebody in Berlin sends it."""
    return (moment + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture(autouse=True)
def in_berlin(cast):
    for person in (cast.ana, cast.tess):
        person.zone = "Europe/Berlin"
        person.save()


def plan(start=1, end=3, **values):
    data = {"starts_at": minute(NOW + start * DAY), "ends_at": minute(NOW + end * DAY)}
    return data | {"on_open_work": "stays", "note": "", "cover": ""} | values


def test_a_rep_plans_their_own_absence_and_reads_what_they_hold(read, cast, offered):
    page = text(read.ana.get("portal:absence-new", cast.ana.rep.pk))
    assert "1 open lead with Ana Ruiz" in page and "Lena Berg: due Wed 11:30" in page
    assert "In your time zone, Europe/Berlin" in page
    data = plan(cover=cast.bo.rep.pk, on_open_work="cover", note="Skiing")
    page = read.ana.post("portal:absence-new", cast.ana.rep.pk, data=data, follow=True)
    assert "Ana Ruiz is out of office until Sat 7 Mar 11:00." in text(page)
    made = Absence.objects.get()
    assert (made.starts_at, made.ends_at) == (NOW + DAY, NOW + 3 * DAY)
    assert (made.cover, made.created_by) == (cast.bo.rep, cast.ana)


def test_a_manager_plans_for_the_team_alone(read, cast, company):
    read.tess.post("portal:absence-new", cast.bo.rep.pk, data=plan())
    assert Absence.objects.get().rep == cast.bo.rep
    assert read.tess.get("portal:absence-new", cast.carl.rep.pk).status_code == 404
    assert read.ana.get("portal:absence-new", cast.bo.rep.pk).status_code == 404
    seen = {name: text(getattr(read, name).get("portal:absences")) for name in ("ana", "tess")}
    assert all("Bo Chen" in page for page in seen.values())
    assert "Call off : Bo Chen" in seen["tess"] and "Call off" not in seen["ana"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"starts_at": ""}, "This field is required."),
        ({"ends_at": minute(NOW + DAY)}, "It ends before it begins."),
        ({"on_open_work": "cover"}, "Choose who gets the open work."),
        (
            {"starts_at": minute(NOW - 2 * DAY), "ends_at": minute(NOW)},
            "This time is over already.",
        ),
        ({"cover": "0"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(read, cast, company, changed, message):
    page = read.ana.post("portal:absence-new", cast.ana.rep.pk, data=plan() | changed)
    assert page.status_code == 422 and message in text(page)
    assert not Absence.objects.exists()


def test_a_second_absence_at_the_same_time_is_refused(read, cast, company):
    for _ in range(2):
        page = read.ana.post("portal:absence-new", cast.ana.rep.pk, data=plan())
    assert page.status_code == 422 and "They are away already in that time." in text(page)


def test_a_time_when_nobody_would_be_there_has_to_be_meant(read, cast, company):
    Absence.objects.create(rep=cast.bo.rep, starts_at=NOW + 2 * DAY, ends_at=NOW + 9 * DAY)
    page = read.ana.post("portal:absence-new", cast.ana.rep.pk, data=plan())
    assert page.status_code == 422
    assert "EMEA pool would have nobody from Fri 6 Mar 11:00 to Sat 7 Mar 11:00." in text(page)
    data = plan(anyway="on")
    read.ana.post("portal:absence-new", cast.ana.rep.pk, data=data)
    assert Absence.objects.filter(rep=cast.ana.rep).exists()


def test_what_has_begun_changes_its_end_alone(read, cast, company):
    made = Absence.objects.create(
        rep=cast.ana.rep, starts_at=NOW - DAY, ends_at=NOW + DAY, begun_at=NOW - DAY
    )
    data = plan(start=0, end=5, on_open_work="pool")
    read.ana.post("portal:absence", made.pk, data=data)
    made.refresh_from_db()
    assert (made.starts_at, made.ends_at, made.on_open_work) == (
        NOW - DAY,
        NOW + 5 * DAY,
        "stays",
    )


def test_an_absence_ends_early_once_and_one_to_come_is_called_off(read, cast, company):
    on = Absence.objects.create(rep=cast.ana.rep, starts_at=NOW - DAY, ends_at=NOW + DAY)
    later = Absence.objects.create(rep=cast.ana.rep, starts_at=NOW + 5 * DAY, ends_at=NOW + 6 * DAY)
    for _ in range(2):
        page = read.ana.post("portal:absence-end", on.pk, follow=True)
        assert page.status_code == 200
    on.refresh_from_db()
    assert on.ends_at == NOW
    page = read.ana.post("portal:absence-end", later.pk, follow=True)
    assert "Ana Ruiz stays: the absence is called off." in text(page)
    assert not Absence.objects.filter(pk=later.pk).exists()


def test_a_rep_who_is_back_takes_their_lead_back_by_one_click(read, cast, offered, at):
    Absence.objects.create(
        rep=cast.ana.rep,
        starts_at=NOW,
        ends_at=NOW + DAY,
        cover=cast.bo.rep,
        on_open_work="cover",
    )
    absences.begin(now=NOW)
    at(NOW + DAY)
    page = text(read.ana.get("portal:absences"))
    assert "Others hold 1 lead for you." in page and "Lena Berg , Acme Bo Chen" in page
    page = read.ana.post("portal:recovery", offered.pk, follow=True)
    assert "Taken back: Lena Berg. You have accepted it." in text(page)
    assert "Others hold" not in text(page)
    offered.refresh_from_db()
    assert (offered.state, offered.owner) == ("accepted", cast.ana.rep)
