"""The exact preview starts by itself when a draft is saved, once for the newest text."""

import pytest

from conftest import NOW
from leads.models import MQLDefinition
from leads.signals import draft_saved
from reporting.models import PreviewRun
from reporting.tests.conftest import LATER, done


@pytest.fixture
def save(company):
    def saved(draft, now=NOW, **values):
        for name, value in values.items():
            setattr(draft, name, value)
        draft.save()
        draft_saved.send(sender=MQLDefinition, definition=draft, by=company.cast.mark, now=now)
        return draft.preview_runs.first()

    return saved


def test_saving_starts_it_in_the_name_of_who_saved(company, draft, save):
    run = save(draft)
    assert (run.state, run.requested_by, run.requested_at) == ("waiting", company.cast.mark, NOW)


def test_saving_ten_times_leaves_one_of_the_newest_text(draft, save):
    for points in range(10, 20):
        run = save(draft, fit_threshold=points)
    assert list(PreviewRun.objects.waiting_or_running()) == [run]
    assert run.form["thresholds"]["fit"] == 19
    assert PreviewRun.objects.filter(state="cancelled").count() == 9


def test_saving_without_a_change_starts_nothing_again(draft, save):
    first = save(draft)
    assert save(draft, now=LATER) == first
    done(first)
    assert save(draft, now=LATER) == first
    assert PreviewRun.objects.count() == 1


def test_a_draft_that_is_no_longer_complete_has_no_preview_under_way(draft, save):
    run = save(draft)
    draft.rules.filter(label="Decision maker").update(operator="between")
    save(draft, now=LATER)
    run.refresh_from_db()
    assert (run.state, PreviewRun.objects.count()) == ("cancelled", 1)


def test_submitting_the_saved_text_keeps_its_result(company, draft, save):
    run = done(save(draft, decider="automatic", cool_down_days=30))
    draft.submit(by=company.cast.mark, now=LATER)
    assert save(draft, now=LATER) == run
