"""The rep waits for the lead: clocks stand still, up to a limit, and go on with what was left."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.models import Delivery
from routing.models import Reassignment, Refused, Touch
from sla import pauses
from sla.models import Clock, Pause
from sla.watch import watch


def minutes(n):
    return NOW + timedelta(minutes=n)


@pytest.fixture
def ana(company):
    return company.cast.ana


@pytest.fixture
def accepted(company, ana):
    offer = company.handoff_of(ana)
    offer.accept(by=ana, now=minutes(5))
    return offer


def touch_clock(handoff):
    return handoff.clocks.get(kind="first_touch")


def pause(handoff, ana, *, at, cause="On holiday until Thursday"):
    return pauses.pause(handoff, by=ana, cause=cause, now=minutes(at))


def test_a_paused_clock_goes_on_with_the_time_that_was_left(accepted, ana):
    (made,) = pause(accepted, ana, at=20)
    clock = touch_clock(accepted)
    assert clock.reading(now=minutes(90)).text == "Paused"
    accepted.refresh_from_db()
    assert accepted.next_due_at is None
    assert not Clock.objects.late(now=minutes(90)).filter(kind="first_touch").exists()
    assert pauses.resume(accepted, by=ana, now=minutes(120)) == 1
    clock = touch_clock(accepted)
    assert (clock.state, clock.due_at) == ("running", minutes(160))
    accepted.refresh_from_db()
    assert accepted.next_due_at == minutes(160)
    made.refresh_from_db()
    assert (made.started_at, made.ended_at, made.ended_by) == (minutes(20), minutes(120), ana)
    kinds = accepted.lead.events.filter(kind__in=("sla.paused", "sla.resumed")).order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["sla.paused", "sla.resumed"]


def test_nobody_is_reminded_while_the_clock_stands_still(accepted, ana):
    pause(accepted, ana, at=20)
    assert watch(now=minutes(200)) == 0
    pauses.resume(accepted, by=ana, now=minutes(200))
    assert watch(now=minutes(229)) == 0
    assert watch(now=minutes(231)) == 1  # ten minutes before 240


def test_a_pause_ends_by_itself_at_its_limit(company, policy, ana):
    draft = policy.draft_from_this()
    draft.pause_hours = 1
    draft.save()
    draft.publish(by=None, now=NOW)
    offer = company.handoff_of(ana)
    offer.accept(by=ana, now=minutes(5))
    (made,) = pause(offer, ana, at=20)
    assert made.limit_at == minutes(80)
    # Whoever looks late finds the limit kept, and what fell due since then.
    assert watch(now=minutes(200)) == 1
    made.refresh_from_db()
    assert (made.ended_at, made.ended_by) == (minutes(80), None)
    clock = touch_clock(offer)
    assert clock.due_at == minutes(120)
    assert clock.escalations.filter(step="late").exists()
    assert watch(now=minutes(300)) == 0
    again = company.handoff_of(ana)
    assert again.clocks.count() == 2
    with pytest.raises(Refused, match="passed already"):
        pause(offer, ana, at=201)


def test_the_limit_holds_for_all_pauses_together(company, policy, ana):
    draft = policy.draft_from_this()
    draft.pause_hours = 1
    draft.save()
    draft.publish(by=None, now=NOW)
    offer = company.handoff_of(ana)
    offer.accept(by=ana, now=minutes(5))
    pause(offer, ana, at=10)
    pauses.resume(offer, by=ana, now=minutes(40))
    (second,) = pause(offer, ana, at=45)
    assert second.limit_at == minutes(75)
    pauses.resume(offer, by=ana, now=minutes(75))
    with pytest.raises(Refused, match="no more pauses"):
        pause(offer, ana, at=76)


def test_a_touch_in_a_pause_stops_the_clock_with_the_pause_counted(accepted, ana):
    pause(accepted, ana, at=20)
    Touch.objects.log(accepted, by=ana, channel="call", outcome="connected", now=minutes(500))
    clock = touch_clock(accepted)
    # Forty minutes were left, and Berlin opens at eight o'clock UTC.
    next_morning = NOW.replace(hour=8, minute=40) + timedelta(days=1)
    assert clock.was_met and clock.due_at == next_morning
    assert not Pause.objects.filter(ended_at=None).exists()


def test_what_was_done_before_the_pause_is_judged_by_the_deadline_of_then(accepted, ana):
    pause(accepted, ana, at=20)
    Touch.objects.log(
        accepted, by=ana, channel="call", outcome="connected", occurred_at=minutes(15),
        now=minutes(90),
    )  # fmt: skip
    clock = touch_clock(accepted)
    assert (clock.stopped_at, clock.due_at) == (minutes(15), minutes(60))


def test_a_missed_promise_stays_visible_after_a_late_reply(accepted, ana):
    Touch.objects.log(accepted, by=ana, channel="call", outcome="connected", now=minutes(75))
    assert touch_clock(accepted).reading(now=minutes(80)).text == "Met late by 15 min"


def test_time_that_was_used_counts_after_a_reassignment(company, accepted, ana):
    pause(accepted, ana, at=20)
    pauses.resume(accepted, by=ana, now=minutes(50))
    due = touch_clock(accepted).due_at
    accepted.refresh_from_db()
    Reassignment.objects.reassign(
        accepted, to=company.cast.bo.rep, by=company.cast.mia, reason="Speaks Dutch",
        now=minutes(60),
    )  # fmt: skip
    assert touch_clock(accepted).due_at == due == minutes(90)


def test_only_who_works_the_lead_may_wait_for_it(company, accepted, ana):
    with pytest.raises(Refused):
        pause(accepted, company.cast.bo, at=20)
    offer = company.handoff_of(ana)
    with pytest.raises(Refused, match="Accept the lead first"):
        pause(offer, ana, at=20)
    with pytest.raises(Refused, match="what you are waiting for"):
        pause(accepted, ana, at=20, cause="  ")
    pause(accepted, ana, at=20)
    with pytest.raises(Refused):
        pauses.resume(accepted, by=company.cast.bo, now=minutes(30))


def test_a_second_click_changes_nothing(accepted, ana):
    first = pause(accepted, ana, at=20)
    assert pause(accepted, ana, at=21) == first
    pauses.resume(accepted, by=ana, now=minutes(30))
    assert pauses.resume(accepted, by=ana, now=minutes(31)) == 0
    assert not Delivery.objects.filter(event__kind="sla.paused").exists()
