"""An SQL comes to something: it is won or lost once, and the lead says so."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from conftest import NOW
from leads import merging
from leads.models import Delivery
from routing.models import ChecklistQuestion, Opportunity, OpportunityReason, Refused

DAY = timedelta(days=1)
TERMS = {"amount": Decimal("12500.00"), "currency": "EUR"}


@pytest.fixture
def sql(company):
    """A handoff of Ana's that ended as an SQL."""
    ChecklistQuestion.objects.update(gate="none")
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    offer.qualify(by=company.cast.ana, now=NOW)
    return offer


@pytest.fixture
def ana(company):
    return company.cast.ana


def opened(handoff, by, **terms):
    return Opportunity.objects.open_for(handoff, by=by, now=NOW, **(TERMS | terms))


def reason(code):
    return OpportunityReason.objects.get(code=code)


def stage(row):
    row.lead.refresh_from_db()
    return row.lead.stage_id, row.lead.status


def test_an_opportunity_belongs_to_its_handoff_and_moves_the_lead(sql, ana):
    deal = opened(sql, ana, name="Starter")
    assert (deal.handoff, deal.owner, deal.company) == (sql, ana, sql.lead.company)
    assert stage(deal)[0] == "opportunity"
    moved = deal.lead.transitions.last()
    assert (moved.from_stage_id, moved.cause, moved.actor) == ("sql", "Opportunity opened", ana)
    event = deal.lead.events.get(kind="routing.opportunity_opened")
    assert event.data["amount"] == "12500.00" and event.data["handoff"] == sql.pk
    assert event.cause == "EUR 12,500"


def test_winning_makes_a_customer_and_tells_marketing_and_who_vetted_the_lead(company, sql, ana):
    deal = opened(sql, ana)
    deal.close("won", by=company.cast.tess, reason=reason("best_fit"), now=NOW + DAY)
    assert (deal.state, deal.closed_at, deal.closed_by) == ("won", NOW + DAY, company.cast.tess)
    assert stage(deal)[0] == "customer"
    told = Delivery.objects.filter(event__kind="routing.opportunity_won", channel="in_app")
    assert {one.recipient for one in told} >= {ana, company.cast.mark}
    assert company.cast.tess not in {one.recipient for one in told}
    assert told.first().payload["subject"] == "Won: Lena Berg of Acme, EUR 12,500"


def test_losing_says_why_and_sends_the_lead_back_to_nurture(sql, ana):
    deal = opened(sql, ana)
    deal.close("lost", by=ana, reason=reason("competitor"), note="Rival was faster", now=NOW)
    assert stage(deal) == ("sql", "nurturing")
    event = deal.lead.events.get(kind="routing.opportunity_lost")
    assert (event.data["reason"], event.data["note"]) == ("competitor", "Rival was faster")


def test_a_lead_stands_where_the_furthest_of_its_opportunities_does(sql, ana):
    first, second = opened(sql, ana), opened(sql, ana)
    first.close("lost", by=ana, reason=reason("price"), now=NOW)
    assert stage(first)[0] == "opportunity"
    second.close("won", by=ana, now=NOW)
    assert stage(first)[0] == "customer"
    second.reopen(by=ana, now=NOW)
    assert stage(first)[0] == "opportunity" and second.closed_at is None


@pytest.mark.parametrize(
    ("state", "said", "why"),
    [
        ("lost", {}, "Say why it was lost"),
        ("won", {"reason": "price"}, "no reason for an opportunity that was won"),
        ("lost", {"reason": "competitor", "note": " "}, "needs a note"),
    ],
)
def test_an_ending_without_its_reason_is_refused(sql, ana, state, said, why):
    deal = opened(sql, ana)
    if "reason" in said:
        said = said | {"reason": reason(said["reason"])}
    with pytest.raises(Refused, match=why):
        deal.close(state, by=ana, now=NOW, **said)
    assert Opportunity.objects.get().is_open and stage(deal)[0] == "opportunity"


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"amount": Decimal(-1)}, "cannot be negative"),
        ({"currency": "XYZ"}, "“XYZ” is no currency"),
        ({"currency": ""}, "in which currency"),
    ],
)
def test_terms_that_cannot_be_are_refused(sql, ana, terms, why):
    with pytest.raises(Refused, match=why):
        opened(sql, ana, **terms)
    deal = opened(sql, ana)
    with pytest.raises(Refused, match=why):
        deal.change(by=ana, now=NOW, **terms)
    assert Opportunity.objects.get().amount == 12500


def test_what_is_closed_is_neither_closed_again_nor_changed(sql, ana):
    deal, seen_before = opened(sql, ana), Opportunity.objects.get()
    deal.close("won", by=ana, now=NOW)
    for verb in (
        lambda: seen_before.close("lost", by=ana, reason=reason("price"), now=NOW),
        lambda: seen_before.change(by=ana, amount=Decimal(1), now=NOW),
    ):
        with pytest.raises(Refused, match="was won on 4 March 2026, by Ana Ruiz"):
            verb()
    deal.reopen(by=ana, now=NOW)
    with pytest.raises(Refused, match="is open"):
        deal.reopen(by=ana, now=NOW)


def test_a_change_names_what_differs_and_nothing_is_no_change(sql, ana):
    deal = opened(sql, ana)
    assert deal.change(by=ana, now=NOW, amount=Decimal(12500), name="") == []
    assert deal.change(by=ana, now=NOW, amount=Decimal(9), name="Pilot") == ["amount", "name"]
    assert deal.lead.events.filter(kind="routing.opportunity_changed").count() == 1


def test_only_an_sql_becomes_an_opportunity_and_the_same_form_opens_one(company, sql, ana):
    nonce = uuid4()
    assert opened(sql, ana, nonce=nonce) == opened(sql, ana, nonce=nonce)
    offer = company.handoff_of(ana)
    with pytest.raises(Refused, match="Only an SQL"):
        opened(offer, ana)


@pytest.mark.parametrize(("who", "may"), [("tess", True), ("mia", True), ("bo", False)])
def test_who_may_work_it(company, sql, ana, who, may):
    deal, person = opened(sql, ana), getattr(company.cast, who)
    if may:
        opened(sql, person)
        deal.close("won", by=person, now=NOW)
        return
    with pytest.raises(Refused, match="Ana Ruiz works this SQL"):
        opened(sql, person)
    for verb in (
        lambda: deal.close("won", by=person, now=NOW),
        lambda: deal.change(by=person, now=NOW),
    ):
        with pytest.raises(Refused, match="Ana Ruiz works this opportunity"):
            verb()
    assert not Opportunity.objects.visible_to(person).exists()


def test_it_goes_with_its_lead_when_two_are_one_and_back(company, sql, ana):
    deal, other = opened(sql, ana), company.lead("lena@acme.example")
    done = merging.merge(other, deal.lead, by=None, now=NOW)
    deal.refresh_from_db()
    assert deal.lead == other and stage(deal)[0] == "opportunity"
    deal.close("won", by=ana, now=NOW)
    assert stage(deal)[0] == "customer"
    merging.undo(done, by=None, now=NOW)
    assert Opportunity.objects.get().lead_id == sql.lead_id
