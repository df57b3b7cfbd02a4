"""Everybody is rescored slice by slice: what changes is written, whatever happens meanwhile."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from conftest import NOW, publish
from leads.models import MQLDefinition, Rescoring, Score
from leads.scoring import scorer, statement
from leads.tests.test_scoring import visit

TODAY = NOW.date()
LATER = NOW + timedelta(hours=1)


def rescore(now=NOW):
    """Go on until nothing is left to do; return the newest pass."""
    while scorer.rescore_outdated(now=now):
        pass
    return Rescoring.objects.newest()


def edit(*, now=NOW, label="Decision maker", **columns):
    """Publish a version in which one rule is another; return it."""
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.filter(label=label).update(**columns)
    return publish(draft, now=now)


def fits():
    return list(Score.objects.order_by("lead").values_list("fit", flat=True))


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(scorer, "SLICE", 2)
    monkeypatch.setattr(scorer, "WIDEST", 2)


@pytest.fixture
def five(company):
    """Five leads, four of whom decide; all scored by a finished pass."""
    for number in range(4):
        company.lead(job_title=f"VP Sales {number}")
    company.lead(job_title="Buyer")
    rescore()
    return company


def test_only_scores_that_change_are_written(five):
    before = Score.objects.get(lead__job_title="Buyer")
    edited = edit(points=1)
    found = rescore(LATER)
    assert (found.total, found.done, found.changed) == (5, 5, 4)
    assert fits() == [26, 26, 26, 26, 25]
    changed = Score.objects.filter(definition=edited, scored_at=LATER)
    assert changed.count() == 4
    kept = Score.objects.get(lead__job_title="Buyer")
    assert (kept.definition, kept.scored_at) == (before.definition, before.scored_at)


def test_scores_that_stay_the_same_are_not_even_touched(five):
    def versions():
        with connection.cursor() as cursor:
            cursor.execute("SELECT lead_id, xmin::text, ctid::text FROM leads_score ORDER BY 1")
            return cursor.fetchall()

    before = versions()
    scorer.rescore_all(now=NOW)
    assert versions() == before


def test_one_pass_is_enough(five):
    edit(points=1)
    rescore()
    rescore()
    assert Rescoring.objects.count() == 2
    assert Rescoring.objects.running().count() == 0


def test_what_a_pass_says_of_its_progress(five, small_slices):
    edit(points=1)
    scorer.rescore_outdated(now=LATER)
    found = Rescoring.objects.newest()
    assert (str(found), found.share, found.is_running) == ("2 of 5 leads rescored", 0.4, True)
    found = rescore(LATER)
    assert (found.state, found.share, found.ended_at) == ("finished", 1, LATER)


def test_a_pass_goes_on_where_a_worker_died(five, small_slices, monkeypatch):
    edit(points=1)
    scorer.rescore_outdated(now=NOW)
    monkeypatch.setattr(scorer, "_write", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scorer.rescore_outdated(now=NOW)
    assert Rescoring.objects.newest().done == 2
    monkeypatch.undo()
    found = rescore()
    assert (found.done, found.changed, fits()) == (5, 4, [26, 26, 26, 26, 25])


def test_a_second_publication_overtakes_the_first(five, small_slices):
    edit(points=1)
    scorer.rescore_outdated(now=NOW)
    edit(points=2)
    rescore()
    states = Rescoring.objects.order_by("pk").values_list("state", "done")
    assert list(states) == [("finished", 5), ("overtaken", 2), ("finished", 5)]
    assert fits() == [27, 27, 27, 27, 25]


def test_a_new_day_is_a_pass_of_its_own_and_windows_move(five):
    lead = five.lead()
    visit(five, lead, days_ago=29)
    assert Score.objects.get(lead=lead).interest == 20
    assert rescore(LATER).cause != Rescoring.Cause.NEW_DAY
    for _ in range(2):
        found = rescore(NOW + timedelta(days=1))
    assert (found.cause, found.changed, Rescoring.objects.count()) == ("new_day", 1, 2)
    assert Score.objects.get(lead=lead).interest == 0


def test_a_lead_that_came_without_a_score_gets_one(five):
    Score.objects.filter(lead__job_title="Buyer").delete()
    scorer.rescore_all(now=NOW)
    assert Score.objects.get(lead__job_title="Buyer").fit == 25


def test_whom_a_new_definition_passes_becomes_an_mql(five):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.interest_threshold = None
    draft.save()
    publish(draft, now=NOW)
    assert not five.cast.ana.rep.handoffs.exists()
    rescore()
    assert Score.objects.filter(qualifies=True, lead__stage="mql").count() == 5


def test_an_event_between_finding_and_locking_is_not_lost(five, monkeypatch):
    lead = Score.objects.earliest("lead").lead
    find = scorer._differing

    def find_and_let_something_happen(*args, **kwargs):
        found = find(*args, **kwargs)
        if not lead.touchpoints.exists():
            visit(five, lead)
        return found

    edit(points=1)
    monkeypatch.setattr(scorer, "_differing", find_and_let_something_happen)
    rescore()
    score = Score.objects.get(lead=lead)
    assert (score.fit, score.interest) == (26, 20)


def test_after_a_finished_pass_only_the_edit_is_looked_at(five):
    first = Rescoring.objects.newest().definition
    edit(points=1)
    assert rescore().instead_of == first
    edit(points=2, now=NOW + timedelta(days=1))
    assert rescore(NOW + timedelta(days=1)).instead_of is None  # yesterday's scores are no base


def test_everybody_is_judged_as_each_alone(five):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.filter(label="ICP company").update(points=7)
    form = draft.compile()
    ids = list(Score.objects.values_list("lead", flat=True))
    alone = {row["lead_id"]: row for row in statement.rows(form, today=TODAY, lead_ids=ids)}
    # By the edit alone today; tomorrow, when nobody is scored yet, by all rules.
    for today in (TODAY, TODAY + timedelta(days=1)):
        sql, params = statement.everybody(form, today=today)
        assert ("written" in sql) == (today == TODAY)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT lead_id, fit, total, tier FROM ({sql}) AS found", params)
            for lead_id, *found in cursor.fetchall():
                assert found == [alone[lead_id][name] for name in ("fit", "total", "tier")]


def at_once(*acts):
    """Run these side by side, each on a connection of its own; return what they return."""
    results: dict = {}

    def run(number, act):
        try:
            results[number] = act()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in range(len(acts))]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_several_rescorers_one_does_each_slice(five, small_slices):
    edit(points=1)

    def work():
        while scorer.rescore_outdated(now=NOW) or Rescoring.objects.newest().is_running:
            pass

    at_once(work, work, work)
    found = Rescoring.objects.newest()
    assert (found.done, found.changed, fits()) == (5, 4, [26, 26, 26, 26, 25])
    assert Rescoring.objects.count() == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_micro_batch_of_the_definition_before_is_waited_for(five, monkeypatch):
    """It has read the old definition; what it writes must not be what stays."""
    lead = Score.objects.earliest("lead").lead
    monkeypatch.setattr(five, "score", lambda **kwargs: None)
    visit(five, lead)  # is pending now
    write, reading, published = scorer._write, threading.Event(), threading.Event()

    def slowly(lead_ids, live, *, now):
        if threading.current_thread().name == "old":
            reading.set()
            published.wait(10)
        return write(lead_ids, live, now=now)

    monkeypatch.setattr(scorer, "_write", slowly)

    def micro_batch():
        threading.current_thread().name = "old"
        return scorer.score_pending(now=NOW)

    def publish_and_rescore():
        reading.wait(10)
        edit(points=1)
        threading.Timer(0.3, published.set).start()
        rescore()
        return published.is_set()

    assert at_once(micro_batch, publish_and_rescore) == [1, True]
    score = Score.objects.get(lead=lead)
    assert (score.fit, score.interest) == (26, 20)
