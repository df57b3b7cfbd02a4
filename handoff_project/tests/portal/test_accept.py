from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import Reader, text
from routing.models import Handoff

HTMX = {"HX-Request": "true"}


def accepted(handoff):
    return handoff.lead.events.filter(kind="routing.accepted").count()


def test_accepting_says_what_happened_to_the_clocks(read, offered, at):
    at(NOW + timedelta(minutes=12))
    page = read.ana.post("portal:accept", offered.pk, follow=True)
    assert "Lena Berg: Accepted. Accept: met in 12 min. First touch: 48 min left." in text(page)
    assert page.redirect_chain == [(f"/leads/{offered.lead_id}/", 302)]


def test_accepting_goes_back_to_where_the_form_was(read, offered):
    answer = read.ana.post("portal:accept", offered.pk, data={"next": "/queue/?tab=pool"})
    assert answer.url == "/queue/?tab=pool"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_it_never_leads_to_another_site(read, offered, elsewhere):
    answer = read.ana.post("portal:accept", offered.pk, data={"next": elsewhere})
    assert answer.url == f"/leads/{offered.lead_id}/"


def test_htmx_gets_the_row_as_it_is_now(read, offered):
    answer = read.ana.post("portal:accept", offered.pk, **HTMX)
    assert answer.status_code == 200
    assert answer.content.decode().lstrip().startswith("<tr")
    assert "Log touch" in text(answer)
    assert "data-accept" not in answer.content.decode()


def test_a_second_click_does_nothing_and_complains_of_nothing(read, offered):
    for _ in range(2):
        page = read.ana.post("portal:accept", offered.pk, follow=True)
        assert "Accepted. Accept: met" in text(page)
    assert accepted(offered) == 1
    assert offered.assignments.count() == 1


def test_who_comes_second_is_told_who_was_first(read, pooled, at):
    read.bo.post("portal:accept", pooled.pk)
    at(NOW + timedelta(seconds=2))
    answer = read.ana.post("portal:accept", pooled.pk, **HTMX)
    assert answer.status_code == 409
    assert "Bo Chen accepted this lead 2 s ago." in text(answer)
    page = read.ana.post("portal:accept", pooled.pk, follow=True)
    assert page.redirect_chain == [("/queue/", 302)]
    assert "Bo Chen accepted this lead 2 s ago." in text(page)
    assert accepted(pooled) == 1


@pytest.mark.parametrize("who", ["bo", "carl"])
def test_somebody_elses_offer_does_not_exist(read, offered, who):
    assert getattr(read, who).post("portal:accept", offered.pk).status_code == 404
    assert Handoff.objects.get(pk=offered.pk).state == "offered"


def test_a_manager_sees_it_but_cannot_accept_it(read, offered):
    page = read.mia.post("portal:accept", offered.pk, follow=True)
    assert "This lead is offered to Ana Ruiz." in text(page)
    assert Handoff.objects.get(pk=offered.pk).state == "offered"


def test_a_link_accepts_nothing(read, offered):
    assert read.ana.get("portal:accept", offered.pk).status_code == 405


def test_a_form_from_elsewhere_accepts_nothing(at, offered):
    reader = Reader(offered.owner.user, enforce_csrf_checks=True)
    answer = reader.post("portal:accept", offered.pk)
    assert answer.status_code == 403
    assert "This form is no longer valid" in text(answer)
    assert Handoff.objects.get(pk=offered.pk).state == "offered"
