"""Who would get a lead: the same as the router finds, and nothing is written."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection

from conftest import NOW, segment
from leads.conditions import facts
from leads.models import Company
from routing import router, simulation
from routing.models import Handoff, Pool, Rep, Rule, RuleSet, Seat

TODAY = NOW.date()


@pytest.fixture
def live(company):
    return RuleSet.objects.live()


def rows():
    """How many rows every table has, and where the turns stand."""
    counts = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}"')
            counts[model._meta.label] = cursor.fetchone()[0]
    turns = list(Seat.objects.order_by("pk").values()), list(Pool.objects.order_by("pk").values())
    return counts, turns


def typed(text, **options):
    return simulation.of_values(facts.parse(text), today=TODAY, **options)


def test_it_finds_whom_the_router_finds_then_and_writes_nothing(company, live):
    for country in ("DE", "US", "DE", "DE"):
        waiting = company.handoff(route=False, country=country)
        before = rows()
        found = simulation.simulate(
            simulation.of_lead(waiting.lead, today=TODAY), live, now=NOW + timedelta(minutes=1)
        )
        assert rows() == before
        router.route_new(now=NOW + timedelta(minutes=1))
        waiting.refresh_from_db()
        decision = waiting.decisions.get()
        assert found.handoff.owner == waiting.owner is not None
        assert found.decision.inputs == decision.inputs | {
            "reps": list(map(tuple, decision.inputs["reps"])),
            "pools": [
                [key, name, number, list(map(tuple, places))]
                for key, name, number, places in decision.inputs["pools"]
            ],
        }
        assert found.decision.trace == decision.trace


def test_a_lead_on_paper_is_asked_the_same_and_writes_nothing(company, live):
    before = rows()
    found = simulation.simulate(typed("Country: US"), live, now=NOW)
    assert (found.why.rule, found.handoff.owner) == ("United States", company.cast.carl.rep)
    assert found.why.rules[0].compared == {"Country": "US"}
    found = simulation.simulate(typed("Country: DE"), live, now=NOW)
    assert (found.why.rule, found.why.place) == ("Catch-all", 2)
    assert rows() == before


def test_what_it_did_and_what_it_then_scores_count_too(company, live):
    draft = RuleSet.draft_from_live()
    bo = Rep.objects.get(user=company.cast.bo)
    hot = segment("Hot", ("all", "score.total", "at_least", "45"))
    draft.rules.create(position=0, label="Hot", segment=hot, target=Rule.Target.REP, rep=bo)
    said = "Company employees: 800\nPricing page: 1 time, today"
    assert simulation.simulate(typed(said), draft, now=NOW).why.rule == "Hot"
    assert simulation.simulate(typed("Company employees: 800"), draft, now=NOW).why.rule != "Hot"


def test_values_may_be_changed_of_a_lead_that_is_there(company, live):
    lead = company.lead(country="DE")
    found = simulation.simulate(typed("Country: US", lead=lead), live, now=NOW)
    assert found.why.rule == "United States"
    lead.refresh_from_db()
    assert lead.country == "DE"


def test_a_lead_on_paper_belongs_to_the_known_company_of_its_domain(company, live):
    company.lead()
    Company.objects.filter(domain="acme.example").update(account_owner=company.cast.bo)
    draft = RuleSet.draft_from_live()
    draft.rules.create(position=0, label="Owner", target=Rule.Target.ACCOUNT_OWNER)
    found = simulation.simulate(typed("Company domain: acme.example"), draft, now=NOW)
    assert (found.why.rule, found.handoff.owner) == ("Owner", company.cast.bo.rep)


def test_who_is_taken_as_away_gets_nothing_and_the_trace_says_so(company, live):
    first = simulation.simulate(typed("Country: DE"), live, now=NOW)
    away = first.handoff.owner
    found = simulation.simulate(typed("Country: DE"), live, now=NOW, away=[away.pk])
    assert found.handoff.owner not in (None, away)
    said = {one.rep: one.result for one in found.why.candidates}
    assert said[away.pk] == "Taken as away"
    everybody = Rep.objects.values_list("pk", flat=True)
    nobody = simulation.simulate(typed("Country: DE"), live, now=NOW, away=everybody)
    assert (nobody.handoff.owner, nobody.handoff.pool.name) == (None, "EMEA pool")
    assert nobody.why.why == "because nobody could take it"


def test_its_own_open_handoff_is_nobody_it_had_before(company, live):
    handoff = company.handoff_of(company.cast.ana)
    draft = RuleSet.draft_from_live()
    draft.rules.create(position=0, label="Before", target=Rule.Target.PREVIOUS_OWNER)
    subject = simulation.of_lead(handoff.lead, today=TODAY)
    assert simulation.simulate(subject, draft, now=NOW).why.rule == "Catch-all"
    Handoff.objects.filter(pk=handoff.pk).update(state="rejected", closed_at=NOW)
    found = simulation.simulate(subject, draft, now=NOW)
    assert (found.why.rule, found.handoff.owner) == ("Before", company.cast.ana.rep)
