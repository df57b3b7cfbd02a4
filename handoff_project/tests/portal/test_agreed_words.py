"""What both sides agreed on is read by everybody: the glossary, MQL beside SQL, and the advice."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import NOW, publish
from handoff_project.tests.portal.conftest import text
from leads.models import Event, Example, LifecycleStage, MQLDefinition, NurtureTrack
from routing.models import Rep

EVERYBODY = ("ana", "tess", "mark", "mia", "ren")
LONG_AGO = NOW - timedelta(days=100)


@pytest.fixture(autouse=True)
def known(company):
    """The company, at NOW, with a definition that was looked at lately."""
    MQLDefinition.objects.update(reviewed_at=NOW - timedelta(days=1))


def page_for(read, person, name="portal:definition"):
    return text(getattr(read, person).get(name))


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_reads_the_glossary(read, person):
    page = page_for(read, person, "portal:glossary")
    for word in ("Handoff", "Fast track", "Speed-to-lead", "Joint review", "BANT"):
        assert word in page


def test_stages_are_called_in_the_glossary_as_on_every_page(read, company):
    LifecycleStage.objects.filter(key="mql").update(
        label="Hot lead", definition="Both sides call it hot.", next_step_owner="The SDR"
    )
    page = page_for(read, "ana", "portal:glossary")
    assert "Hot lead Both sides call it hot. Next step: The SDR" in page
    assert "SQL Vetted by sales as a real prospect" in page
    lead = company.handoff().lead
    assert "Hot lead, contact and qualify" in text(read.mark.get("portal:lead", lead.pk))


def test_the_menu_leads_to_the_glossary(read):
    assert 'href="/glossary/"' in read.ana.get("portal:queue").content.decode()


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_reads_mql_and_sql_side_by_side(read, person):
    page = page_for(read, person)
    assert "MQL and SQL side by side" in page
    for said in (
        "Meaning Meets the definition that marketing and sales agreed on",
        "Vetted by sales as a real prospect",
        "At once: Demo request. For it: Pricing page, E-mail opened.",
        "Data points Company domain, Company employees, Job title.",
        "When fit is at least 20 and interest is at least 20",
        "A from 80 points",
        "The definition itself, at once.",
        "Owner of the next step The rep it is routed to The rep who qualified it",
        "Examples None are kept.",
    ):
        assert said in page, said


def test_the_table_follows_the_live_version(read, company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.interest_threshold, draft.borderline = 35, 5
    draft.save()
    draft.rules.filter(label="Opens our mails").update(points=-5)
    for name, expected, facts in (
        ("Head of planning", "pass", {"fields": {}, "did": [_did("demo")]}),
        ("Curious student", "fail", {"fields": {"job_title": "Student"}, "did": []}),
    ):
        Example.objects.create(definition=draft, name=name, expected=expected, facts=facts)
    publish(draft)
    page = page_for(read, "ana")
    assert "interest is at least 35" in page
    assert "For it: Pricing page. Against it: E-mail opened." in page
    assert "A marketer, for the close ones." in page
    assert "Pass: “Head of planning”. Fail: “Curious student”." in page


def _did(signal):
    return {"signal": signal, "times": 1, "days_ago": 1}


# Advice and review


def test_advice_is_for_those_who_read_versions(read):
    MQLDefinition.objects.update(reviewed_at=LONG_AGO)
    for person in ("tess", "mark", "mia", "ren"):
        page = page_for(read, person)
        assert "Review the definition MQL definition v1 was last reviewed 100 days ago" in page
    assert "What the figures advise" not in page_for(read, "ana")


def test_in_good_order_nothing_is_advised(read, company):
    Rep.objects.update(in_rotation=False)
    assert "What the figures advise" not in page_for(read, "mark")


@pytest.mark.parametrize("person", ["tess", "mark", "mia"])
def test_who_signs_may_say_that_it_is_kept(read, company, person):
    MQLDefinition.objects.update(reviewed_at=LONG_AGO)
    reader = getattr(read, person)
    told = reader.post("portal:definition-review", 1, follow=True)
    assert "It is noted that you reviewed it today and keep it." in text(told)
    live = MQLDefinition.objects.live()
    assert live.reviewed_at == NOW
    event = Event.objects.get(kind="leads.definition_reviewed")
    assert (event.actor, event.data) == (getattr(company.cast, person), {"version": 1})
    who = getattr(company.cast, person)
    assert f"Last reviewed by {who} Wed 10:00" in text(reader.get("portal:definition"))


@pytest.mark.parametrize("person", ["ana", "ren"])
def test_who_does_not_sign_has_no_button(read, person):
    assert "Reviewed: we keep it" not in page_for(read, person)
    assert getattr(read, person).post("portal:definition-review", 1).status_code in (403, 404)


def test_only_what_holds_is_kept(read, company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    told = text(read.mark.post("portal:definition-review", draft.version, follow=True))
    assert "MQL definition v2 is draft." in told
    assert not Event.objects.filter(kind="leads.definition_reviewed").exists()


# The list of definitions in the admin


def test_the_list_shows_what_is_live_how_it_does_and_what_waits(read, company):
    company.handoff_of(company.cast.ana).accept(by=company.cast.ana, now=NOW)
    waiting = MQLDefinition.draft_from_live(by=company.cast.mark)
    waiting.note, waiting.decider, waiting.cool_down_days = "Prices count more.", "automatic", 30
    waiting.reject_track = NurtureTrack.objects.get()
    waiting.save()
    waiting.submit(by=company.cast.mark, now=NOW)
    waiting.approve(by=company.cast.mia, now=NOW)
    MQLDefinition.draft_from_live(by=company.cast.mark)
    page = page_for(read, "mark", "admin:leads_mqldefinition_changelist")
    assert "MQL definition v1" in page and "Marketing: signed by marketing" in page
    assert "acceptance 100 % (1 of 1 answered)" in page
    assert "MQL definition v2 : Prices count more. Marketing: not signed; Sales: signed by" in page
    assert "MQL definition v3 made by Mark Lind" in page
    assert "Last reviewed" in page


def test_the_list_begins_with_the_advice(read):
    MQLDefinition.objects.update(reviewed_at=LONG_AGO)
    page = page_for(read, "mark", "admin:leads_mqldefinition_changelist")
    assert page.index("What the figures advise") < page.index("Waiting for sign-off")


def test_the_list_costs_the_same_however_many_versions_there_are(
    read, company, django_assert_num_queries
):
    page = "admin:leads_mqldefinition_changelist"
    MQLDefinition.draft_from_live(by=company.cast.mark)
    read.mark.get(page)  # caches what is read once a process
    with CaptureQueriesContext(connection) as few:
        read.mark.get(page)
    for _ in range(6):
        MQLDefinition.draft_from_live(by=company.cast.mark)
    with django_assert_num_queries(len(few)):
        read.mark.get(page)
