from datetime import timedelta

import pytest

from conftest import NOW, segment
from leads.conditions import facts
from leads.models import Delivery
from routing import router, simulation
from routing.models import Reassignment, RejectionReason, Rep, RuleSet, Touch
from sla import watch as watching
from sla.clocks import foreseen, start_missing
from sla.models import Clock, Policy
from sla.watch import watch


def minutes(n):
    return NOW + timedelta(minutes=n)


def clock(handoff, kind="accept"):
    return handoff.clocks.get(kind=kind)


@pytest.fixture
def offer(company):
    return company.handoff_of(company.cast.ana)


def test_both_clocks_start_with_the_handoff_in_business_time(offer):
    assert clock(offer).due_at == minutes(30)
    assert clock(offer, "first_touch").due_at == minutes(60)
    offer.refresh_from_db()
    assert offer.next_due_at == minutes(30)


def test_a_lead_of_the_evening_is_due_the_next_morning(company):
    evening = NOW.replace(hour=20)
    offer = company.handoff(at=evening)
    # 09:30 in Berlin, where it is UTC+1 in March.
    assert clock(offer).due_at == (evening + timedelta(days=1)).replace(hour=8, minute=30)


@pytest.mark.parametrize("said", ["Country: US", "Country: DE"])
def test_the_clocks_of_a_lead_on_paper_are_foreseen_as_they_start(company, said):
    fast = Policy.objects.create(name="US", segment=segment("US", ("all", "country", "is", "US")))
    fast.targets.create(clock="accept", minutes=10)
    fast.publish(by=None, now=NOW)
    subject = simulation.of_values(facts.parse(said), today=NOW.date())
    found = simulation.simulate(subject, RuleSet.objects.live(), now=NOW)
    clocks = foreseen(found.handoff, subject.judged)
    real = company.handoff(country=said[-2:])
    assert [(one.kind, one.policy, one.due_at) for one in clocks] == [
        (one.kind, one.policy, one.due_at) for one in real.clocks.order_by("pk")
    ]
    assert Clock.objects.exclude(handoff=real).count() == 0


def test_a_clock_runs_in_the_owners_calendar(company):
    offer = company.handoff(country="US")
    assert clock(offer).calendar.zone == "America/New_York"
    # 10:00 in UTC is 05:00 in Boston, so the half hour ends at 09:30 there.
    assert clock(offer).due_at == NOW.replace(hour=14, minute=30)


def test_accepting_stops_the_accept_clock_alone(company, offer):
    offer.accept(by=company.cast.ana, now=minutes(10))
    assert clock(offer).reading(now=minutes(20)).text == "Met in 10 min"
    assert clock(offer, "first_touch").state == Clock.State.RUNNING
    offer.refresh_from_db()
    assert offer.next_due_at == minutes(60)


def test_the_first_touch_stops_its_clock_and_the_second_changes_nothing(company, offer):
    offer.accept(by=company.cast.ana, now=minutes(10))
    for at in (12, 40):
        Touch.objects.log(
            offer, by=company.cast.ana, channel="call", outcome="no_answer", now=minutes(at)
        )
    assert clock(offer, "first_touch").stopped_at == minutes(12)
    offer.refresh_from_db()
    assert offer.next_due_at is None


def test_a_back_dated_touch_counts_from_when_it_happened(company, offer):
    offer.accept(by=company.cast.ana, now=minutes(10))
    Touch.objects.log(
        offer,
        by=company.cast.ana,
        channel="call",
        outcome="connected",
        occurred_at=minutes(50),
        now=minutes(70),
    )
    assert clock(offer, "first_touch").was_met


def test_a_rejection_answers_the_offer_and_owes_no_touch(company, offer):
    reason = RejectionReason.objects.get(code="too_early")
    offer.reject(by=company.cast.ana, reason=reason, now=minutes(5))
    assert clock(offer).was_met
    assert clock(offer, "first_touch").state == Clock.State.CANCELLED


