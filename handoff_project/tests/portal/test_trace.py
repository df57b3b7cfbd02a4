"""One lead by a draft, rule by rule, beside the live version."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from leads.models import MQLDefinition

FIND, LEAD = "portal:definition-leads", "portal:definition-lead"


@pytest.fixture
def draft(company):
    """A draft that asks for no interest."""
    made = MQLDefinition.draft_from_live(by=company.cast.mark)
    made.interest_threshold = 0
    made.save()
    return made


@pytest.fixture
def wanda(company):
    """A lead of good fit that has done nothing yet."""
    return company.lead("wanda@acme.example", job_title="VP Sales", name="Wanda Warm")


def test_one_lead_is_traced_by_the_draft_beside_the_live_version(read, draft, wanda):
    words = text(read.mark.get(LEAD, 2, wanda.pk))
    drafted, live = words.split("MQL definition v1", 1)
    assert "Passes" in drafted and "Total 40" in drafted
    assert "Does not pass" in live and "Total 40" in live
    assert "20 points of interest short: one more “Demo requested” would do." in live
    assert "Or: One more “Pricing page” would do." in live


def test_why_a_rule_did_not_count_is_said_with_what_was_compared(read, company, draft):
    lead = company.lead("tim@small.example", employer={"name": "Small", "employees": 150})
    page = read.mark.get(LEAD, 2, lead.pk)
    rule = draft.rules.get(label="ICP company")
    assert f'href="?why={rule.pk}#why"' in page.content.decode()
    words = text(read.mark.get(LEAD, 2, lead.pk, query={"why": rule.pk}))
    assert "Why did “ICP company” not count?" in words
    assert "Fails: Company employees is between 200 and 2000. Here: 150" in words
    counted = draft.rules.get(label="Pricing page")
    words = text(read.mark.get(LEAD, 2, lead.pk, query={"why": counted.pk}))
    assert "Fails: +20 points: Pricing page, each time in 30 days, at most 40. Here: 0" in words
    for nothing in ("x", "0", "²"):
        page = read.mark.get(LEAD, 2, lead.pk, query={"why": nothing})
        assert (page.status_code, 'id="why"' in page.content.decode()) == (200, False)


def test_the_live_version_is_traced_alone(read, wanda):
    page = read.mark.get(LEAD, 1, wanda.pk)
    assert len(page.context["traces"]) == 1


def test_a_lead_is_found_by_name_or_mail(read, company, draft, wanda):
    company.handoff()
    for words in ("wanda", "wanda@acme"):
        page = read.mark.get(FIND, 2, query={"q": words})
        assert "Wanda Warm" in text(page) and "Lena" not in text(page)
    assert "No lead matches" in text(read.mark.get(FIND, 2, query={"q": "nobody"}))
    assert "Wanda" not in text(read.mark.get(FIND, 2))


def test_a_trace_of_a_lead_that_one_may_not_see_does_not_exist(read, draft, wanda, cast):
    draft.decider, draft.cool_down_days = "automatic", 30
    draft.save()
    draft.submit(by=cast.mark, now=NOW)
    assert read.tess.get(LEAD, 2, wanda.pk).status_code == 404
    assert "Wanda" not in text(read.tess.get(FIND, 2, query={"q": "wanda"}))


def test_a_trace_by_an_incomplete_draft_says_what_is_missing(read, draft, wanda):
    draft.rules.filter(label="Decision maker").update(operator="between")
    assert "The draft is not complete yet." in text(read.mark.get(LEAD, 2, wanda.pk))


def test_it_costs_the_same_however_many_leads_there_are(read, company, draft, wanda):
    def cost():
        read.mark.get(LEAD, 2, wanda.pk)
        with CaptureQueriesContext(connection) as queries:
            read.mark.get(LEAD, 2, wanda.pk)
        return len(queries)

    few = cost()
    for _ in range(5):
        company.lead(job_title="VP")
    assert cost() == few <= 40
