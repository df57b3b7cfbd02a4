import re
from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.portal.story import waterfall
from handoff_project.tests.portal.conftest import text
from leads.intake import receive
from leads.models import Lead, MQLDefinition, Score
from routing import router
from routing.models import Handoff, RejectionReason, Rep

MINUTE = timedelta(minutes=1)


def page_of(reader, handoff):
    return reader.get("portal:lead", handoff.lead_id)


@pytest.fixture
def rich(company):
    """A lead about whom much was known before it asked for a demo."""
    lead = company.lead("lena@acme.example", at=NOW - timedelta(days=3), phone="+49 30 23125")
    visits = [
        {"message_id": f"{n}", "kind": "page_view", "email": lead.email, "url": "/pricing"}
        for n in range(2)
    ]
    receive.receive_touchpoints(visits, source=company.source, now=NOW - timedelta(days=2))
    conversion = {"kind": "demo_request", "form": "Demo", "answers": {"When?": "By Q3"}}
    Lead.objects.filter(pk=lead.pk).update(name="Lena Berg")
    company.lead(lead.email, conversion=conversion, job_title="VP", department="Ops")
    router.route_new(now=NOW)
    return Handoff.objects.get(lead=lead)


def owner_of(read, handoff):
    return {"Ana": read.ana, "Bo": read.bo}[handoff.owner.user.first_name]


def test_it_shows_who_why_when_and_what_was_known(read, rich):
    shown = text(page_of(owner_of(read, rich), rich))
    for words in (
        "Lena Berg",
        "30 min left Accept due Wed 10:30 Why?",
        "1 h left First touch due Wed 11:00 Why?",
        "MQL definition v1: fast track",
        "Demo request Pass at once when",
        "ICP company",
        "Pricing page x 2",
        "Routed: rule 2 Catch-all →",
        "of 2), round robin in EMEA pool",
        "Source Website",
        "When? By Q3",
        "Page view 2",
        "First seen Mon 10:00",
        "Employees 800 Website, 3 d ago",
        "Other leads here 0",
        "Industry not captured",
        "Missing: country, industry, company country, campaign",
        "Lead received",
        "Became an MQL",
    ):
        assert words in shown, words


def test_the_points_add_up_to_the_frozen_score(rich):
    found = waterfall(rich.packet)
    points = [line["points"] for axis in found.axes for line in axis["lines"]]
    assert sum(points) == found.total == rich.score == 80


def test_a_later_score_stands_beside_the_frozen_one(read, rich):
    Score.objects.filter(lead=rich.lead).update(total=11, tier="D")
    assert "80 at handoff now 11 (D)" in text(page_of(owner_of(read, rich), rich))


@pytest.mark.parametrize("who", ["bo", "carl"])
def test_another_reps_lead_does_not_exist(read, offered, who):
    assert page_of(getattr(read, who), offered).status_code == 404


def test_verbs_are_offered_to_who_may_use_them(read, offered):
    mine = page_of(read.ana, offered).content.decode()
    assert "data-accept" in mine and "data-reject" in mine and "data-touch" not in mine
    seen = page_of(read.mia, offered).content.decode()
    assert "data-accept" not in seen and "data-reject" not in seen
    read.ana.post("portal:accept", offered.pk)
    mine = page_of(read.ana, offered).content.decode()
    assert "data-accept" not in mine and "data-reject" in mine and "data-touch" in mine


def test_an_opted_out_address_is_flagged_and_no_link(read, offered):
    Lead.objects.filter(pk=offered.lead_id).update(opted_out=True, email_consent="withdrawn")
    page = page_of(read.ana, offered)
    assert "Opted out: do not e-mail" in text(page)
    assert "mailto:" not in page.content.decode()


def test_marketing_sees_a_lead_that_was_never_handed_over(read, company):
    cold = company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    for reader in (read.mark, read.mia):
        assert "Not handed over" in text(reader.get("portal:lead", cold.pk))


