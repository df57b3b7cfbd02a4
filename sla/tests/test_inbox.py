"""The escalation inbox: what stands in it, who takes it, and how it closes."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.models import Delivery, Event
from routing.models import Refused, Touch
from sla import inbox, reminding
from sla.models import Clock
from sla.watch import watch

MINUTE = timedelta(minutes=1)


def minutes(n):
    return NOW + n * MINUTE


@pytest.fixture
def late(company):
    """Ana's offer, neither accepted nor touched, noticed as late."""
    offer = company.handoff_of(company.cast.ana)
    watch(now=minutes(61))
    return offer


def listed(company, state, *, now, who="mia"):
    return list(inbox.listed(getattr(company.cast, who), state, now=now))


def item_of(handoff, *, now):
    (item,) = inbox.items([handoff], now=now)
    return item


def test_a_handoff_with_two_missed_promises_stands_there_once(company, late):
    assert listed(company, inbox.OPEN, now=minutes(62)).count(late) == 1
    item = item_of(late, now=minutes(62))
    assert [clock.kind for clock in item.clocks] == ["accept", "first_touch"]
    assert item.clock.kind == "accept"


def test_what_is_only_due_soon_is_no_escalation(company):
    company.handoff()
    watch(now=minutes(28))
    assert listed(company, inbox.OPEN, now=minutes(29)) == []


def test_it_says_who_was_told_and_whether_it_arrived(company, late):
    Delivery.objects.filter(recipient=company.cast.tess, channel="email").update(state="dead")
    item = item_of(late, now=minutes(62))
    assert dict(item.told) == {"Ana Ruiz": True, "Tess Vogel": False}


def test_one_acknowledges_and_the_others_are_told_who(company, late):
    cast = company.cast
    made = inbox.acknowledge(late, by=cast.mia, note="I call Ana.", now=minutes(62))
    with pytest.raises(Refused, match="Mia Okafor looks after"):
        inbox.acknowledge(late, by=cast.tess, now=minutes(63))
    assert inbox.acknowledge(late, by=cast.mia, now=minutes(63)) == made
    assert late not in listed(company, inbox.OPEN, now=minutes(64))
    assert listed(company, inbox.ACKNOWLEDGED, now=minutes(64)) == [late]
    event = Event.objects.get(kind="sla.acknowledged")
    assert (event.actor, event.cause) == (cast.mia, "I call Ana.")


def test_what_is_not_solved_comes_back(company, late):
    inbox.acknowledge(late, by=company.cast.mia, now=minutes(62))
    assert late in listed(company, inbox.OPEN, now=minutes(62 + 4 * 60))


def test_another_missed_promise_brings_it_back(company):
    offer = company.handoff_of(company.cast.ana)
    watch(now=minutes(31))
    inbox.acknowledge(offer, by=company.cast.mia, now=minutes(40))
    watch(now=minutes(61))
    assert offer in listed(company, inbox.OPEN, now=minutes(62))


def test_it_closes_by_itself_and_stays_visible(company, late):
    ana = company.cast.ana
    late.accept(by=ana, now=minutes(70))
    Touch.objects.log(late, by=ana, channel="call", outcome="sent", now=minutes(75))
    assert late not in listed(company, inbox.OPEN, now=minutes(76))
    assert late in listed(company, inbox.CLOSED, now=minutes(76))
    assert item_of(late, now=minutes(76)).closed_at == minutes(75)
    with pytest.raises(Refused, match="no open escalation"):
        inbox.acknowledge(late, by=company.cast.mia, now=minutes(77))


def test_a_team_lead_finds_the_leads_of_their_team_alone(company):
    company.handoff()
    company.handoff(country="US")
    watch(now=minutes(600))
    now = minutes(601)
    assert len(listed(company, inbox.OPEN, now=now)) == 2
    (one,) = listed(company, inbox.OPEN, now=now, who="tess")
    assert one.owner.team == company.cast.emea


def test_after_downtime_it_is_done_once_and_late_counts_from_the_deadline(company):
    offer = company.handoff_of(company.cast.ana)
    watch(now=minutes(240))
    watch(now=minutes(241))
    steps = [one.escalation for one in item_of(offer, now=minutes(242)).steps]
    missed = [step for step in steps if step.step == "late"]
    assert sorted(step.due_at for step in missed) == [minutes(30), minutes(60)]
    assert {step.noticed_at for step in missed} == {minutes(240)}
    clock = offer.clocks.get(kind="first_touch")
    assert clock.reading(now=minutes(242)).text == "Late 3 h 2 min"


def test_a_page_costs_the_same_however_long_it_is(company, django_assert_num_queries):
    for _ in range(4):
        company.handoff()
    watch(now=minutes(61))
    found = listed(company, inbox.OPEN, now=minutes(62))
    assert len(found) == 4
    for some in (found[:1], found):
        with django_assert_num_queries(5):
            inbox.items(some, now=minutes(62))


# --- Reminders by hand -------------------------------------------------------------------------


def test_a_manager_reminds_the_owner_once_in_a_quarter_of_an_hour(company, late):
    clock, cast = late.clocks.get(kind="first_touch"), company.cast
    assert reminding.remind(clock, by=cast.tess, now=minutes(62)) == ["Ana Ruiz"]
    notice = Delivery.objects.filter(event__kind=reminding.REMINDED, channel="in_app").get()
    assert notice.recipient == cast.ana and "Tess Vogel reminds you" in notice.payload["subject"]
    with pytest.raises(Refused, match="Tess Vogel reminded them"):
        reminding.remind(clock, by=cast.mia, now=minutes(70))
    assert reminding.remind(clock, by=cast.mia, now=minutes(78)) == ["Ana Ruiz"]


def test_who_does_not_answer_for_the_lead_reminds_nobody(company, late):
    clock = Clock.objects.filter(handoff=late).first()
    for person in (company.cast.ana, company.cast.mark):
        with pytest.raises(Refused, match="Only whoever manages"):
            reminding.remind(clock, by=person, now=minutes(62))


def test_of_a_promise_that_was_kept_nobody_is_reminded(company, late):
    late.accept(by=company.cast.ana, now=minutes(65))
    with pytest.raises(Refused, match="does not run any more"):
        reminding.remind(late.clocks.get(kind="accept"), by=company.cast.mia, now=minutes(66))
