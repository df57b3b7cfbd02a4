import re
from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.portal.queue import pack, unpack
from handoff_project.tests.portal.conftest import text
from routing.models import Handoff, Reassignment, Rep


def poll_of(response):
    """The query with which a page, or an earlier answer, asks for changes."""
    seen, told = re.search(
        r"changes/\?seen=([\d-]*)&amp;told=([\d-]*)", response.content.decode()
    ).groups()
    return {"seen": seen, "told": told}


@pytest.fixture
def open_page(read, offered):
    return poll_of(read.ana.get("portal:queue"))


def test_nothing_new_is_204_with_an_etag(read, open_page):
    answer = read.ana.get("portal:queue-changes", query=open_page)
    assert (answer.status_code, answer.content) == (204, b"")
    again = read.ana.get(
        "portal:queue-changes", query=open_page, **{"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304


def test_new_leads_wait_behind_a_link(read, company, open_page):
    company.handoff_of(company.cast.ana)
    answer = read.ana.get("portal:queue-changes", query=open_page)
    n = len(unpack(poll_of(answer)["told"]))
    assert f"{n} new lead{'s' if n > 1 else ''} - show" in text(answer)
    assert 'href="/queue/?tab=mine"' in answer.content.decode()


def test_what_was_told_is_not_told_again(read, company, open_page):
    company.handoff_of(company.cast.ana)
    told = poll_of(read.ana.get("portal:queue-changes", query=open_page))
    assert read.ana.get("portal:queue-changes", query=told).status_code == 204


def test_accepting_from_the_pool_is_no_news(read, pooled):
    page = poll_of(read.ana.get("portal:queue"))
    read.ana.post("portal:accept", pooled.pk)
    assert read.ana.get("portal:queue-changes", query=page).status_code == 204


def test_a_row_that_a_colleague_took_changes_in_place(read, cast, pooled, at):
    page = poll_of(read.ana.get("portal:queue", query={"tab": "pool"}))
    pooled.accept(by=cast.bo, now=NOW)
    at(NOW + timedelta(seconds=3))
    answer = read.ana.get("portal:queue-changes", query=page)
    body = answer.content.decode()
    assert f'id="handoff-{pooled.pk}" hx-swap-oob="true"' in body
    assert "Bo Chen accepted this lead 3 s ago." in body
    assert "new lead" not in body


@pytest.mark.parametrize("parameter", ["seen", "told"])
def test_ids_in_the_address_open_nothing_of_other_teams(read, company, offered, parameter):
    foreign = company.handoff(country="US", name="Foreign Lead")
    ids = {parameter: pack({offered.pk, foreign.pk})}
    for reader in (read.ana, read.bo):
        body = reader.get("portal:queue-changes", query=ids).content.decode()
        assert "Foreign Lead" not in body and f"handoff-{foreign.pk}" not in body


def test_what_was_only_offered_to_a_teammate_is_not_known(read, cast, offered):
    offered.accept(by=cast.ana, now=NOW)
    answer = read.bo.get("portal:queue-changes", query={"seen": pack({offered.pk})})
    assert answer.status_code == 200
    assert "Lena Berg" not in answer.content.decode()
    assert read.bo.post("portal:accept", offered.pk).status_code == 404


def test_who_took_what_was_handed_back_to_the_pool_is_told(read, cast, offered):
    back = Reassignment.objects.hand_back(offered, by=cast.ana, reason="Speaks French", now=NOW)
    offered.accept(by=cast.ana, now=NOW)
    answer = read.bo.post("portal:accept", offered.pk, **{"HX-Request": "true"})
    assert (back.to_pool.team, answer.status_code) == (cast.bo.rep.team, 409)
    assert "Ana Ruiz accepted this lead" in answer.content.decode()


def test_known_is_what_is_visible_or_waited_in_the_teams_pool(company, cast, offered):
    Rep.objects.filter(team=cast.emea).update(in_rotation=False)
    pooled = company.handoff()
    pooled.accept(by=cast.ana, now=NOW)
    known = {
        name: set(Handoff.objects.known_to(getattr(cast, name)).values_list("pk", flat=True))
        for name in ("ana", "bo", "carl", "tess", "mark")
    }
    everything = set(Handoff.objects.values_list("pk", flat=True))
    assert {offered.pk, pooled.pk} <= known["ana"] == known["tess"] - teammates(cast.bo)
    assert known["bo"] == {pooled.pk} | teammates(cast.bo)
    assert known["carl"] == set()
    assert known["mark"] == everything


def teammates(person):
    return set(Handoff.objects.filter(owner__user=person).values_list("pk", flat=True))


def test_only_own_news_is_told(read, company, offered):
    page = poll_of(read.carl.get("portal:queue"))
    company.handoff_of(company.cast.ana)
    assert read.carl.get("portal:queue-changes", query=page).status_code == 204


@pytest.mark.parametrize("seen", ["", "-", "x", "1--2", "9" * 30])
def test_a_broken_version_is_no_error(read, offered, seen):
    assert read.ana.get("portal:queue-changes", query={"seen": seen}).status_code == 200


@pytest.mark.parametrize("ids", [set(), {7}, {1, 2, 3}, {5, 900, 77_000}])
def test_packed_ids_come_back(ids):
    assert unpack(pack(ids)) == ids


def test_a_poll_costs_four_queries(read, open_page, django_assert_num_queries):
    with django_assert_num_queries(4):  # session, user, own handoffs, the pool's
        read.ana.get("portal:queue-changes", query=open_page)
