import re
from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import Touch

MINUTE = timedelta(minutes=1)


def touched(company, after, **contact):
    handoff = company.handoff(**contact)
    user = handoff.owner.user
    handoff.accept(by=user, now=NOW)
    Touch.objects.log(handoff, by=user, channel="call", outcome="sent", now=NOW + after * MINUTE)


@pytest.fixture
def week(company, at):
    """Two touched in time, one touched late, one never, one in the future's hands."""
    for after in (10, 30, 90):
        touched(company, after)
    company.handoff(at=NOW - timedelta(days=1))
    company.handoff(at=NOW + 110 * MINUTE)
    at(NOW + 120 * MINUTE)


def test_numbers_come_with_numerator_denominator_and_words(read, week):
    shown = text(read.mia.get("portal:speed"))
    assert "50 % Touched within target 2 of 4 handoffs" in shown
    assert "30 min Median time to first touch" in shown
    assert "over the 3 touched handoffs" in shown
    assert "5 Handoffs with a first touch promised" in shown
    assert "3 were touched; 1 still run in time and are not judged yet." in shown


def test_on_a_phone_each_number_stands_beside_its_name(read, week):
    body = read.mia.get("portal:speed").content.decode()
    heads = re.findall(r'<th scope="col" class="number">(.*?)</th>', body)
    rows = re.findall(r'<tr><th scope="row">.*?</tr>', body)
    assert "stacked" in body and len(rows) == 2
    for row in rows:
        assert re.findall(r'data-label="(.*?)"', row) == heads


def test_teams_add_up_to_the_total(read, company, week):
    touched(company, 5, country="US")
    page = read.mia.get("portal:speed")
    total, teams = page.context["total"], dict(page.context["teams"])
    assert {team.name for team in teams} == {"EMEA", "Americas"}
    for number in ("handoffs", "touched", "judged", "within"):
        assert sum(getattr(speed, number) for speed in teams.values()) == getattr(total, number)


def test_a_rep_sees_own_numbers(read, company, week):
    mine = read.ana.get("portal:speed").context["total"]
    everybodys = read.mia.get("portal:speed").context["total"]
    assert 0 < mine.handoffs < everybodys.handoffs


@pytest.mark.parametrize(("days", "handoffs"), [("7", 0), ("30", 1), ("90", 1), ("x", 1), ("", 1)])
def test_the_period_stands_in_the_address(read, company, at, days, handoffs):
    company.handoff(at=NOW - timedelta(days=10))
    page = read.mia.get("portal:speed", query={"days": days})
    assert page.context["total"].handoffs == handoffs


def test_an_empty_period_offers_a_longer_one(read, company):
    assert "Look at the last 90 days" in text(read.mia.get("portal:speed", query={"days": "7"}))
