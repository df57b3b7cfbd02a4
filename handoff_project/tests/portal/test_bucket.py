"""A lead's page says what both sides do with it, and which kinds of people it belongs to."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import NOW, publish, segment
from handoff_project.tests.portal.conftest import text
from leads.intake import receive
from leads.models import MQLDefinition, Score, Segment
from leads.scoring import scorer
from routing.models import RejectionReason

GOOD = {"name": "Acme", "domain": "acme.example", "employees": 800}
POOR = {"name": "Small", "domain": "small.example", "employees": 2}
WORDS = {
    "poor_ready": "Marketing asks what they need and keeps them informed.",
    "good_unready": "Marketing nurtures; sales may connect on social media.",
    "poor_unready": "Marketing keeps them on the general newsletter.",
}


@pytest.fixture(autouse=True)
def agreed(company):
    """A version that has the usual words for the four buckets."""
    publish(MQLDefinition.draft_from_live(by=company.cast.mark))
    while scorer.rescore_outdated(now=NOW):
        pass


def lead_in(company, bucket):
    fits, ready = bucket.split("_")
    lead = company.lead(employer=GOOD if fits == "good" else POOR)
    if ready == "ready":
        visit = {"message_id": bucket, "kind": "page_view", "url": "/pricing", "email": lead.email}
        receive.receive_touchpoints([visit], source=company.source, now=NOW)
        company.score()
    assert Score.objects.get(lead=lead).bucket == bucket
    return lead


@pytest.mark.parametrize("bucket", WORDS)
def test_leads_that_are_not_handed_over_say_what_to_do_with_them(read, company, bucket):
    page = text(read.mark.get("portal:lead", lead_in(company, bucket).pk))
    assert f"Bucket: {Score.Bucket(bucket).label.lower()} Do {WORDS[bucket]} Do not" in page


@pytest.mark.parametrize("bucket", WORDS)
def test_reps_cannot_open_them_by_address(read, company, bucket):
    lead = lead_in(company, bucket)
    for reader in (read.ana, read.tess):
        assert reader.get("portal:lead", lead.pk).status_code == 404
        assert reader.get("api:lead", lead.pk).status_code == 404


def test_a_good_and_ready_lead_says_it_to_its_rep(read, company):
    lead = lead_in(company, "good_ready")
    lead.refresh_from_db()
    assert (lead.stage_id, lead.status) == ("mql", "contact_and_qualify")
    page = text(read.mark.get("portal:lead", lead.pk))
    assert "Bucket: good fit, ready Do Reach out within the promised time" in page
    assert "By its points alone" not in page


def test_what_a_fast_track_passed_is_worked_like_every_handoff(read, company):
    handoff = company.handoff_of(company.cast.ana)
    page = text(read.ana.get("portal:lead", handoff.lead_id))
    assert "Do Reach out within the promised time" in page
    assert "By its points alone: good fit, not ready. It was handed over all the same" in page


def test_the_words_are_those_of_the_live_version(read, company):
    lead = lead_in(company, "good_unready")
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.guides.filter(bucket="good_unready").update(do="Invite them to the clinic.")
    assert "Invite them" not in text(read.mark.get("portal:lead", lead.pk))
    publish(draft)
    assert "Do Invite them to the clinic." in text(read.mark.get("portal:lead", lead.pk))


def test_what_never_passes_is_in_no_bucket(read, company):
    rival = company.lead(employer={"name": "Rival", "domain": "rival.example", "employees": 800})
    assert "Bucket:" not in text(read.mark.get("portal:lead", rival.pk))


def test_a_rejected_lead_is_no_longer_worked_by_sales(read, company):
    handoff = company.handoff_of(company.cast.ana)
    reason = RejectionReason.objects.get(code="too_early")
    handoff.reject(by=company.cast.ana, reason=reason, now=NOW)
    page = text(read.mark.get("portal:lead", handoff.lead_id))
    assert "Reach out within the promised time" not in page


# Personas


def persona(name, kind, *conditions):
    made = segment(name, *conditions)
    Segment.objects.filter(pk=made.pk).update(persona=kind)


def test_a_lead_shows_the_personas_that_it_matches(read, company):
    persona("Decision makers", "buyer", ("all", "job_title", "contains_any", "VP, head"))
    persona("Students", "negative", ("all", "job_title", "contains_any", "student"))
    persona("Founders", "buyer", ("all", "job_title", "contains_any", "founder"))
    segment("VPs", ("all", "job_title", "contains_any", "VP"))
    lead = company.lead(job_title="VP of the student union")
    page = text(read.mark.get("portal:lead", lead.pk))
    assert "Persona Decision makers" in page and "Not a buyer Students" in page
    assert "Founders" not in page and "VPs" not in page


def test_a_persona_that_asks_nothing_or_makes_no_sense_matches_nobody(read, company):
    persona("Everybody", "buyer")
    persona("Broken", "buyer", ("all", "job_title", "between", "x"))
    page = read.mark.get("portal:lead", company.lead().pk)
    assert page.status_code == 200
    assert "Everybody" not in text(page) and "Broken" not in text(page)


def test_many_personas_are_judged_in_one_query(read, company, django_assert_num_queries):
    lead = company.lead(job_title="VP")
    persona("Persona 0", "buyer", ("all", "job_title", "is", "VP"))
    read.mark.get("portal:lead", lead.pk)  # caches what is read once a process
    with CaptureQueriesContext(connection) as few:
        read.mark.get("portal:lead", lead.pk)
    for number in range(1, 6):
        persona(f"Persona {number}", "buyer", ("all", "job_title", "is", "VP"))
    with django_assert_num_queries(len(few)):
        read.mark.get("portal:lead", lead.pk)
