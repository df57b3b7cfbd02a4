"""Joint reviews: the same lot for the same seed, blind verdicts, agreement, and what follows."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.models import MQLDefinition
from leads.privacy.erasing import erase
from reporting import kappa
from reporting.advisories import advisories
from reporting.models import JointReview, NotReviewable
from reporting.models.joint_review import DUE_AFTER, drawn
from routing.models import Handoff, RejectionReason

DAY = timedelta(days=1)
LATER = NOW + DAY


@pytest.fixture
def twelve(company):
    """Twelve MQLs: two sent back, the others offered."""
    found = [company.handoff() for _ in range(12)]
    why = RejectionReason.objects.get(code="too_early")
    for handoff in found[:2]:
        handoff.reject(by=handoff.owner.user, reason=why, now=NOW)
    return found


@pytest.fixture
def review(company, twelve):
    return JointReview.objects.begin(by=company.cast.mark, now=LATER)


def judged(review, cast, pairs):
    for item, (marketing, sales) in zip(review.items.all(), pairs, strict=True):
        item.judge(by=cast.mark, good=marketing, now=LATER)
        item.judge(by=cast.mia, good=sales, now=LATER)


def test_ten_are_drawn_of_every_state_and_the_same_for_the_same_seed(company, twelve, review):
    items = [item.handoff for item in review.items.select_related("handoff")]
    assert len(set(items)) == 10
    assert sum(one.state == Handoff.State.REJECTED for one in items) == 2
    mqls = list(Handoff.objects.all())
    assert drawn(mqls, seed=review.seed) == drawn(reversed(mqls), seed=review.seed) == items
    assert drawn(mqls, seed=review.seed + 1) != items


def test_fewer_than_ten_are_all_drawn_and_none_is_said(company):
    with pytest.raises(NotReviewable, match="No lead has become an MQL yet"):
        JointReview.objects.begin(by=company.cast.mark, now=NOW)
    company.handoff()
    assert JointReview.objects.begin(by=company.cast.mia, now=NOW).items.count() == 1


def test_one_review_at_a_time_and_only_by_who_signs(company, review):
    with pytest.raises(NotReviewable, match="is open: finish it first"):
        JointReview.objects.begin(by=company.cast.mia, now=LATER)
    for stranger in (company.cast.ana, company.cast.ren):
        with pytest.raises(NotReviewable, match="Only who signs"):
            JointReview.objects.begin(by=stranger, now=LATER)
        with pytest.raises(NotReviewable, match="Only who signs"):
            review.items.first().judge(by=stranger, good=True, now=LATER)


def test_a_verdict_may_change_until_both_sides_judged(company, review):
    item, cast = review.items.first(), company.cast
    item.judge(by=cast.mark, good=True, now=LATER)
    item.judge(by=cast.mark, good=False, note="On second thoughts.", now=LATER)
    assert not item.is_revealed and item.by_side["marketing"].good is False
    item.judge(by=cast.mia, good=True, now=LATER)
    assert item.is_revealed
    for person in (cast.mark, cast.mia):
        with pytest.raises(NotReviewable, match="the verdicts stand"):
            item.judge(by=person, good=True, now=LATER)


def test_an_erasure_keeps_the_verdict_and_empties_its_note(company, review):
    item = review.items.first()
    item.judge(by=company.cast.mark, good=True, note="Lena was at our stand.", now=LATER)
    erase(item.handoff.lead, reason="asked", by=company.cast.ren, now=LATER)
    verdict = item.votes.get()
    assert (verdict.good, verdict.note) == (True, "")


def test_it_closes_with_minutes_once_all_are_judged(company, review):
    cast = company.cast
    with pytest.raises(NotReviewable, match="10 of the MQLs still wait"):
        review.close(minutes="Done.", by=cast.mia, now=LATER)
    judged(review, cast, [(True, True)] * 10)
    draft = MQLDefinition.draft_from_live(by=cast.mark)
    review.decide("Ask for 30 points.", by=cast.mia, definition=draft, now=LATER)
    review.close(minutes="Done.", by=cast.mia, now=LATER)
    assert (review.minutes, review.closed_by) == ("Done.", cast.mia)
    assert review.decisions.get().definition == draft
    for verb in (review.close, review.decide):
        with pytest.raises(NotReviewable, match="was closed by"):
            verb(**{"minutes" if verb == review.close else "text": "x"}, by=cast.mia, now=LATER)


def test_a_month_after_the_last_one_the_next_is_due(company, review):
    judged(review, company.cast, [(True, False)] * 10)
    review.close(minutes="Done.", by=company.cast.mark, now=LATER)
    for now, kinds in ((LATER + DUE_AFTER, set()), (LATER + DUE_AFTER + DAY, {"joint_review"})):
        assert {one.kind for one in advisories(now=now)} & {"joint_review"} == kinds


def test_kappa_is_that_of_a_hand_computation():
    # 20 both yes, 15 both no, 5 and 10 apart: po = 0.7, pe = 0.5 * 0.6 + 0.5 * 0.4 = 0.5.
    apart = [(True, False)] * 5 + [(False, True)] * 10
    found = kappa.agreement([(True, True)] * 20 + [(False, False)] * 15 + apart)
    assert (found.n, found.same) == (50, 0.7)
    assert found.kappa == pytest.approx(0.4)
    assert kappa.agreement([(True, True)] * 3).kappa is None
    assert kappa.agreement([]).same is None