def visit(company, lead, times):
    visits = [
        {"message_id": f"v{n}", "kind": "page_view", "email": lead.email, "url": "/pricing"}
        for n in range(times)
    ]
    receive.receive_touchpoints(visits, source=company.source, now=NOW)
    company.score()


def test_why_it_is_no_mql_yet_names_what_is_missing(read, company):
    cold = company.lead("vp@small.example", employer={"name": "Small"}, job_title="VP")
    visit(company, cold, 1)
    page = read.mark.get("portal:lead", cold.pk)
    shown = text(page)
    assert "Why not an MQL (yet) By MQL definition v1, as of now" in shown
    assert "Fit 15 of 20 : 5 points missing" in shown
    assert "Interest 20 of" not in shown  # reached
    assert "Decision maker" in shown and "35 now" in shown
    found = page.context["standing"].waterfall
    points = [line["points"] for axis in found.axes for line in axis["lines"]]
    assert sum(points) == found.total == Score.objects.get(lead=cold).total == 35


def test_the_nearest_miss_is_named_with_its_alternatives(read, company):
    cold = company.lead("vp@small.example", employer={"name": "Small"}, job_title="VP")
    visit(company, cold, 1)
    shown = text(read.mark.get("portal:lead", cold.pk))
    assert "Nearest : 5 points of fit short: one more “Demo requested” would do." in shown
    assert "Or: An MQL if Company employees were known and between 200 and 2000." in shown


def test_a_lead_that_left_the_first_stage_has_no_nearest_miss(read, company):
    cold = company.lead("vp@small.example", employer={"name": "Small"}, job_title="VP")
    Lead.objects.filter(pk=cold.pk).update(stage="customer")
    assert "Nearest" not in text(read.mark.get("portal:lead", cold.pk))


def test_the_nearest_miss_costs_the_same_for_every_lead(
    read, company, django_assert_num_queries, django_assert_max_num_queries
):
    new = company.lead("vp@small.example", employer={"name": "Small"}, job_title="VP")
    busy = company.lead("b@small.example", employer={"name": "Small"}, country="DE")
    visit(company, busy, 3)
    with django_assert_max_num_queries(28) as used:
        read.mark.get("portal:lead", new.pk)
    with django_assert_num_queries(len(used)):
        read.mark.get("portal:lead", busy.pk)


def test_a_do_not_pass_rule_that_keeps_it_back_is_named(read, company):
    employer = {"name": "Rival", "domain": "rival.example", "employees": 500}
    rival = company.lead("vp@rival.example", employer=employer, job_title="VP")
    visit(company, rival, 2)
    shown = text(read.mark.get("portal:lead", rival.pk))
    assert "Competitor keeps it back, whatever it scores." in shown
    assert "Competitor Never pass when" in shown
    assert "points missing" not in shown


def test_without_a_live_definition_it_says_so(read, company):
    cold = company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    MQLDefinition.objects.update(state="retired")
    assert "No MQL definition is published" in text(read.mark.get("portal:lead", cold.pk))
    Score.objects.all().delete()
    assert "It was not scored yet." in text(read.mark.get("portal:lead", cold.pk))


def test_a_definition_without_thresholds_says_that_points_do_not_pass(read, company):
    none = {"thresholds": {"fit": None, "interest": None, "total": None}}
    MQLDefinition.objects.update(compiled=MQLDefinition.objects.get().compiled | none)
    cold = company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    assert "only a fast-track rule passes" in text(read.mark.get("portal:lead", cold.pk))


def test_a_lead_that_passes_now_says_so(read, company):
    cold = company.lead("vp@small.example", employer={"name": "Small"}, job_title="VP")
    visit(company, cold, 1)
    lower = {"thresholds": {"fit": 15, "interest": 20, "total": None}}
    MQLDefinition.objects.update(compiled=MQLDefinition.objects.get().compiled | lower)
    assert "It passes now" in text(read.mark.get("portal:lead", cold.pk))
    Lead.objects.filter(pk=cold.pk).update(stage="customer")
    assert "does not become an MQL again" in text(read.mark.get("portal:lead", cold.pk))


