from datetime import timedelta

import pytest

from conftest import NOW
from reporting.speed import speed_to_lead
from routing.models import RejectionReason, Touch
from sla import pauses
from sla.models import Clock

DAY = timedelta(days=1)


def minutes(n):
    return NOW + timedelta(minutes=n)


def speed(clocks=None, *, now):
    rows = Clock.objects.all() if clocks is None else clocks
    return speed_to_lead(rows, since=NOW - DAY, until=NOW + DAY, now=now)


@pytest.fixture
def touched(company):
    """Hand over a lead to Ana and have her call after so many minutes."""

    def after(n):
        offer = company.handoff_of(company.cast.ana)
        offer.accept(by=company.cast.ana, now=NOW)
        Touch.objects.log(
            offer, by=company.cast.ana, channel="call", outcome="connected", now=minutes(n)
        )
        return offer

    return after


def test_without_handoffs_there_is_nothing_to_say(db):
    found = speed(now=NOW)
    assert (found.handoffs, found.median, found.share) == (0, None, None)


def test_it_counts_the_median_and_the_share_in_time(company, touched):
    for n in (10, 20, 90):
        touched(n)
    ana = Clock.objects.filter(handoff__owner__user=company.cast.ana)
    found = speed(ana, now=minutes(91))
    assert (found.handoffs, found.touched, found.judged, found.within) == (3, 3, 3, 2)
    assert found.median == timedelta(minutes=20)
    assert found.share == pytest.approx(2 / 3)


def test_a_neglected_lead_counts_against_the_share_once_it_is_late(company):
    company.handoff()
    assert speed(now=minutes(59)).judged == 0
    late = speed(now=minutes(61))
    assert (late.judged, late.within, late.share) == (1, 0, 0)


def test_a_rejected_lead_owes_no_touch(company):
    offer = company.handoff_of(company.cast.ana)
    reason = RejectionReason.objects.get(code="too_early")
    before = speed(now=minutes(61)).handoffs
    offer.reject(by=company.cast.ana, reason=reason, now=minutes(5))
    assert speed(now=minutes(61)).handoffs == before - 1


def test_the_period_is_counted_by_the_handoff(company):
    company.handoff()
    found = speed_to_lead(Clock.objects.all(), since=NOW + DAY, until=NOW + 2 * DAY, now=NOW)
    assert found.handoffs == 0


def test_everybody_counts_what_they_may_see(company):
    company.handoff_of(company.cast.ana)
    company.handoff(country="US")
    carl = speed(Clock.objects.visible_to(company.cast.carl), now=NOW)
    assert carl.handoffs == 1
    assert speed(Clock.objects.visible_to(company.cast.mia), now=NOW).handoffs > 1


def test_a_lead_that_is_waited_for_is_not_judged_yet(company):
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    pauses.pause(offer, by=company.cast.ana, cause="Back on Thursday", now=minutes(10))
    mine = Clock.objects.filter(handoff=offer)
    assert speed(mine, now=minutes(90)).judged == 0
    pauses.resume(offer, by=company.cast.ana, now=minutes(90))
    assert speed(mine, now=minutes(141)).judged == 1