@pytest.mark.parametrize(
    ("at", "state", "text"),
    [
        (0, "running", "30 min left"),
        (23.5, "running", "6 min left"),
        (24, "soon", "6 min left"),
        (29.5, "soon", "<1 min left"),
        (30, "soon", "<1 min left"),
        (42, "late", "Late 12 min"),
    ],
)
def test_a_running_clock_reads_in_words(offer, at, state, text):
    reading = clock(offer).reading(now=minutes(at))
    assert (reading.state, reading.text) == (state, text)


def test_outside_hours_the_clock_is_neutral_and_says_when_it_runs_again(company):
    offer = company.handoff(at=NOW.replace(hour=20))
    reading = clock(offer).reading(now=NOW.replace(hour=21))
    assert reading.state == "off_hours"
    assert reading.detail == "2026-03-05T08:00:00+00:00"


def test_late_is_a_fact_whether_or_not_somebody_looked(company, offer):
    offer.accept(by=company.cast.ana, now=minutes(31))
    assert clock(offer).reading(now=minutes(40)).text == "Met late by 1 min"
    assert Clock.objects.late(now=minutes(40)).get() == clock(offer)


def test_the_first_policy_that_fits_decides(company):
    demo = Policy.objects.create(
        name="Big companies",
        position=0,
        segment=segment("Big", ("all", "company.employees", "at_least", "500")),
    )
    demo.targets.create(clock="accept", minutes=5)
    Policy.objects.filter(name="Standard").update(position=9)
    demo.publish(by=company.cast.mia, now=NOW)
    offer = company.handoff()
    assert clock(offer).due_at == minutes(5)
    assert not offer.clocks.filter(kind="first_touch").exists()
    small = company.handoff(email="x@tiny.example")
    assert clock(small).policy.name == "Big companies"


def test_a_running_clock_keeps_the_policy_it_started_with(company, offer, policy):
    draft = policy.draft_from_this()
    draft.steps.filter(when="before").delete()
    draft.targets.update(minutes=5)
    draft.publish(by=company.cast.mia, now=NOW)
    assert clock(offer).due_at == minutes(30)
    assert clock(company.handoff()).due_at == minutes(5)


def notes(user, kind):
    found = Delivery.objects.filter(recipient=user, channel="in_app", event__kind=kind)
    return [note.payload["subject"] for note in found.order_by("pk")]


def test_the_owner_is_reminded_before_and_told_with_the_manager_after(company, offer):
    assert watch(now=minutes(24)) == 0
    assert watch(now=minutes(25)) == 1
    assert notes(company.cast.ana, "sla.reminded") == ["Accept is due soon: Lena Berg of Acme"]
    assert watch(now=minutes(30)) == 0
    assert watch(now=minutes(31)) == 1
    late = ["Accept is late: Lena Berg of Acme"]
    assert notes(company.cast.ana, "sla.breached") == late
    assert notes(company.cast.tess, "sla.breached") == late


def test_each_step_is_taken_once_however_often_one_looks(company, offer):
    for _ in range(3):
        watch(now=minutes(90))
    assert offer.lead.events.filter(kind="sla.breached").count() == 2  # accept and first touch
    assert not Clock.objects.exclude(next_step_at=None).exists()


def test_a_sweep_that_comes_late_notices_late_and_says_so(company, offer):
    watch(now=minutes(300))
    taken = clock(offer).escalations.values_list("step", "due_at", "noticed_at")
    assert set(taken) == {
        ("before-5-business-remind", minutes(25), minutes(300)),
        ("late", minutes(30), minutes(300)),
        ("at-0-business-remind", minutes(30), minutes(300)),
        ("at-0-business-manager", minutes(30), minutes(300)),
    }
    kinds = offer.lead.events.filter(kind__startswith="sla.", data__clock="accept").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == ["sla.reminded", "sla.breached"]


