"""The pages on which RevOps tries a rule set: a lead, and the past days; nothing is written."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from conftest import NOW
from leads.models import Lead
from routing import simulation
from routing.models import Pool, Rep, RuleSet
from routing.tests.test_simulation import rows


@pytest.fixture(autouse=True)
def at_any_time(monkeypatch):
    """The moments of these tests stay within reach, whenever they run."""
    monkeypatch.setattr(simulation, "FAR", timedelta(days=36_500))


@pytest.fixture
def ren(company):
    client = Client()
    client.force_login(company.cast.ren)
    return client


@pytest.fixture
def live(company):
    return RuleSet.objects.live()


def simulate(client, version, **query):
    answer = client.get(reverse("simulation", args=[version.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_lead_is_found_by_words_and_the_answer_says_who_why_and_by_when(company, ren, live):
    company.handoff(name="Lena Berg", email="lena@acme.example", country="US")
    ren.get("/")  # the log-in and its like are written
    before = rows()
    said = simulate(ren, live, who="lena berg", at="2026-03-04T16:00")
    assert "Carl Diaz would get it" in said
    assert "Country: US" in said and "Fits, so it decides." in said
    # Ren reads in UTC; Boston opens at 14:00, and half an hour is promised.
    assert "<strong>Accept</strong> by" in said and "4 Mar 2026 16:30" in said
    assert rows() == before


def test_of_several_leads_one_is_chosen(company, ren, live):
    for name in ("Lena Berg", "Lena Stein"):
        company.lead(name=name, country="US")
    said = simulate(ren, live, who="lena", at="2026-03-04T10:00")
    assert "2 leads have these words: choose one." in said and "would get it" not in said
    stein = Lead.objects.get(name="Lena Stein")
    assert f"at=2026-03-04T10%3A00&amp;lead={stein.pk}" in said
    assert "would get it" in simulate(ren, live, who="lena", lead=stein.pk)
    assert "No lead has these words." in simulate(ren, live, who="nobody")


def test_values_are_typed_and_people_taken_as_away(company, ren, live):
    carl = Rep.objects.get(user=company.cast.carl)
    said = simulate(ren, live, values="Country: US", away=carl.pk)
    assert "It would wait in Americas pool" in said
    assert "Taken as away" in said and "because nobody could take it" in said


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"values": "Shoe size: 44"}, "“Shoe size” is no field and no signal."),
        ({"who": " "}, "Name a lead, or type values."),
        ({"values": "Country: US", "at": "soon"}, "Enter a valid date/time."),
        ({"values": "Country: US", "away": "99"}, "Select a valid choice."),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(company, ren, live, query, told):
    said = simulate(ren, live, **query)
    assert told in said and "would get it" not in said


def test_a_draft_is_tried_before_it_holds_and_one_that_is_not_complete_says_so(company, ren):
    draft = RuleSet.draft_from_live()
    draft.rules.update(pool=Pool.objects.get(name="EMEA pool"))
    assert "Ana Ruiz would get it" in simulate(ren, draft, values="Country: US")
    draft.rules.update(pool=None)
    for said in (
        simulate(ren, draft, values="Country: US"),
        ren.get(reverse("past-week", args=[draft.pk])).content.decode(),
    ):
        assert "is not complete yet" in said and "Choose the pool that gets these leads." in said


def test_the_page_of_a_rule_set_leads_there(company, ren, live):
    page = ren.get(reverse("admin:routing_ruleset_change", args=[live.pk])).content.decode()
    for name in ("simulation", "past-week"):
        assert reverse(name, args=[live.pk]) in page


def test_the_past_week_says_who_would_have_got_what(company, ren, monkeypatch):
    monkeypatch.setattr("handoff_project.simulator.views.timezone.now", lambda: NOW)
    for n in range(6):
        company.handoff(country="US" if n % 3 == 0 else "DE", name=f"Lead {n}")
    draft = RuleSet.draft_from_live()
    draft.rules.update(target="rep", rep=Rep.objects.get(user=company.cast.bo))
    ren.get("/")
    before = rows()
    url = reverse("past-week", args=[draft.pk])
    said = ren.get(url).content.decode()
    assert rows() == before
    assert "2 of 6 decisions" in said and "Lead 0" in said and "Lead 1" not in said
    everything = ren.get(url, {"only": "all"}).content.decode()
    assert "Lead 0" in everything and "Lead 1" in everything
    assert "Nobody" not in said and "2 rest on people as they are today" in said
    assert "No lead was routed" not in said


def test_a_week_without_leads_says_so(company, ren, live):
    said = ren.get(reverse("past-week", args=[live.pk])).content.decode()
    assert "No lead was routed in the last 7 days." in said
