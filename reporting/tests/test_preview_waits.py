"""A preview compares with the live scores: it waits until they are all the live version's."""

from datetime import timedelta

import pytest

from conftest import NOW, publish
from leads.models import MQLDefinition, Rescoring
from leads.scoring import scorer
from reporting import preview as previews
from reporting.models import PreviewRun
from reporting.tests.conftest import LATER, done, warm
from reporting.work import step_in_words, work

TODAY = NOW.date()


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr(scorer, "SLICE", 2)
    monkeypatch.setattr(scorer, "WIDEST", 2)


@pytest.fixture
def warm_leads(company, small_slices):
    """Five warm leads, all scored by the live version, which passes none of them."""
    for _ in range(5):
        warm(company)
    company.rescore()


def easier(company):
    """Publish a version that passes every warm lead, and return a draft that is like it."""
    live = MQLDefinition.draft_from_live(by=company.cast.mark)
    live.interest_threshold = 0
    live.save()
    publish(live)
    return MQLDefinition.draft_from_live(by=company.cast.mark)


def is_waiting(run, now=LATER):
    work(now=now, seconds=60)
    run.refresh_from_db()
    return (run.state, run.step, run.tries) == ("waiting", 0, 0)


def test_after_a_publication_it_waits_for_the_last_lead(company, warm_leads, ask):
    run = ask(easier(company))
    assert is_waiting(run)
    assert scorer.rescore_outdated(now=NOW) == 2
    assert is_waiting(run)
    assert step_in_words(run, today=TODAY) == (
        "The live scores are being brought up to date: 2 of 5 leads rescored. The preview follows."
    )
    company.rescore()
    found = done(run).result["now"]
    assert (found["before"], found["after"], found["gained"], found["lost"]) == (5, 5, 0, 0)


def test_before_the_pass_begins_it_says_so(company, warm_leads, ask):
    run = ask(easier(company))
    assert step_in_words(run, today=TODAY).startswith("The live scores are about to be brought")


def test_on_a_new_day_it_waits_for_the_scores_of_that_day(company, draft, ask):
    warm(company)
    run, tomorrow = ask(draft), NOW + timedelta(days=1)
    assert is_waiting(run, now=tomorrow)
    company.rescore(at=tomorrow)
    assert done(run, now=tomorrow).today == tomorrow.date()


def test_what_was_asked_before_a_publication_compares_with_the_new_version(company, draft, ask):
    run = ask(draft)
    newer = publish(MQLDefinition.draft_from_live(by=company.cast.mark))
    company.rescore()
    assert done(run).against == newer


def test_scores_that_move_while_it_compares_send_it_back_to_wait(
    company, warm_leads, ask, monkeypatch
):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.interest_threshold = 0
    draft.save()
    run, counts, live = ask(draft), previews.counts, []

    def published_meanwhile():
        live.append(easier(company))
        return counts()

    monkeypatch.setattr(previews, "counts", published_meanwhile)
    work(now=LATER, seconds=60)
    run.refresh_from_db()
    # What the step did is undone, and here so is the publication inside it.
    assert live and (run.state, run.step, run.tries, run.result) == ("waiting", 0, 0, {})
    assert not run.leads.exists()
    monkeypatch.undo()
    assert done(run).result["now"]["gained"] == 5


def test_the_preview_of_what_went_live_meanwhile_ends(company, draft, ask):
    run = ask(draft)
    publish(draft)
    company.rescore()
    work(now=LATER, seconds=60)
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_without_a_live_version_nothing_is_waited_for(company, draft, ask):
    MQLDefinition.objects.filter(state="published").update(state="retired")
    Rescoring.objects.all().delete()
    run = done(ask(draft))
    assert (run.against, PreviewRun.objects.count()) == (None, 1)