def test_a_clock_that_was_met_wakes_nobody(company, offer):
    offer.accept(by=company.cast.ana, now=minutes(5))
    Touch.objects.log(
        offer, by=company.cast.ana, channel="call", outcome="connected", now=minutes(6)
    )
    assert watch(now=minutes(500)) == 0


def test_a_pooled_lead_wakes_the_whole_team(company):
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    company.handoff()
    watch(now=minutes(31))
    for person in (company.cast.ana, company.cast.bo, company.cast.tess):
        assert notes(person, "sla.breached")
    assert not notes(company.cast.carl, "sla.breached")


def test_a_lead_is_routed_although_its_clocks_cannot_start_and_gets_them_later(company):
    calendar = company.cast.emea.calendar
    hours = calendar.versions.get()
    hours.delete()
    offer = company.handoff()
    assert (offer.state, offer.clocks.count()) == ("offered", 0)
    assert offer.lead.events.filter(kind="sla.clock_failed").exists()
    assert start_missing(now=NOW) == 0
    calendar.versions.create(zone="Europe/Berlin")
    start_missing(now=minutes(5))
    assert clock(offer).due_at == minutes(30)


def test_a_clock_that_breaks_the_watch_holds_up_no_other(company, offer, monkeypatch):
    company.handoff_of(company.cast.bo)
    take = watching.take

    def broken(found, **kwargs):
        if any(one.handoff_id == offer.pk for one in found):
            raise RuntimeError("no step")
        take(found, **kwargs)

    monkeypatch.setattr(watching, "take", broken)
    assert watch(now=minutes(31)) == 1
    monkeypatch.undo()
    assert watch(now=minutes(31)) == 1
    assert notes(company.cast.ana, "sla.breached") and notes(company.cast.bo, "sla.breached")


def test_rejecting_a_late_lead_does_not_unmake_the_breach(company, offer):
    reason = RejectionReason.objects.get(code="too_early")
    offer.reject(by=company.cast.ana, reason=reason, now=minutes(90))
    late = Clock.objects.late(now=minutes(95)).filter(handoff=offer)
    assert set(late.values_list("kind", flat=True)) == {"accept", "first_touch"}
    assert clock(offer, "first_touch").reading(now=minutes(95)).text == "Late 30 min"


def test_nobody_who_has_left_is_told(company, offer):
    company.cast.ana.is_active = False
    company.cast.ana.save()
    watch(now=minutes(25))
    assert not notes(company.cast.ana, "sla.reminded")
    assert notes(company.cast.tess, "sla.reminded")


def test_clocks_that_start_late_find_the_promises_that_were_kept(company):
    calendar = company.cast.emea.calendar
    calendar.versions.get().delete()
    offer = company.handoff()
    person = offer.owner.user
    offer.accept(by=person, now=minutes(2))
    Touch.objects.log(offer, by=person, channel="call", outcome="connected", now=minutes(3))
    calendar.versions.create(zone="Europe/Berlin")
    start_missing(now=minutes(5))
    assert clock(offer).stopped_at == minutes(2)
    assert clock(offer, "first_touch").stopped_at == minutes(3)
    assert watch(now=minutes(500)) == 0


def test_a_published_policy_is_frozen_with_its_hash(company, policy):
    draft = policy.draft_from_this()
    draft.publish(by=company.cast.mia, now=minutes(1))
    policy.refresh_from_db()
    assert (policy.state, policy.retired_at) == ("retired", minutes(1))
    assert len(policy.content_hash) == 64 and policy.content_hash == draft.content_hash


def test_a_deadline_is_noticed_once_somebody_has_the_lead_that_is_routed_again(company):
    handoff = company.handoff_of(company.cast.ana)
    late = handoff.next_due_at + timedelta(minutes=1)
    Reassignment.objects.reassign(
        handoff, to=None, by=company.cast.mia, reason="Wrong desk", now=NOW
    )
    assert watch(now=late) == 0
    router.route_new(now=late)
    assert watch(now=late) == 1
