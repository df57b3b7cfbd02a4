"""What sales needs to know of a lead: it is flagged, or the lead waits, as both sides agreed."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from conftest import NOW, publish
from leads.models import MQLDefinition, Qualification
from leads.scoring import scorer
from leads.scoring.qualify import requalify
from leads.scoring.words import differences, in_words

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def agree(company):
    """Publish that phone and country must be known, and what happens otherwise."""

    def agreed(then):
        draft = MQLDefinition.draft_from_live(by=company.cast.mark)
        draft.needed_fields, draft.if_missing = ["phone", "country"], then
        draft.full_clean()
        draft.save()
        publish(draft)
        company.rescore()
        return draft

    return agreed


def asks_for_a_demo(company, **contact):
    return company.lead(conversion={"kind": "demo_request", "form": "Demo"}, **contact)


def test_what_is_missing_is_flagged_in_the_packet(company, agree):
    agree("flag")
    lead = asks_for_a_demo(company, country="DE")
    handoff = lead.handoffs.get()
    assert handoff.state == "new"
    assert handoff.packet["score"]["missing"] == ["Phone"]
    known = asks_for_a_demo(company, country="DE", phone="+49 30 901820")
    assert "missing" not in known.handoffs.get().packet["score"]


def test_a_lead_waits_until_it_is_known_and_is_then_handed_over_by_itself(company, agree):
    agree("ask")
    lead = asks_for_a_demo(company, email="lena@acme.example")
    asked = lead.qualifications.get()
    assert (asked.state, asked.cause) == ("waiting", "incomplete")
    assert asked.explanation["missing"] == ["Phone", "Country"]
    assert lead.handoffs.get().state == "review"
    for _ in range(2):  # sweeps and what else it does ask nobody again
        scorer.qualify_missed(now=LATER)
        company.lead("lena@acme.example", at=LATER, country="DE")
    assert lead.events.filter(kind="leads.review_asked").count() == 1
    company.lead("lena@acme.example", at=LATER, phone="+49 30 901820")
    asked.refresh_from_db()
    assert (asked.state, asked.cause) == ("confirmed", "fast_track")
    assert lead.handoffs.get().state == "new"


def test_a_marketer_lets_it_pass_and_the_rep_still_sees_what_is_missing(company, agree):
    agree("ask")
    lead = asks_for_a_demo(company, country="DE")
    lead.qualifications.get().confirm(by=company.cast.mark, now=LATER)
    handoff = lead.handoffs.get()
    assert (handoff.state, handoff.packet["score"]["missing"]) == ("new", ["Phone"])


@pytest.mark.parametrize(("agreed", "state"), [(True, "confirmed"), (False, "waiting")])
def test_one_that_comes_back_is_flagged_and_waits_unless_that_was_agreed(
    company, agree, agreed, state
):
    lead = asks_for_a_demo(company)
    lead.handoffs.update(state="withdrawn", closed_at=NOW)
    agree("ask")
    with transaction.atomic():
        back = requalify(lead.pk, at_any_score=agreed, now=LATER)
    assert (back.state, back.explanation["missing"]) == (state, ["Phone", "Country"])
    assert back.handoff.packet["score"]["missing"] == ["Phone", "Country"]


def test_one_that_was_declined_is_not_asked_about_again_at_once(company, agree):
    agree("ask")
    lead = asks_for_a_demo(company, country="DE")
    lead.qualifications.get().decline(by=company.cast.mark, note="No way to call.", now=LATER)
    scorer.qualify_missed(now=LATER)
    company.lead(lead.email, at=LATER, job_title="CIO")
    assert Qualification.objects.filter(lead=lead).count() == 1


def test_the_agreement_is_read_in_words_and_told_in_differences(company, agree):
    live = MQLDefinition.objects.live()
    form = agree("ask").compiled
    said = "Sales needs to know: Phone, Country. If one is missing: it waits until that is known"
    assert said in " ".join(dict(in_words(form))["Handed over"])
    assert any(said in sentence for _, sentence in differences(live.compiled, form))


def test_nobody_can_need_a_field_that_there_is_not(company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.needed_fields = ["phone", "shoe_size"]
    with pytest.raises(ValidationError, match="shoe_size"):
        draft.full_clean()
