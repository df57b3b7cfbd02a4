"""What an SQL comes to, on the lead's page."""

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import ChecklistQuestion, Opportunity, OpportunityReason

NONCE = "0d9a2b7e-6a55-4c6e-9c3e-3a8f0c6a7c11"
DATA = {"name": "Starter", "amount": "12500", "currency": "eur", "nonce": NONCE}


@pytest.fixture
def sql(offered, cast):
    ChecklistQuestion.objects.update(gate="none")
    offered.accept(by=cast.ana, now=NOW)
    offered.qualify(by=cast.ana, now=NOW)
    return offered


def test_a_rep_opens_one_changes_it_and_wins_it(read, sql):
    assert "None yet. Open one as soon as" in text(read.ana.get("portal:lead", sql.lead_id))
    for _ in range(2):  # a double click opens one
        page = read.ana.post("portal:opportunity-new", sql.pk, data=DATA, follow=True)
        assert "Opportunity opened: EUR 12,500." in text(page)
    deal = Opportunity.objects.get()
    assert 'value="12500.00"' in read.ana.get("portal:opportunity", deal.pk).content.decode()
    terms = {"name": "Starter", "amount": "9000.50", "currency": "EUR", "close_on": "2026-05-01"}
    page = read.ana.post("portal:opportunity", deal.pk, data=terms, follow=True)
    assert "EUR 9,000.50. Open, expected to be decided on 1 May 2026" in text(page)
    why = OpportunityReason.objects.get(code="best_fit").pk
    for _ in range(2):
        page = read.ana.post("portal:opportunity-won", deal.pk, data={"reason": why}, follow=True)
        assert "Won: Starter. Marketing is told." in text(page)
    assert "Customer" in text(page) and "Opportunity won" in text(page)
    page = read.ana.post("portal:opportunity-open", deal.pk, follow=True)
    assert "Starter is open again." in text(page)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"currency": "XYZ"}, "There is no such currency"),
        ({"currency": ""}, "Say in which currency the amount is."),
        ({"close_on": "soon"}, "Enter a valid date."),
    ],
)
def test_terms_that_cannot_be_are_said_at_their_field(read, sql, change, message):
    page = read.ana.post("portal:opportunity-new", sql.pk, data=DATA | change)
    assert page.status_code == 422 and message in text(page)
    assert not Opportunity.objects.exists()


def test_losing_asks_why_and_closing_twice_says_who_did_it(read, sql):
    read.ana.post("portal:opportunity-new", sql.pk, data=DATA)
    pk = Opportunity.objects.get().pk
    why = OpportunityReason.objects.get(code="competitor").pk
    assert "Choose a reason." in text(read.ana.post("portal:opportunity-lost", pk))
    page = read.ana.post("portal:opportunity-lost", pk, data={"reason": why})
    assert page.status_code == 422 and "“Chose a competitor” needs a note" in text(page)
    said = {"reason": why, "note": "Rival was faster"}
    page = read.ana.post("portal:opportunity-lost", pk, data=said, follow=True)
    assert "Lost: Starter" in text(page) and "Rival was faster" in text(page)
    page = read.tess.post("portal:opportunity-won", pk, follow=True)
    assert "was lost on 4 March 2026, by Ana Ruiz" in text(page)


def test_marketing_reads_it_and_changes_nothing(read, sql):
    read.ana.post("portal:opportunity-new", sql.pk, data=DATA)
    pk = Opportunity.objects.get().pk
    page = read.mark.get("portal:lead", sql.lead_id).content.decode()
    assert "EUR 12,500" in page and f"/opportunities/{pk}/winning/" not in page
    page = read.mark.post("portal:opportunity-won", pk, follow=True)
    assert "Ana Ruiz works this opportunity." in text(page)
    assert "EUR 12,500" in text(read.mark.client.get("/admin/routing/opportunity/"))
    assert read.carl.get("portal:opportunity", pk).status_code == 404
