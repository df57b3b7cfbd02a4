"""Merging two leads, seen from their handoffs, scores and history; and telling them apart again."""

from datetime import timedelta

import pytest
from django.db import connection

from conftest import NOW
from handoff_project.tests.two_leads import LATER, state_of, views
from leads import merging
from leads.merging import NotMergeable
from leads.models import (
    Event,
    Lead,
    Merge,
    Qualification,
    Score,
    SignalDay,
)
from routing.models import Handoff, RejectionReason


def test_the_survivor_gets_all_that_the_other_did_and_the_other_is_gone(company, source):
    survivor = company.lead("lena@acme.example", phone="1")
    other = company.lead("lena.berg@acme.example", job_title="VP", anonymous_id="b1", at=LATER)
    views(survivor, 1, source)
    views(other, 3, source)
    company.score()
    merging.merge(survivor, other, by=company.cast.ren, now=LATER)
    company.score(at=LATER)
    lead = Lead.objects.get(pk=survivor.pk)
    assert (lead.phone, lead.job_title, lead.touchpoints.count()) == ("1", "VP", 4)
    assert lead.score.interest == 40  # four views of 20 points, up to the cap
    assert set(Lead.objects.visible_to(company.cast.ren)) == {lead}
    assert not Score.objects.filter(lead=other).exists()
    assert not SignalDay.objects.filter(lead=other).exists()
    told = Event.objects.filter(kind="leads.merged", actor=company.cast.ren)
    assert set(told.values_list("lead", flat=True)) == {survivor.pk, other.pk}


def test_time_and_visits_are_counted_anew_of_both_and_of_each_again_after_undo(company, source):
    survivor, other = company.lead("a@acme.example"), company.lead("b@acme.example")
    views(survivor, 1, source)
    views(other, 1, source, at=NOW + timedelta(minutes=10))
    company.score(at=LATER)
    apart = state_of(survivor, other)["days"]
    assert [row[3:] for row in apart] == [(1, 0, 1), (1, 0, 1)]  # times, seconds, visits
    done = merging.merge(survivor, other, by=None, now=LATER)
    company.score(at=LATER)
    together = SignalDay.objects.values_list("lead", "n", "seconds", "visits")
    assert together.get() == (survivor.pk, 2, 600, 1)
    merging.undo(done, by=None, now=LATER)
    company.score(at=LATER)
    assert state_of(survivor, other)["days"] == apart


def test_what_comes_later_by_a_name_of_the_other_joins_the_survivor(company, source):
    survivor, other = company.lead("a@acme.example"), company.lead("b@acme.example")
    merging.merge(survivor, other, by=None, now=NOW)
    views(other, 2, source)
    assert company.lead("b@acme.example", job_title="CEO") == survivor
    company.score()
    assert SignalDay.objects.get().n == survivor.touchpoints.count() == 2
    assert list(Score.objects.values_list("lead", flat=True)) == [survivor.pk]


def test_a_person_s_entry_wins_then_the_newest_and_whoever_opted_out_stays_so(company):
    survivor = company.lead("a@acme.example", name="Lena", region="Bayern", department="Ops")
    other = company.lead(
        "b@acme.example", name="L. Berg", region="Hessen", opted_out=True, at=LATER
    )
    survivor.learn({"region": "Berlin"}, actor=company.cast.mark, now=NOW)
    merging.merge(survivor, other, by=None, now=LATER)
    lead = Lead.objects.get(pk=survivor.pk)
    assert (lead.name, lead.region, lead.department) == ("L. Berg", "Berlin", "Ops")
    assert lead.opted_out
    newest = lead.field_values.filter(field="region").latest("known_at", "pk")
    assert (newest.value, newest.actor) == ("Berlin", company.cast.mark)


def test_where_somebody_came_from_and_how_they_converted_is_what_was_first(company):
    survivor = company.lead("a@acme.example", at=LATER, conversion={"kind": "demo_request"})
    other = company.lead(
        "b@acme.example", conversion={"kind": "content_download", "asset": "Guide"}
    )
    done = merging.merge(survivor, other, by=None, now=LATER)
    lead = Lead.objects.get(pk=survivor.pk)
    assert (lead.conversion.asset, lead.created_at) == ("Guide", NOW)
    merging.undo(done, by=None, now=LATER)
    assert Lead.objects.get(pk=survivor.pk).conversion.kind == "demo_request"


def test_of_two_open_handoffs_the_further_one_stays_and_comes_back_by_undo(company):
    cast = company.cast
    mine = company.handoff_of(cast.ana)
    theirs = company.handoff_of(cast.bo)
    theirs.accept(by=cast.bo, now=NOW)
    done = merging.merge(mine.lead, theirs.lead, by=cast.ren, now=LATER)
    open_now = Handoff.objects.open().get(lead=mine.lead)
    assert open_now == theirs
    mine.refresh_from_db()
    assert (mine.state, mine.lead_id) == ("withdrawn", open_now.lead_id)
    assert set(mine.clocks.values_list("state", flat=True)) == {"cancelled"}
    assert cast.ana.deliveries.filter(event__kind="routing.withdrawn", channel="in_app").exists()
    merging.undo(done, by=cast.ren, now=LATER)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, theirs.state) == ("offered", "accepted")
    assert theirs.lead_id != mine.lead_id
    assert set(mine.clocks.values_list("state", flat=True)) == {"running"}
    assert mine.next_due_at == mine.clocks.order_by("due_at").first().due_at