def test_an_earlier_handoff_is_told_with_its_reason(read, company, offered):
    ana = offered.owner.user
    reason = RejectionReason.objects.get(code="no_budget")
    offered.reject(by=ana, reason=reason, note="Not this year", now=NOW + MINUTE)
    again = Handoff.objects.create(
        lead=offered.lead,
        kind="closing",
        previous=offered,
        packet=offered.packet,
        score=offered.score,
        tier=offered.tier,
        owner=ana.rep,
        state="offered",
        opened_at=NOW + timedelta(days=40),
    )
    shown = text(page_of(read.ana, again))
    assert "Handed over before Rejected by Ana Ruiz" in shown
    assert "No budget this year Not this year" in shown


def test_what_belongs_to_another_reps_handoff_stays_out_of_the_timeline(read, company, offered):
    reason = RejectionReason.objects.get(code="other")
    offered.reject(by=offered.owner.user, reason=reason, note="Secret words", now=NOW + MINUTE)
    bos = Handoff.objects.create(
        lead=offered.lead,
        kind="closing",
        previous=offered,
        packet=offered.packet,
        score=1,
        tier="D",
        owner=company.cast.bo.rep,
        state="offered",
        opened_at=NOW + timedelta(days=40),
    )
    shown = text(page_of(read.bo, bos))
    assert "Lead received" in shown
    assert "Secret words" not in shown
    assert "Secret words" in text(page_of(read.mia, bos))


def test_the_timeline_is_newest_first_and_bounded(read, offered, monkeypatch):
    times = [entry.at for entry in page_of(read.ana, offered).context["timeline"]]
    assert times == sorted(times, reverse=True)
    monkeypatch.setattr("handoff_project.portal.timeline.LIMIT", 3)
    assert len(page_of(read.ana, offered).context["timeline"]) == 3


def test_an_unknown_event_still_has_words(read, offered):
    offered.lead.record("sla.moved_to_backup", now=NOW)
    assert "Moved to backup" in text(page_of(read.ana, offered))


def test_three_names_stand_on_each_handoff(read, company, offered):
    page = text(page_of(read.ana, offered))
    assert "signed MQL definition v1, which decides" in page
    for role in ("Qualifies the SQL", "Follows up in the first 24 h"):
        assert f"{role} Ana Ruiz has the lead" in page
    Rep.objects.update(in_rotation=False)
    pooled = company.handoff()
    page = text(page_of(read.mark, pooled))
    assert "Qualifies the SQL Whoever takes it from EMEA pool" in page
    assert "Follows up in the first 24 h Tess Vogel answers for the pool" in page


def test_markup_in_a_name_is_shown_and_not_run(read, offered):
    Lead.objects.filter(pk=offered.lead_id).update(name="<script>alert(1)</script>")
    body = page_of(read.ana, offered).content.decode()
    assert "<script>alert" not in body
    assert re.search(r"&lt;script&gt;alert", body)


def test_the_page_costs_the_same_however_much_happened(
    read, company, offered, django_assert_max_num_queries
):
    for n in range(30):
        offered.lead.record("leads.noted", now=NOW + n * MINUTE, by=company.cast.mia)
    page_of(read.ana, offered)
    with django_assert_max_num_queries(34):
        page_of(read.ana, offered)


def test_from_a_lead_one_goes_to_the_next_of_the_queue_and_back(read, company):
    ana = company.cast.ana
    first, last = (company.handoff_of(ana, at=NOW + n * MINUTE) for n in (0, 20))
    page = read.ana.get("portal:lead", first.lead_id)
    assert page.context["around"] == (None, last.lead_id)
    assert read.ana.get("portal:lead", last.lead_id).context["around"] == (first.lead_id, None)
    assert read.mark.get("portal:lead", last.lead_id).context["around"] == (None, None)
