from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import Handoff, Touch

MINUTE = timedelta(minutes=1)


def names(response):
    return [row.handoff.lead.name for row in response.context["rows"]]


def test_a_row_shows_clock_person_company_reason_score_and_action(read, offered):
    page = read.ana.get("portal:queue")
    shown = text(page)
    for words in (
        "30 min left",
        "Accept due Wed 10:30",
        "Lena Berg",
        "VP Operations",
        "Acme",
        "800 staff",
        "Demo request + ICP company",
        "and 1 more",
        f"{offered.tier} {offered.score}",
        "No attempt yet",
    ):
        assert words in shown
    assert f'action="/handoffs/{offered.pk}/acceptance/"' in page.content.decode()


def test_rows_come_by_deadline(read, company, at):
    ana = company.cast.ana
    for minutes, name in ((20, "Second"), (40, "First"), (0, "Third")):
        company.handoff_of(ana, at=NOW - minutes * MINUTE, name=name)
    shown = [name for name in names(read.ana.get("portal:queue")) if name in "First Second Third"]
    assert list(dict.fromkeys(shown)) == ["First", "Second", "Third"]


def test_the_badge_is_of_the_clock_that_is_due_first(read, offered, at):
    offered.accept(by=offered.owner.user, now=NOW + 4 * MINUTE)
    at(NOW + 5 * MINUTE)
    assert "55 min left First touch due Wed 11:00" in text(read.ana.get("portal:queue"))


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(24, "6 min left"), (30, "<1 min left"), (42, "Late 12 min"), (60 * 9, "Late 8 h 30 min")],
)
def test_time_left_is_floored_and_lateness_counted(read, offered, at, minutes, words):
    at(NOW + minutes * MINUTE)
    assert words in text(read.ana.get("portal:queue"))


def test_at_night_the_badge_is_neutral_and_says_when_the_clock_runs_again(read, company, at):
    evening = NOW.replace(hour=15, minute=50)  # 16:50 in Berlin, which closes at 17:00
    company.handoff_of(company.cast.ana, at=evening)
    at(evening + 20 * MINUTE)
    page = read.ana.get("portal:queue")
    assert "Off hours Accept due Thu 08:20 runs again Thu 08:00" in text(page)
    assert "badge-off_hours" in page.content.decode()


def test_the_pool_is_the_teams_alone(read, pooled):
    assert names(read.bo.get("portal:queue", query={"tab": "pool"})) == ["Lena Berg"]
    assert names(read.carl.get("portal:queue", query={"tab": "pool"})) == []


def test_tabs_carry_their_counts(read, offered, pooled):
    tabs = {tab.key: tab.count for tab in read.ana.get("portal:queue").context["tabs"]}
    assert tabs == {
        "mine": Handoff.objects.owned_by(offered.owner.user).count(),
        "pool": 1,
        "snoozed": 0,
        "waiting": 0,
        "done": 0,
    }


def test_what_was_touched_today_is_done_today(read, offered, at):
    ana = offered.owner.user
    offered.accept(by=ana, now=NOW)
    Touch.objects.log(offered, by=ana, channel="call", outcome="voicemail", now=NOW + MINUTE)
    shown = text(read.ana.get("portal:queue", query={"tab": "done"}))
    assert "Met in 1 min" in shown
    assert "1 attempt Left a voicemail" in shown
    at(NOW + timedelta(days=1))
    assert names(read.ana.get("portal:queue", query={"tab": "done"})) == []


def test_an_unknown_tab_shows_mine(read, offered):
    assert read.ana.get("portal:queue", query={"tab": "x"}).context["tab"].key == "mine"


def test_the_queue_costs_the_same_however_long_it_is(
    read, company, offered, django_assert_num_queries
):
    read.ana.get("portal:queue")  # the calendar's hours are read once a process
    with CaptureQueriesContext(connection) as short:
        read.ana.get("portal:queue")
    for _ in range(6):
        company.handoff_of(company.cast.ana)
    with django_assert_num_queries(len(short)):
        read.ana.get("portal:queue")
    assert len(short) <= 18


def test_a_page_holds_twenty_five_rows(read, company, monkeypatch):
    monkeypatch.setattr("handoff_project.portal.views.queue.PAGE", 2)
    for _ in range(3):
        company.handoff_of(company.cast.ana)
    first = read.ana.get("portal:queue")
    total = Handoff.objects.owned_by(company.cast.ana).count()
    assert len(first.context["rows"]) == 2
    assert f"1-2 of {total}" in text(first)
    assert 'href="?page=2" rel="next"' in first.content.decode()


def test_an_empty_queue_names_the_pool(read, pooled):
    shown = text(read.ana.get("portal:queue"))
    assert "Queue clear." in shown
    assert "1 in your team's pool. Show the pool" in shown


def test_somebody_without_a_team_is_told_so(read):
    assert "You are in no sales team yet" in text(read.mark.get("portal:queue"))


def test_a_lead_that_a_rep_waits_for_is_in_the_waiting_tab(read, offered):
    offered.accept(by=offered.owner.user, now=NOW)
    assert names(read.ana.get("portal:queue", query={"tab": "waiting"})) == []
    read.ana.post("portal:pause", offered.pk, data={"cause": "Ill"})
    assert names(read.ana.get("portal:queue", query={"tab": "waiting"})) == ["Lena Berg"]
    assert names(read.bo.get("portal:queue", query={"tab": "waiting"})) == []


def test_the_address_narrows_a_list_and_an_empty_one_offers_to_clear(read, offered):
    asked = {"tier": offered.tier, "source": "Website"}
    page = read.ana.get("portal:queue", query=asked)
    assert names(page) == ["Lena Berg"] and "?tab=mine" in page.content.decode()
    other = "D" if offered.tier != "D" else "A"
    for nothing in ({"tier": other}, {"source": "Gone"}):
        shown = text(read.ana.get("portal:queue", query=nothing))
        assert "No lead of this list is like that. 1 without the filter. Clear the filter" in shown
    for odd in ({"tier": "Z"}, {"source": "a\0b"}):
        assert names(read.ana.get("portal:queue", query=odd)) == ["Lena Berg"]
