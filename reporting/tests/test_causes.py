"""Why promises were missed, from what the records say."""

from datetime import timedelta

from conftest import NOW
from reporting.causes import causes
from routing.models import Absence, Reassignment, Rep
from sla.models import Clock
from sla.watch import watch

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def why(handoff, *, now=NOW + DAY):
    found = Clock.objects.with_outcome(now=now).select_related("handoff__owner__user")
    clock = found.get(handoff=handoff, kind="first_touch")
    return causes([clock], now=now)[clock.pk]


def test_a_missed_promise_says_who_was_told_and_when(company):
    handoff = company.handoff_of(company.cast.ana)
    watch(now=NOW + 61 * MINUTE)
    cause = why(handoff)
    assert cause.short == "Nobody acted"
    assert ("Ana Ruiz", NOW + 61 * MINUTE) in cause.told
    assert ("Tess Vogel", NOW + 61 * MINUTE) in cause.told


def test_an_absence_and_a_reassignment_are_named(company):
    cast = company.cast
    handoff = company.handoff_of(cast.ana)
    Reassignment.objects.reassign(
        handoff, to=cast.bo.rep, by=cast.tess, reason="Ill", now=NOW + 20 * MINUTE
    )
    assert why(handoff).short == "Reassigned"
    Absence.objects.create(rep=cast.bo.rep, starts_at=NOW + 30 * MINUTE, ends_at=NOW + 3 * DAY)
    cause = why(handoff)
    assert cause.short == "Away"
    assert cause.found == [
        "Bo Chen was away before it was due",
        "Reassigned from Ana Ruiz to Bo Chen, before it was due",
    ]


def test_what_nobody_took_from_the_pool_is_unclaimed(company):
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    assert why(company.handoff()).short == "Unclaimed"


def test_after_downtime_the_cause_says_that_it_was_noticed_late(company):
    handoff = company.handoff_of(company.cast.ana)
    watch(now=NOW + 240 * MINUTE)
    assert "Noticed only 3 h after it was due" in why(handoff).found


def test_causes_cost_the_same_however_many_are_asked(company, django_assert_num_queries):
    for _ in range(6):
        company.handoff()
    watch(now=NOW + 61 * MINUTE)
    found = Clock.objects.late(now=NOW + DAY).select_related(
        "handoff__owner__user", "handoff__pool"
    )
    clocks = list(found.filter(kind="first_touch"))
    assert len(clocks) == 6
    for some in (clocks[:1], clocks):
        with django_assert_num_queries(6):
            causes(some, now=NOW + DAY)
