import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import NOW, publish
from leads.models import MQLDefinition, Score
from leads.scoring import scorer
from reporting.preview import preview
from routing.models import ChecklistQuestion, Opportunity, OpportunityReason, RejectionReason

TODAY = NOW.date()


@pytest.fixture
def leads(company):
    """One that passes by a demo request, a warm one of good fit, and a cold one."""
    company.handoff()
    company.lead("warm@acme.example", job_title="VP Sales")
    company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    return company


@pytest.fixture
def draft(leads):
    return MQLDefinition.draft_from_live(by=None)


def test_the_live_definition_changes_nothing(leads):
    found = preview(MQLDefinition.objects.live().compiled, today=TODAY)
    assert (found.leads, found.before, found.after) == (3, 1, 1)
    assert (found.gained.count, found.lost.count) == (0, 0)
    assert all(before == after for before, after in found.tiers.values())


def test_a_lower_threshold_gains_leads_and_shows_them(draft):
    draft.interest_threshold = 0
    draft.save()
    found = preview(draft.compile(), today=TODAY)
    assert (found.before, found.after, found.gained.count) == (1, 2, 1)
    assert [lead.email for lead in found.gained.sample] == ["warm@acme.example"]


def test_what_is_lost_tells_how_its_handoffs_went(leads, draft):
    handoff = leads.cast.ana.rep.handoffs.first()
    reason = RejectionReason.objects.get(code="too_early")
    handoff.reject(by=leads.cast.ana, reason=reason, now=NOW)
    draft.rules.filter(kind="fast_track").delete()
    found = preview(draft.compile(), today=TODAY)
    assert (found.after, found.lost.count) == (0, 1)
    assert (found.lost.outcomes.n, found.lost.outcomes.rejected) == (1, 1)
    accepted, rejected, sql, won = found.lost.outcomes.shares
    assert (accepted.label, accepted.count, accepted.share) == ("accepted", 0, 0)
    assert (accepted.low, accepted.high) == pytest.approx((0, 0.79), abs=0.01)
    assert (rejected.label, rejected.count, rejected.share) == ("rejected", 1, 1)
    assert (rejected.low, rejected.high) == pytest.approx((0.21, 1), abs=0.01)
    assert (sql.label, sql.count, won.label, won.count) == ("SQL", 0, "won", 0)


def test_what_is_lost_tells_what_was_won(leads, draft):
    handoff, ana = leads.cast.ana.rep.handoffs.first(), leads.cast.ana
    ChecklistQuestion.objects.update(gate="none")
    handoff.accept(by=ana, now=NOW)
    handoff.qualify(by=ana, now=NOW)
    for outcome, reason in (("lost", "price"), ("won", "best_fit")):
        deal = Opportunity.objects.open_for(handoff, by=ana, now=NOW)
        deal.close(outcome, by=ana, now=NOW, reason=OpportunityReason.objects.get(code=reason))
    draft.rules.filter(kind="fast_track").delete()
    past = preview(draft.compile(), today=TODAY).lost.outcomes
    assert (past.n, past.accepted, past.qualified, past.won) == (1, 1, 1, 1)


def test_other_peoples_handoffs_are_not_counted(leads, draft):
    leads.handoff().accept(by=leads.cast.bo, now=NOW)
    draft.interest_threshold = 0
    draft.save()
    found = preview(draft.compile(), today=TODAY)
    assert (found.gained.count, found.gained.outcomes.n) == (1, 0)
    assert found.gained.outcomes.shares == []


def test_every_lead_stands_once_in_the_matrix_of_tiers(draft):
    draft.tier_a, draft.tier_b, draft.tier_c = 40, 30, 10
    draft.save()
    found = preview(draft.compile(), today=TODAY)
    matrix = found.counts.matrix
    assert {move: count for move, count in matrix.items() if count} == {
        ("C", "A"): 2,
        ("D", "D"): 1,
    }
    assert sum(matrix.values()) == found.leads
    assert (found.moved_up.count, found.moved_down.count) == (2, 0)
    assert [lead.email for lead in found.moved_up.sample] == [
        "lead1@acme.example",
        "warm@acme.example",
    ]


def test_borderline_leads_are_counted_now_and_with_the_draft(draft):
    draft.borderline = 20
    draft.save()
    found = preview(draft.compile(), today=TODAY).counts
    assert (found.near_before, found.near_after, found.after) == (0, 2, 1)


def test_any_draft_adds_up(leads, draft):
    for number in range(12):
        leads.lead(job_title="Head" if number % 2 else "", country="DE" if number % 3 else "US")
    draft.interest_threshold, draft.fit_threshold, draft.tier_c = 0, 30, 20
    draft.save()
    draft.rules.filter(kind="fast_track").delete()
    found = preview(draft.compile(), today=TODAY)
    assert found.after == found.before + found.gained.count - found.lost.count
    assert sum(after for _, after in found.tiers.values()) == found.leads == 15
    moved = sum(count for (old, new), count in found.counts.matrix.items() if old != new)
    assert moved == found.moved_up.count + found.moved_down.count
    assert (found.gained.count, found.lost.count) == (7, 0)


def test_the_preview_is_what_publishing_does(draft):
    draft.interest_threshold = 0
    draft.save()
    found = preview(draft.compile(), today=TODAY)
    publish(draft, now=NOW)
    while scorer.rescore_outdated(now=NOW):
        pass
    assert Score.objects.filter(qualifies=True).count() == found.after
    tiers = {tier: Score.objects.filter(tier=tier).count() for tier in "ABCD"}
    assert tiers == {tier: after for tier, (_, after) in found.tiers.items()}


def test_it_writes_nothing(draft):
    before = list(Score.objects.order_by("pk").values())
    draft.rules.all().delete()
    preview(draft.compile(), today=TODAY)
    assert list(Score.objects.order_by("pk").values()) == before


def test_it_costs_the_same_however_many_leads_change(leads, draft, django_assert_num_queries):
    draft.interest_threshold = 0
    draft.save()
    form = draft.compile()
    with CaptureQueriesContext(connection) as few:
        preview(form, today=TODAY)
    for _ in range(5):
        leads.lead(job_title="VP Sales")
    with django_assert_num_queries(len(few)):
        assert preview(form, today=TODAY).gained.count == 6