def test_a_question_to_marketing_ends_when_a_rep_works_the_same_person_already(company):
    rep_has = company.handoff_of(company.cast.ana)
    asked = company.lead("new@acme.example")
    waiting = Qualification.objects.create(
        lead=asked,
        ordinal=1,
        definition_id=rep_has.qualification.definition_id,
        cause="borderline",
        state="waiting",
        fit=1,
        interest=1,
        total=2,
        tier="D",
        explanation={"lines": []},
        qualified_at=NOW,
    )
    review = Handoff.objects.create(
        lead=asked,
        qualification=waiting,
        state="review",
        packet={},
        score=2,
        tier="D",
        opened_at=NOW,
    )
    before = state_of(asked, rep_has.lead)
    done = merging.merge(asked, rep_has.lead, by=None, now=LATER)
    waiting.refresh_from_db()
    review.refresh_from_db()
    assert (waiting.state, review.state) == ("declined", "withdrawn")
    assert [one.ordinal for one in asked.qualifications.order_by("ordinal")] == [1, 2]
    merging.undo(done, by=None, now=LATER)
    company.score()
    assert state_of(asked, rep_has.lead) == before


def test_what_was_worked_since_goes_back_with_its_handoff(company):
    survivor = company.lead("a@acme.example")
    handoff = company.handoff_of(company.cast.ana)
    done = merging.merge(survivor, handoff.lead, by=None, now=NOW)
    handoff.refresh_from_db()
    handoff.reject(
        by=company.cast.ana,
        reason=RejectionReason.objects.get(code="too_early"),
        note="Next year",
        now=LATER,
    )
    merging.undo(done, by=None, now=LATER)
    other = Lead.objects.get(pk=done.other_id)
    survivor.refresh_from_db()
    assert (other.stage_id, other.status) == ("mql", "sales_unready")
    assert (survivor.stage_id, survivor.status) == ("lead", "new")


def test_consent_that_was_withdrawn_since_stays_withdrawn_for_both(company):
    survivor, other = company.lead("a@acme.example"), company.lead("b@acme.example")
    done = merging.merge(survivor, other, by=None, now=NOW)
    company.lead("b@acme.example", opted_out=True, at=LATER)
    merging.undo(done, by=None, now=LATER)
    assert set(Lead.objects.values_list("opted_out", flat=True)) == {True}


def test_a_lead_is_merged_neither_with_itself_nor_twice_and_merges_are_undone_last_first(company):
    one, two, three = (company.lead(f"{name}@acme.example") for name in ("a", "b", "c"))
    with pytest.raises(NotMergeable, match="itself"):
        merging.merge(one, one, by=None, now=NOW)
    first = merging.merge(two, one, by=company.cast.ren, now=NOW)
    with pytest.raises(NotMergeable, match="already by Ren Sato"):
        merging.merge(three, one, by=None, now=NOW)
    with pytest.raises(NotMergeable, match="already"):
        merging.merge(one, two, by=None, now=NOW)
    second = merging.merge(three, two, by=None, now=NOW)
    assert set(Lead.objects.exclude(merged_into=None).values_list("merged_into", flat=True)) == {
        three.pk
    }
    with pytest.raises(NotMergeable, match="undo that first"):
        merging.undo(first, by=None, now=NOW)
    merging.undo(second, by=None, now=NOW)
    assert Lead.objects.get(pk=one.pk).merged_into == two
    merging.undo(first, by=company.cast.ren, now=NOW)
    with pytest.raises(NotMergeable, match="Ren Sato has undone"):
        merging.undo(first, by=None, now=NOW)
    assert not Lead.objects.exclude(merged_into=None).exists()


def test_later_qualifications_stay_with_the_survivor_and_are_numbered_without_a_gap(company):
    survivor, other = company.handoff_of(company.cast.ana), company.handoff_of(company.cast.bo)
    done = merging.merge(survivor.lead, other.lead, by=None, now=NOW)
    latest = Qualification.objects.get(pk=other.qualification_id)
    latest.pk, latest.ordinal = None, 3
    latest.save()
    merging.undo(done, by=None, now=NOW)
    assert list(survivor.lead.qualifications.values_list("ordinal", flat=True)) == [1, 2]
    assert list(other.lead.qualifications.values_list("ordinal", flat=True)) == [1]


def test_no_merge_is_left_half_done(company, monkeypatch):
    one, two = company.lead("a@acme.example"), company.lead("b@acme.example")
    before = state_of(one, two)

    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("leads.merging.joining._convert", fail)
    with pytest.raises(RuntimeError):
        merging.merge(one, two, by=None, now=NOW)
    assert state_of(one, two) == before and not Merge.objects.exists()
    assert not connection.needs_rollback
