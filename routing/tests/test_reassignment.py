"""Handoffs that go elsewhere by hand: who may, what stays, who is told, and what happens twice."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.models import Delivery
from routing import router
from routing.models import Handoff, Pool, Reassignment, Refused, Rep

LATER = NOW + timedelta(minutes=5)
Kind = Reassignment.Kind


@pytest.fixture
def offer(company):
    return company.handoff_of(company.cast.ana)


def told(user):
    return [one.payload["subject"] for one in Delivery.objects.visible_to(user).order_by("pk")]


def reassign(handoff, to, by, reason="She is in a workshop", now=LATER):
    return Reassignment.objects.reassign(handoff, to=to, by=by, reason=reason, now=now)


def test_a_teams_manager_gives_an_accepted_lead_to_another_rep(company, offer):
    cast = company.cast
    offer.accept(by=cast.ana, now=NOW)
    row = reassign(offer, cast.bo.rep, cast.tess)
    assert (offer.state, offer.owner, offer.pool) == ("offered", cast.bo.rep, None)
    assert (row.kind, row.source, row.target, row.by) == (
        Kind.MANAGER,
        cast.ana.rep,
        cast.bo.rep,
        cast.tess,
    )
    spans = offer.assignments.values_list("rep__user__first_name", "started_at", "ended_at")
    assert list(spans) == [("Ana", NOW, LATER), ("Bo", LATER, None)]
    event = offer.lead.events.get(kind="routing.reassigned")
    assert (event.actor, event.data["from"], event.data["to"]) == (cast.tess, "Ana Ruiz", "Bo Chen")


def test_deadlines_stay_and_both_are_told_so(company, offer):
    cast, due = company.cast, offer.next_due_at
    before = list(offer.clocks.order_by("pk").values())
    reassign(offer, cast.bo.rep, cast.tess)
    assert (offer.next_due_at, list(offer.clocks.order_by("pk").values())) == (due, before)
    assert told(cast.bo)[-1].startswith("Now yours: Lena Berg")
    assert told(cast.ana)[-1].startswith("No longer yours: Lena Berg")
    got = Delivery.objects.visible_to(cast.bo).latest("pk").payload["body"]
    assert "She is in a workshop" in got and "Deadline stays Wed 4 Mar" in got
    assert not [word for word in told(cast.tess) if "yours" in word]


def test_the_new_owner_accepts_it_and_the_first_acceptance_stays_the_leads(company, offer):
    cast = company.cast
    offer.accept(by=cast.ana, now=NOW)
    reassign(offer, cast.bo.rep, cast.tess)
    offer.accept(by=cast.bo, now=LATER)
    assert (offer.state, offer.accepted_at) == ("accepted", NOW)
    assert "Bo Chen accepted this lead 60 s ago" in offer.standing(now=LATER + timedelta(minutes=1))


def test_the_second_of_two_same_requests_changes_nothing(company, offer):
    cast = company.cast
    assert reassign(offer, cast.bo.rep, cast.tess)
    assert reassign(offer, cast.bo.rep, cast.tess) is None
    stale = Handoff(pk=offer.pk, lead=offer.lead, owner=cast.ana.rep, state="offered")
    assert reassign(stale, cast.bo.rep, cast.tess) is None
    assert offer.reassignments.count() == 1 == len([w for w in told(cast.bo) if "Now yours" in w])


def test_whoever_saw_an_older_state_is_told_where_it_stands(company, offer):
    cast = company.cast
    stale = Handoff.objects.get(pk=offer.pk)
    offer.accept(by=cast.ana, now=NOW)
    with pytest.raises(Refused, match="Ana Ruiz accepted this lead 5 min ago"):
        reassign(stale, cast.bo.rep, cast.tess)
    assert not offer.reassignments.exists()


def test_to_a_pool_and_by_the_rules_again(company, offer):
    cast, pool = company.cast, Pool.objects.get(name="EMEA pool")
    reassign(offer, pool, cast.tess)
    assert (offer.state, offer.owner, offer.pool) == ("pooled", None, pool)
    due = offer.next_due_at
    reassign(offer, None, cast.mia)
    assert (offer.state, offer.owner, offer.pool) == ("new", None, None)
    router.route_new(now=LATER)
    offer.refresh_from_db()
    assert (offer.state, offer.next_due_at) == ("offered", due)
    assert offer.decisions.count() == 2


@pytest.mark.parametrize("who", ["ana", "bo", "carl", "mark"])
def test_nobody_else_reassigns(company, offer, who):
    with pytest.raises(Refused):
        reassign(offer, company.cast.bo.rep, getattr(company.cast, who))


def test_a_teams_manager_gives_to_their_own_people_only(company, offer):
    cast = company.cast
    with pytest.raises(Refused, match="cannot give leads to Carl Diaz"):
        reassign(offer, cast.carl.rep, cast.tess)
    assert reassign(offer, cast.carl.rep, cast.mia).to_rep == cast.carl.rep


def test_nothing_goes_to_somebody_who_left_or_without_a_reason(company, offer):
    cast = company.cast
    with pytest.raises(Refused, match="Say why"):
        reassign(offer, cast.bo.rep, cast.tess, reason="  ")
    cast.bo.is_active = False
    cast.bo.save()
    with pytest.raises(Refused, match="no longer active"):
        reassign(offer, Rep.objects.get(user=cast.bo), cast.tess)


def test_what_has_ended_stays_where_it_is(company, offer):
    offer.withdraw(cause="Declined", now=NOW)
    with pytest.raises(Refused, match="no longer waiting: withdrawn"):
        reassign(offer, company.cast.bo.rep, company.cast.mia)


def test_a_rep_hands_back_to_the_pool_it_came_from_and_rejects_nothing(company, offer):
    cast = company.cast
    offer.accept(by=cast.ana, now=NOW)
    hand_back = Reassignment.objects.hand_back
    row = hand_back(offer, by=cast.ana, reason="Speaks French alone", now=LATER)
    assert (offer.state, str(offer.pool), row.kind) == ("pooled", "EMEA pool", Kind.HANDED_BACK)
    assert not hasattr(offer, "rejection")
    assert hand_back(offer, by=cast.ana, reason="Speaks French alone", now=LATER) is None
    assert offer.lead.events.filter(kind="routing.handed_back").count() == 1
    with pytest.raises(Refused, match="waits in EMEA pool"):
        hand_back(offer, by=cast.bo, reason="Not mine", now=LATER)


def test_a_rep_offers_a_lead_to_a_colleague_who_accepts_it(company, offer):
    cast, transfer = company.cast, Reassignment.objects.transfer
    with pytest.raises(Refused, match="colleague of your team"):
        transfer(offer, to=cast.carl.rep, by=cast.ana, reason="Boston is nearer", now=LATER)
    with pytest.raises(Refused, match="offered to Ana Ruiz"):
        transfer(offer, to=cast.bo.rep, by=cast.bo, reason="I want it", now=LATER)
    assert transfer(offer, to=cast.bo.rep, by=cast.ana, reason="He knows them", now=LATER)
    assert transfer(offer, to=cast.bo.rep, by=cast.ana, reason="He knows them", now=LATER) is None
    assert told(cast.bo)[-1].startswith("Now yours")
    offer.accept(by=cast.bo, now=LATER)
    assert offer.owner == cast.bo.rep


def test_many_at_once_are_told_once_and_fail_one_by_one(company):
    cast = company.cast
    offers = [company.handoff_of(cast.ana) for _ in range(3)]
    Handoff.objects.get(pk=offers[1].pk).accept(by=cast.ana, now=NOW)
    answers = Reassignment.objects.reassign_many(
        offers, to=cast.bo.rep, by=cast.tess, reason="Ana is ill", now=LATER
    )
    assert [bool(row) for _, row, _ in answers] == [True, False, True]
    assert "Ana Ruiz accepted this lead" in answers[1][2]
    assert [w for w in told(cast.bo) if w.startswith("Leads")] == ["Leads: 2 now yours"]
    assert [w for w in told(cast.ana) if w.startswith("Leads")] == ["Leads: 2 no longer yours"]


def test_of_two_who_move_it_at_once_one_wins(company, offer):
    cast = company.cast
    first, second = (Handoff.objects.get(pk=offer.pk) for _ in range(2))
    reassign(first, cast.bo.rep, cast.tess)
    with pytest.raises(Refused, match="offered to Bo Chen"):
        reassign(second, Pool.objects.get(name="EMEA pool"), cast.mia)
    assert offer.reassignments.get().to_rep == cast.bo.rep
