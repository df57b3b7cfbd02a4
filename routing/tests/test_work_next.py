"""One lead at a time: whose it is, for how long, and what is put aside."""

import threading
from datetime import timedelta

import pytest
from django.db import connections

from conftest import NOW
from routing import work_next
from routing.models import Handoff, Lease, Refused, Rep, Skip, Team

LATER = NOW + timedelta(minutes=5)
Reason = Skip.Reason


@pytest.fixture
def pool(company):
    """Two leads in the pool of EMEA; the older one is due first."""
    Rep.objects.update(in_rotation=False)
    return [company.handoff(at=NOW), company.handoff(at=NOW + timedelta(minutes=1))]


@pytest.fixture
def reps(cast):
    return cast.ana.rep, cast.bo.rep, cast.carl.rep


def expire():
    Lease.objects.update(until=NOW - timedelta(days=365))


def test_own_offers_come_first(company):
    offer = company.handoff_of(company.cast.ana)
    Rep.objects.update(in_rotation=False)
    company.handoff()
    assert work_next.current(company.cast.ana.rep, now=NOW) == (offer, None)


def test_the_pool_is_served_in_the_order_of_the_queue_and_to_one_rep_each(pool, reps):
    ana, bo, carl = reps
    assert work_next.current(ana, now=NOW) == (None, None)
    first, second = work_next.serve(ana, now=NOW), work_next.serve(bo, now=NOW)
    assert [first.handoff, second.handoff] == pool
    assert work_next.serve(ana, now=NOW) == first
    assert work_next.current(ana, now=NOW)[0] == pool[0]
    assert work_next.serve(carl, now=NOW) is None


def test_nobody_else_takes_what_somebody_looks_at_until_the_lease_is_over(cast, pool, reps):
    work_next.serve(reps[0], now=NOW)
    with pytest.raises(Refused, match="Ana Ruiz is looking at this lead"):
        pool[0].accept(by=cast.bo, now=LATER)
    pool[0].refresh_from_db()
    assert pool[0].state == "pooled"
    expire()
    pool[0].accept(by=cast.bo, now=LATER)
    assert pool[0].owner == reps[1]


def test_whoever_holds_the_lease_accepts(cast, pool, reps):
    work_next.serve(reps[0], now=NOW)
    pool[0].accept(by=cast.ana, now=LATER)
    assert pool[0].owner == reps[0]
    assert work_next.serve(reps[0], now=LATER).handoff == pool[1]


def test_a_skip_needs_its_reason_is_kept_and_shows_something_else(cast, pool, reps):
    work_next.serve(reps[0], now=NOW)
    with pytest.raises(Refused, match="needs a note"):
        Skip.objects.skip(pool[0], by=cast.ana, reason=Reason.OTHER, now=NOW)
    skip = Skip.objects.skip(pool[0], by=cast.ana, reason=Reason.LANGUAGE, now=NOW)
    assert Skip.objects.skip(pool[0], by=cast.ana, reason=Reason.LANGUAGE, now=NOW) == skip
    event = pool[0].lead.events.get(kind="routing.skipped")
    assert (event.actor, event.cause) == (cast.ana, "Another language is needed")
    assert skip.pool.name == "EMEA pool"
    assert work_next.serve(reps[0], now=NOW).handoff == pool[1]
    assert work_next.serve(reps[1], now=NOW).handoff == pool[0]


def test_what_was_skipped_comes_back_after_an_hour(cast, pool, reps):
    for one in pool:
        work_next.serve(reps[0], now=NOW)
        Skip.objects.skip(one, by=cast.ana, reason=Reason.TIME, now=NOW)
    assert work_next.serve(reps[0], now=NOW + timedelta(minutes=59)) is None
    assert work_next.serve(reps[0], now=NOW + timedelta(hours=1)).handoff == pool[0]


def test_an_offer_is_skipped_and_stays_an_offer(company):
    cast, offer = company.cast, company.handoff_of(company.cast.ana)
    Skip.objects.skip(offer, by=cast.ana, reason=Reason.TIME, now=NOW)
    assert work_next.current(cast.ana.rep, now=NOW) == (None, None)
    assert Handoff.objects.get(pk=offer.pk).owner == cast.ana.rep


@pytest.mark.parametrize("who", ["bo", "carl", "mia"])
def test_nobody_skips_what_they_were_not_shown(cast, pool, reps, who):
    work_next.serve(reps[0], now=NOW)
    with pytest.raises(Refused, match="waits in EMEA pool"):
        Skip.objects.skip(pool[0], by=getattr(cast, who), reason=Reason.TIME, now=NOW)


def test_a_team_may_have_work_next_as_the_only_way_into_its_pools(cast, pool, reps):
    Team.objects.update(only_work_next=True)
    ana = type(cast.ana).objects.get(pk=cast.ana.pk)
    with pytest.raises(Refused, match="waits in EMEA pool"):
        pool[1].accept(by=ana, now=NOW)
    work_next.serve(ana.rep, now=NOW)
    pool[0].accept(by=ana, now=NOW)
    assert pool[0].owner == ana.rep


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_reps_who_ask_at_the_same_moment_get_different_leads(company):
    Rep.objects.update(in_rotation=False, team=company.cast.emea)
    leads = [company.handoff() for _ in range(3)]
    served, start = [], threading.Barrier(3)

    def ask(rep):
        start.wait()
        served.append(work_next.serve(rep, now=NOW).handoff_id)
        connections.close_all()

    threads = [threading.Thread(target=ask, args=(rep,)) for rep in Rep.objects.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(served) == [one.pk for one in leads]
