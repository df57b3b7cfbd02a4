import pytest

from conftest import NOW, publish
from leads.models import MQLDefinition, Score
from leads.scoring import scorer
from reporting.preview import preview
from routing.models import RejectionReason

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
