"""The past days by a draft: who would have got what, without anything being written."""

from collections import Counter
from datetime import timedelta

import pytest

from conftest import NOW, segment
from routing import past, replay
from routing.models import Decision, Pool, Rep, Rule, RuleSet
from routing.tests.test_simulation import rows


@pytest.fixture
def decided(company):
    """Twelve decisions: four leads from the US, eight from elsewhere."""
    return [company.handoff(country="US" if n % 3 == 0 else "DE") for n in range(12)]


def test_with_the_same_rules_nothing_would_have_been_otherwise(company, decided):
    before = rows()
    found = past.past(RuleSet.draft_from_live(), now=NOW)
    assert (found.stored, found.decided, found.moved) == (12, 12, 0)
    assert found.before == found.after
    RuleSet.objects.filter(state="draft").delete()
    assert rows() == before


def test_leads_of_another_pool_are_shared_out_by_its_turns(company, decided):
    """Each record alone would give all of them to whoever has the turn there today."""
    draft = RuleSet.draft_from_live()
    draft.rules.update(pool=Pool.objects.get(name="EMEA pool"))
    found = past.past(draft, now=NOW)
    assert found.reps == [("Ana Ruiz", 4, 6), ("Bo Chen", 4, 6), ("Carl Diaz", 4, 0)]
    assert found.moved >= found.by_rule == 0  # it is the same rule, for another pool
    assert found.basis == {replay.PEOPLE: 4}


def test_it_finds_what_the_router_finds_once_the_draft_holds(company, decided):
    """The same leads, routed again by the published draft, go where the past said they would."""
    draft = RuleSet.draft_from_live()
    germans = segment("Germans", ("all", "country", "is", "DE"))
    americas = Pool.objects.get(name="Americas pool")
    draft.rules.create(position=0, label="Germans", segment=germans, pool=americas)
    found = past.past(draft, now=NOW)
    assert (found.moved, found.by_rule) == (8, 8)
    assert {
        (row.before in ("Ana Ruiz", "Bo Chen"), row.after) for row in found.rows if row.moves
    } == {(True, "Carl Diaz")}
    draft.publish(by=None, now=NOW)
    assert [company.handoff(country="DE").owner.user.first_name for _ in range(3)] == ["Carl"] * 3


def test_open_work_goes_on_for_least_open(company):
    waiting = [company.handoff(country="US") for _ in range(6)]
    assert {one.owner.user.first_name for one in waiting} == {"Carl"}
    draft = RuleSet.draft_from_live()
    emea = Pool.objects.get(name="EMEA pool")
    draft.rules.update(pool=emea, method=Rule.Method.LEAST_OPEN)
    found = past.past(draft, now=NOW)
    assert Counter(row.after for row in found.rows) == {"Ana Ruiz": 3, "Bo Chen": 3}


def test_who_works_then_counts_and_not_who_works_now(company):
    company.cast.emea.calendar.versions.create(
        zone="Europe/Berlin", weekly={str(day): [["09:00", "17:00"]] for day in range(5)}
    )
    company.handoff(country="US")
    draft = RuleSet.draft_from_live()
    draft.rules.update(pool=Pool.objects.get(name="EMEA pool"), working_hours=True)
    night = NOW.replace(hour=23)
    (row,) = past.past(draft, now=night).rows
    assert row.after in ("Ana Ruiz", "Bo Chen")


def test_a_page_of_them_and_only_those_that_move(company, decided):
    draft = RuleSet.draft_from_live()
    bo = Rep.objects.get(user=company.cast.bo)
    draft.rules.update(target=Rule.Target.REP, rep=bo)
    found = past.past(draft, now=NOW, only_moved=True, first=1, size=2)
    moved = [one.pk for one in decided[::3]]
    assert [row.decision.handoff_id for row in found.rows] == moved[1:3]
    assert (found.decided, found.moved) == (12, 4)


def test_what_cannot_be_decided_again_is_counted_with_its_reason(company, decided, monkeypatch):
    Decision.objects.filter(handoff=decided[0]).update(inputs={})
    Decision.objects.filter(handoff=decided[1]).update(decided_at=NOW - timedelta(days=8))
    found = past.past(RuleSet.draft_from_live(), now=NOW)
    assert (found.stored, found.decided) == (11, 10)
    assert found.skipped == {"It was stored before inputs were kept.": 1}
    assert [row.skipped != "" for row in found.rows].count(True) == 1
    monkeypatch.setattr(past, "MOST", 3)
    for number, one in enumerate(decided):
        one.decisions.update(decided_at=NOW - timedelta(minutes=100 - number))
    found = past.past(RuleSet.draft_from_live(), now=NOW)
    assert (found.stored, found.decided, found.left_out) == (12, 3, 9)
    assert [row.decision.handoff_id for row in found.rows] == [one.pk for one in decided[-3:]]
