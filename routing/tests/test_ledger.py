"""Chances, turns and causes add up, whatever happened."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW
from routing import ledger
from routing.models import Absence, Decision, Pool, Rep, Seat
from routing.standing import standings

PERIOD = {"since": NOW - timedelta(days=1), "until": NOW + timedelta(days=1)}
PEOPLE = ("ana", "bo")
deed = st.one_of(
    st.tuples(st.just("lead")),
    st.tuples(st.just("lead")),
    st.tuples(st.just("rotation"), st.sampled_from(PEOPLE), st.booleans()),
    st.tuples(st.just("cap"), st.sampled_from(PEOPLE), st.one_of(st.none(), st.integers(0, 3))),
    st.tuples(st.just("weight"), st.sampled_from(PEOPLE), st.integers(0, 2)),
    st.tuples(st.just("away"), st.sampled_from(PEOPLE), st.booleans()),
)


def _do(company, kind, name=None, value=None):
    rep = name and getattr(company.cast, name).rep
    if kind == "lead":
        (emea,) = [pool for pool in Pool.objects.all() if pool.name == "EMEA pool"]
        expected = standings([emea], now=NOW)[emea.pk].taker
        handoff = company.handoff()
        assert handoff.owner_id == (expected and expected.rep)
    elif kind == "rotation":
        Rep.objects.filter(pk=rep.pk).update(in_rotation=value)
    elif kind == "cap":
        Rep.objects.filter(pk=rep.pk).update(open_cap=value)
    elif kind == "weight":
        Seat.objects.filter(rep=rep).update(weight=value)
    elif not Absence.objects.filter(rep=rep).exists():
        other = getattr(company.cast, "bo" if name == "ana" else "ana").rep
        covered = value and not Absence.objects.filter(rep=other).exists()
        Absence.objects.create(
            rep=rep,
            starts_at=NOW,
            ends_at=NOW + timedelta(days=2),
            cover=other if covered else None,
        )


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=st.lists(deed, max_size=12))
def test_whatever_happens_the_ledger_adds_up_and_names_the_next_rightly(
    company, deeds, monkeypatch
):
    monkeypatch.setattr(ledger, "CHUNK", 2)
    before = {seat.rep_id: seat.turns for seat in Seat.objects.all()}
    first = Decision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for one in deeds:
        _do(company, *one)
    new = Decision.objects.filter(pk__gt=first)
    found = list(ledger.chances(new))
    asked = [rep for one in new for rep, *_ in one.trace["tried"][-1]["asked"]]
    assert sorted(one.rep for one in found) == sorted(asked)
    took = [one for one in found if one.kind in (ledger.TURN, ledger.NAME)]
    assert sorted(one.decision for one in took) == sorted(
        one.pk for one in new if one.rep_id is not None
    )
    for seat in Seat.objects.filter(pool__name="EMEA pool"):
        turns = sum(one.rep == seat.rep_id and one.kind == ledger.TURN for one in took)
        assert seat.turns - before.get(seat.rep_id, 0) == turns
    (page,) = ledger.ledger(list(Pool.objects.filter(name="EMEA pool")), **PERIOD)
    assert page.decisions == page.got + page.waits
    assert sum(line.turns + line.by_name for line in page.lines) == page.got
    causes = sum(sum(line.passed.values()) for line in page.lines)
    rest = sum(line.others for line in page.lines)
    assert sum(line.chances for line in page.lines) == page.got + causes + rest


def test_a_turn_that_a_cover_takes_is_the_seats(company, cast):
    Rep.objects.filter(user=cast.bo).update(in_rotation=False)
    Absence.objects.create(
        rep=cast.ana.rep, starts_at=NOW, ends_at=NOW + timedelta(days=2), cover=cast.bo.rep
    )
    assert company.handoff().owner == cast.bo.rep
    (page,) = ledger.ledger(list(Pool.objects.filter(name="EMEA pool")), **PERIOD)
    ana, bo = page.lines
    assert (ana.got, ana.turns, ana.passed) == (0, 1, {})
    assert (bo.got, bo.turns, bo.passed) == (1, 0, {"Out of rotation": 1})
