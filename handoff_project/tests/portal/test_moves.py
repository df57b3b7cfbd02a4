"""A lead goes to somebody else, page by page."""

from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import Absence, Handoff, Pool, Reassignment


@pytest.fixture
def several(company):
    return [company.handoff_of(company.cast.ana, name=name) for name in ("Lena Berg", "Ida Holm")]


def key(person):
    return f"rep-{person.rep.pk}"


def test_a_manager_reads_that_the_deadline_stays_and_reassigns(read, cast, offered):
    page = text(read.tess.get("portal:reassignment", offered.pk))
    assert "Ana Ruiz has it" in page and "Deadline stays Wed 10:30" in page
    data = {"to": key(cast.bo), "reason": "Ana is ill"}
    page = read.tess.post("portal:reassignment", offered.pk, data=data, follow=True)
    assert "Lena Berg is offered to Bo Chen. Deadlines stay." in text(page)
    assert "Reassigned from Ana Ruiz to Bo Chen" in text(page) and "Ana is ill" in text(page)


def test_the_form_asks_who_and_why(read, cast, offered):
    page = read.tess.post("portal:reassignment", offered.pk, data={"to": "rep-0", "reason": " "})
    assert page.status_code == 422
    assert "rep-0 is not one of the available choices" in text(page) and "Say why." in text(page)


def test_whoever_is_away_says_so_in_the_list(read, cast, offered):
    Absence.objects.create(
        rep=cast.bo.rep, starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=1)
    )
    page = text(read.tess.get("portal:reassignment", offered.pk))
    assert "Bo Chen (EMEA, away until Thu 5 Mar 10:00)" in page
    assert "Carl Diaz" not in page  # of a team that is not hers


def test_only_who_may_sees_the_verbs(read, offered):
    offers = {
        name: text(getattr(read, name).get("portal:lead", offered.lead_id))
        for name in ("ana", "tess", "mark", "mia")
    }
    assert "Offer to a colleague Hand back" in offers["ana"]
    assert {name for name, page in offers.items() if "Reassign" in page} == {"tess", "mia"}
    assert "Hand back" not in offers["mark"]


def test_a_rep_hands_a_lead_back_and_offers_another_to_a_colleague(read, cast, several):
    first, second = several
    page = text(read.ana.get("portal:return", first.pk))
    assert "It waits in EMEA pool for a colleague. It does not count as a rejection." in page
    page = read.ana.post("portal:return", first.pk, data={"reason": "Speaks French"}, follow=True)
    assert "Lena Berg waits in EMEA pool. Deadlines stay." in text(page)
    data = {"to": key(cast.bo), "reason": "He knows them"}
    page = read.ana.post("portal:transfer", second.pk, data=data, follow=True)
    assert "Ida Holm is offered to Bo Chen." in text(page)
    assert "Ida Holm" in text(read.bo.get("portal:queue"))


def test_a_preview_changes_nothing_and_its_confirmation_moves_what_it_showed(read, cast, several):
    chosen = {"handoff": [one.pk for one in several], "to": key(cast.bo), "reason": "Ana is ill"}
    page = read.tess.post("portal:team-reassignment", data=chosen)
    shown = text(page)
    assert "Reassign 2 leads to Bo Chen?" in shown and "stays Wed 10:30" in shown
    assert not Reassignment.objects.exists()
    confirmed = {
        "confirm": "1",
        "seen": [seen for _, seen in page.context["rows"]],
        "to": key(cast.bo),
        "reason": "Ana is ill",
    }
    several[0].accept(by=cast.ana, now=NOW)
    page = read.tess.post("portal:team-reassignment", data=confirmed)
    assert page.status_code == 409
    assert "Reassigned 1, left 1 where it is" in text(page)
    assert "Lena Berg Ana Ruiz accepted this lead 0 s ago." in text(page)
    several[1].refresh_from_db()
    assert several[1].owner == cast.bo.rep
    confirmed["seen"] = confirmed["seen"][1:]
    page = read.tess.post("portal:team-reassignment", data=confirmed, follow=True)
    assert "Reassigned 1 lead to Bo Chen" in text(page)
    assert Reassignment.objects.count() == 1


def test_all_of_a_list_are_chosen_without_ticking_each(read, cast, company, several):
    company.handoff_of(cast.bo, name="Kim Bo")
    data = {"all": "1", "with": key(cast.ana), "to": "rules", "reason": "Ana left"}
    page = text(read.mia.post("portal:team-reassignment", data=data))
    assert "Reassign 2 leads to whoever the rules say?" in page and "Kim Bo" not in page


def test_nothing_chosen_and_what_nobody_can_read_are_refused(read, cast, several):
    data = {"to": key(cast.bo), "reason": "Why not"}
    page = read.tess.post("portal:team-reassignment", data=data)
    assert page.status_code == 422 and "Choose at least one lead." in text(page)
    odd = ["x", "1.\x00.1.", f"{several[0].pk}.offered.x.y", "9" * 30]
    page = read.tess.post("portal:team-reassignment", data=data | {"seen": odd, "confirm": "1"})
    assert page.status_code == 409 and not Reassignment.objects.exists()


def test_leads_of_somebody_who_left_are_on_the_board_until_they_are_taken_over(read, cast, several):
    assert "Leads of people who left" not in text(read.tess.get("portal:board"))
    cast.ana.is_active = False
    cast.ana.save()
    board = text(read.tess.get("portal:board"))
    assert "Ana Ruiz is no longer active 2 open leads of EMEA are still with them." in board
    page = text(read.tess.get("portal:team-leads", query={"with": "left"}))
    assert "Lena Berg" in page and "Ida Holm" in page and "No longer active" in page
    for handoff in several:
        Reassignment.objects.reassign(handoff, to=cast.bo.rep, by=cast.tess, reason="Left", now=NOW)
    assert "Leads of people who left" not in text(read.tess.get("portal:board"))


def test_whoever_deactivates_somebody_is_told_what_they_leave(read, cast, several):
    from leads.tests.pages import fields

    data = fields(read.ren.get("admin:leads_user_change", cast.ana.pk))
    del data["is_active"]
    page = read.ren.post("admin:leads_user_change", cast.ana.pk, data=data, follow=True)
    assert "Ana Ruiz still holds 2 open leads. Give them to somebody" in text(page)


def test_the_list_asks_the_same_however_long_it_is(
    read, cast, company, offered, django_assert_max_num_queries
):
    for _ in range(4):
        company.handoff_of(cast.ana)
    with django_assert_max_num_queries(22):
        page = read.mia.get("portal:team-leads")
    assert len(page.context["page"]) == Handoff.objects.count() > 4
    assert Pool.objects.count() == 2
