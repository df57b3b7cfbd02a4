import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import NOW
from handoff_project.portal import board
from handoff_project.tests.portal.conftest import text
from sla.models import Clock
from sla.watch import watch

MINUTE = timedelta(minutes=1)


def counts(response):
    return {counter.key: counter.count for counter in response.context["counters"]}


def shown(response):
    return [clock.pk for clock in response.context["page"]]


@pytest.mark.parametrize("who", ["ana", "mark"])
def test_without_the_right_there_is_no_board(read, offered, who):
    assert getattr(read, who).get("portal:board").status_code == 404


def test_clocks_are_counted_by_urgency(read, company, at):
    company.handoff()  # due at 10:30 and 11:00
    at(NOW + 20 * MINUTE)
    assert counts(read.mia.get("portal:board")) == {
        "late": 0, "near": 1, "today": 1, "later": 0, "off": 0, "paused": 0,
    }  # fmt: skip
    at(NOW + 35 * MINUTE)
    assert counts(read.mia.get("portal:board"))["late"] == 1
    at(NOW.replace(hour=20))
    assert counts(read.mia.get("portal:board"))["late"] == 2


def test_a_closed_calendar_is_off_hours(read, company, at):
    company.handoff(country="US")  # 05:00 in Boston
    assert counts(read.mia.get("portal:board")) == {
        "late": 0, "near": 0, "today": 0, "later": 0, "off": 2, "paused": 0,
    }  # fmt: skip


@pytest.mark.parametrize("hours", [0, 0.4, 0.6, 2, 9, 24, 120])
def test_every_clock_is_counted_once_and_each_number_opens_its_rows(read, company, at, hours):
    company.handoff()
    company.handoff(at=NOW + timedelta(hours=4))
    company.handoff(country="US")
    at(NOW + timedelta(hours=hours))
    page = read.mia.get("portal:board")
    assert sum(counts(page).values()) == Clock.objects.running().count() == len(shown(page))
    for key, count in counts(page).items():
        assert len(shown(read.mia.get("portal:board", query={"show": key}))) == count


def test_rows_name_lead_owner_and_last_step(read, offered, at):
    watch(now=NOW + 26 * MINUTE)
    watch(now=NOW + 31 * MINUTE)
    at(NOW + 42 * MINUTE)
    words = text(read.mia.get("portal:board"))
    assert (
        "Late 12 min Accept due Wed 10:30 Why? The accept deadline, explained "
        "Lena Berg VP Operations Acme Tier C, score 40 Ana Ruiz Waiting for the rep "
        "Manager told Wed 10:31" in words
    )


def test_filters_stand_in_the_address(read, company, cast):
    company.handoff()
    company.handoff(country="US")
    both = {"team": cast.americas.pk, "clock": "accept"}
    page = read.mia.get("portal:board", query=both)
    (row,) = page.context["page"]
    assert (row.kind, row.handoff.owner.user) == ("accept", cast.carl)
    assert f"team={cast.americas.pk}&amp;clock=accept&amp;show=late" in page.content.decode()


def test_a_team_lead_sees_their_team_alone(read, company, cast):
    company.handoff()
    company.handoff(country="US")
    page = read.tess.get("portal:board")
    assert {clock.handoff.owner.team for clock in page.context["page"]} == {cast.emea}
    other = read.tess.get("portal:board", query={"team": cast.americas.pk})
    assert shown(other) == shown(page)
    assert "Americas" not in text(other)


@pytest.mark.parametrize("query", [{"team": "x"}, {"clock": "x"}, {"show": "x"}, {"page": "x"}])
def test_an_address_with_nonsense_shows_everything(read, company, query):
    company.handoff()
    assert len(shown(read.mia.get("portal:board", query=query))) == 2


def test_an_empty_board_says_so(read, company):
    assert "No clock is running." in text(read.mia.get("portal:board"))


def test_the_board_costs_the_same_however_long_it_is(read, company, django_assert_num_queries):
    company.handoff()
    read.mia.get("portal:board")
    with CaptureQueriesContext(connection) as short:
        read.mia.get("portal:board")
    for _ in range(5):
        company.handoff()
    with django_assert_num_queries(len(short)):
        read.mia.get("portal:board")
    assert len(short) <= 25


def test_nearness_by_the_wall_clock_does_not_look_like_a_clocks_own_soon(read, company, at):
    company.handoff()  # 30 minutes to accept: soon at 6 minutes left
    at(NOW + 20 * MINUTE)
    body = read.mia.get("portal:board").content.decode()
    assert re.search(r'counter-due" id="counter-near".*?Due within 15 min', body, re.S)
    assert "icon-soon" not in body
    own = {"late", "off_hours", "paused"}  # here the counter asks what the reading asks
    readings = {"running", "soon", "late", "off_hours", "met", "met_late", "paused"}
    assert {shape for _, shape in board.LABELS.values()} & readings == own


def test_every_state_has_its_label(company, at):
    assert set(board.states(Clock.objects.all(), now=NOW)) == set(board.LABELS)
