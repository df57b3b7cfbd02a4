"""Stored decisions are made again from their records, and by other rules."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conftest import NOW, segment
from leads.models import Lead, Segment
from routing import replay
from routing.explanation import explain
from routing.models import Decision, Pool, Rep, Rule, RuleSet, Team


@pytest.fixture
def decided(company):
    """Twelve decisions: four leads from the US, eight from elsewhere."""
    return [company.handoff(country="US" if n % 3 == 0 else "DE") for n in range(12)]


def run(*args, **options):
    out = StringIO()
    call_command("replay_decisions", *args, stdout=out, **options)
    return out.getvalue()


def test_nothing_differs_however_much_has_changed_since(company, decided):
    said = [explain(one) for one in Decision.objects.all()]
    company.cast.ana.is_active = False
    company.cast.ana.first_name = "Anna"
    company.cast.ana.save()
    Rep.objects.update(in_rotation=False, open_cap=0)
    Team.objects.filter(name="EMEA").update(name="Europe")
    Pool.objects.filter(name="EMEA pool").update(name="Europe pool")
    RuleSet.draft_from_live().publish(by=None, now=NOW)
    RuleSet.objects.filter(state="retired").first().rules.all().delete()
    Segment.objects.all().first().conditions.update(value="FR")
    assert "12 decisions were made again from their records: 0 differ." in run()
    assert [explain(one) for one in Decision.objects.select_related("rule_set")] == said


def test_a_record_that_was_tampered_with_is_found(company, decided):
    first = decided[0].decisions.get()
    first.inputs["language"] = "xx"
    first.trace["tried"][0]["asked"] = []
    first.save()
    found = [one.decision.pk for one in replay.replayed() if one.differs]
    assert found == [first.pk]
    with pytest.raises(CommandError) as error:
        run()
    assert error.value.returncode == 1


def test_another_rule_changes_exactly_the_leads_it_is_about(company, decided):
    draft = RuleSet.draft_from_live()
    carl = Rep.objects.get(user=company.cast.carl)
    draft.rules.update(target=Rule.Target.REP, rep=Rep.objects.get(user=company.cast.ana))
    lines = [json.loads(line) for line in run("--json", rule_set=draft.version).splitlines()]
    *differ, counts = lines
    assert counts == {"decisions": 12, "differences": 4, "skipped": 0}
    assert {row["handoff"] for row in differ} == {one.pk for one in decided[::3]}
    assert {row["then"]["rep"] for row in differ} == {carl.pk}
    assert all(row["rests_on"] == ["people as they are today"] for row in differ)


def test_new_rules_are_asked_of_the_packet_and_else_of_today(company, decided):
    draft = RuleSet.draft_from_live()
    columns = {"target": Rule.Target.REP, "rep": Rep.objects.get(user=company.cast.bo)}
    tier = ("all", "score.tier", "is", decided[1].tier)
    germans = segment("Germans", ("all", "country", "is", "DE"), tier)
    draft.rules.create(position=2, label="Germans", segment=germans, **columns)
    # The packet remembers where the lead was, whatever is known today.
    Lead.objects.filter(pk=decided[1].lead_id).update(country="FR")
    found = list(replay.replayed(version=draft, now=NOW))
    assert {one.again["rule"] for one in found} == {"United States", "Germans"}
    assert {tuple(one.rests_on) for one in found if one.again["rule"] == "Germans"} == {
        ("the packet",)
    }
    named = segment("Named so", ("all", "status", "is", "contact_and_qualify"))
    draft.rules.create(position=3, label="By status", segment=named, **columns)
    draft.rules.filter(label="Germans").delete()
    found = [
        one for one in replay.replayed(version=draft, now=NOW) if one.again["rule"] == "By status"
    ]
    assert len(found) == 8
    assert all("the lead as it is today" in one.rests_on for one in found)


def test_a_rule_for_another_pool_asks_those_who_are_there_today(company, decided):
    draft = RuleSet.draft_from_live()
    draft.rules.update(pool=Pool.objects.get(name="EMEA pool"))
    found = [one for one in replay.replayed(version=draft, now=NOW) if one.differs]
    assert len(found) == 4
    assert all("people as they are today" in one.rests_on for one in found)


def test_only_what_was_decided_since_then(company, decided):
    company.handoff(at=NOW + timedelta(days=2))
    assert run(since="2026-03-05").startswith("1 decisions")
    assert run(since="2026-03-04T00:00Z").startswith("13 decisions")


@pytest.mark.parametrize("options", [{"since": "soon"}, {"since": "2026-02-31"}, {"rule_set": 99}])
def test_what_makes_no_sense_is_refused(company, options):
    with pytest.raises(CommandError):
        run(**options)


def test_older_records_without_inputs_are_left_out(company, decided):
    Decision.objects.filter(handoff=decided[0]).update(inputs={})
    assert "11 decisions were made again" in run()


def test_decisions_of_one_moment_are_each_replayed_once_over_several_chunks(company, monkeypatch):
    monkeypatch.setattr(replay, "CHUNK", 2)
    for _ in range(5):
        company.handoff()
    decisions = Decision.objects.order_by("decided_at", "pk")
    Decision.objects.filter(pk=decisions[2].pk).update(inputs={})
    found = list(replay.replayed())
    assert [one.decision for one in found] == list(decisions)
    assert [bool(one.skipped) for one in found] == [False, False, True, False, False]
    assert not any(one.differs for one in found)
