"""The exact preview as it is worked out in the background."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from conftest import NOW, publish
from leads.models import MQLDefinition
from reporting import backtest
from reporting import work as module
from reporting.models import NotPreviewable, PreviewLead, PreviewMeeting, PreviewRun
from reporting.preview import preview
from reporting.tests.conftest import LATER, done, warm
from reporting.work import STEPS, step_in_words, work


def one_step(now=LATER):
    work(now=now, seconds=0)


def test_what_is_asked_for_is_worked_out_and_stamped(company, draft, ask):
    company.handoff()
    warm(company)
    run = done(ask(draft))
    assert (run.step, run.steps, run.tries) == (STEPS, STEPS, 0)
    assert (run.started_at, run.finished_at, run.today) == (LATER, LATER, NOW.date())
    assert (run.against.version, run.requested_by) == (1, company.cast.mark)
    found = run.result["now"]
    assert (found["leads"], found["before"], found["after"]) == (2, 1, 2)
    assert (found["gained"], found["lost"]) == (1, 0)


def test_the_leads_that_change_are_kept_best_first(company, draft, ask):
    leads = [warm(company), company.lead(), warm(company)]
    draft.tier_c = 25
    draft.save()
    run = done(ask(draft))
    gained = run.leads.filter(kind="gained").order_by("position")
    assert [row.lead for row in gained] == [leads[0], leads[2], leads[1]]
    assert [(row.total, row.tier_before, row.tier) for row in gained][-1] == (25, "D", "C")
    assert [row.lead for row in run.leads.filter(kind="moved_up")] == [leads[1]]


def test_no_more_than_a_bound_are_kept(company, draft, ask, monkeypatch):
    monkeypatch.setattr(module, "LISTED", 2)
    for _ in range(3):
        warm(company)
    run = done(ask(draft))
    assert (run.result["now"]["gained"], run.leads.count()) == (3, 2)


def test_the_same_text_is_worked_out_once_and_a_new_text_replaces_it(draft, ask):
    first = ask(draft)
    assert ask(draft, now=LATER) == first
    draft.fit_threshold = 5
    draft.save()
    second = ask(draft, now=LATER)
    first.refresh_from_db()
    assert (first.state, first.finished_at) == ("cancelled", LATER)
    assert done(second).content_hash != first.content_hash


def test_after_a_result_one_may_ask_again(draft, ask):
    first = done(ask(draft))
    assert ask(draft, now=LATER) != first


def test_at_most_one_of_a_definition_is_under_way(draft, ask):
    run = ask(draft)
    with pytest.raises(IntegrityError), transaction.atomic():
        PreviewRun.objects.create(
            definition=draft, content_hash="x", form={}, requested_at=NOW, state="running"
        )
    assert run.definition.preview_runs.count() == 1


def test_an_edit_or_another_live_version_makes_a_result_stale(draft, ask):
    run = done(ask(draft))
    live = MQLDefinition.objects.live()
    assert run.is_of(draft.compile(), live)
    draft.rules.filter(label="ICP company").update(points=26)
    assert not run.is_of(draft.compile(), live)
    draft.rules.filter(label="ICP company").update(points=25)
    assert run.is_of(draft.compile(), live)
    assert not run.is_of(draft.compile(), publish(MQLDefinition.draft_from_live(by=None)))


def test_a_version_that_waits_for_sign_off_is_judged_as_it_was_frozen(company, draft, ask):
    draft.decider, draft.cool_down_days = "automatic", 30
    draft.save()
    draft.submit(by=company.cast.mark, now=NOW)
    run = done(ask(draft))
    assert run.content_hash == draft.content_hash


@pytest.mark.parametrize("state", ["published", "retired"])
def test_there_is_nothing_to_preview_of_what_was_live(company, ask, state):
    publish(MQLDefinition.draft_from_live(by=None))
    with pytest.raises(NotPreviewable, match=f"is {state}"):
        ask(MQLDefinition.objects.get(state=state))


def test_an_incomplete_draft_is_refused(draft, ask):
    draft.rules.filter(label="Decision maker").update(operator="between")
    with pytest.raises(ValidationError):
        ask(draft)
    assert not PreviewRun.objects.exists()


def test_it_goes_on_where_it_was_when_its_time_is_over(draft, ask):
    run = ask(draft)
    for step in range(1, 4):
        one_step()
        run.refresh_from_db()
        assert (run.state, run.step) == ("running", step)
    assert done(run).result["weeks"]


def test_progress_is_told_in_words(draft, ask):
    run = ask(draft)
    assert step_in_words(run, today=NOW.date()) == "Waiting for a worker"
    one_step()
    run.refresh_from_db()
    assert step_in_words(run, today=NOW.date()) == "Judging the week to 3 Dec by MQL definition v1"
    run.step = 28
    assert step_in_words(run, today=NOW.date()) == "Judging the week to 4 Mar by the draft"
    run.step = 29
    assert step_in_words(run, today=NOW.date()) == "Working out the load of each pool"


def test_a_cancelled_run_ends_before_its_next_step(draft, ask):
    run = ask(draft)
    one_step()
    assert run.cancel(now=LATER)
    assert not run.cancel(now=LATER)
    one_step()
    run.refresh_from_db()
    assert (run.state, run.step) == ("cancelled", 1)


def test_a_run_cancelled_in_the_middle_of_a_step_keeps_nothing_of_it(
    company, draft, ask, monkeypatch
):
    warm(company)
    run = ask(draft)
    result_of = module._result_of

    def cancelled_meanwhile(running):
        found = result_of(running)
        PreviewRun.objects.get(pk=run.pk).cancel(now=LATER)
        return found

    monkeypatch.setattr(module, "_result_of", cancelled_meanwhile)
    one_step()
    run.refresh_from_db()
    assert (run.step, run.result, PreviewLead.objects.count()) == (0, {}, 0)


def test_a_step_that_fails_ends_the_run_and_says_why(draft, ask, monkeypatch):
    def broken(run, side, week):
        raise ZeroDivisionError("no week")

    monkeypatch.setattr(backtest, "judge", broken)
    run = ask(draft)
    work(now=LATER, seconds=60)
    run.refresh_from_db()
    assert (run.state, run.step, run.error) == ("failed", 1, "ZeroDivisionError: no week")
    assert run.finished_at == LATER


def test_one_broken_run_does_not_hold_up_the_next(company, draft, ask, monkeypatch):
    other = MQLDefinition.draft_from_live(by=None)
    broken, fine = ask(draft), ask(other, now=LATER)
    PreviewRun.objects.filter(pk=broken.pk).update(form={"rules": "none"})
    done(fine)
    broken.refresh_from_db()
    assert broken.state == "failed"


def test_a_step_at_which_workers_die_is_given_up(draft, ask):
    run = ask(draft)
    one_step()
    PreviewRun.objects.filter(pk=run.pk).update(tries=module.MAX_TRIES)
    one_step()
    run.refresh_from_db()
    assert (run.state, run.step) == ("failed", 1)
    assert "again and again" in run.error


def test_a_repeated_step_changes_nothing(company, draft, ask):
    warm(company, at=NOW - timedelta(days=10))
    run = ask(draft)
    for _ in range(6):
        one_step()
    for step in (0, 3):
        PreviewRun.objects.filter(pk=run.pk).update(step=step)
        one_step()
        one_step()
    again = done(run)
    fresh = done(ask(draft, now=LATER))
    assert again.result == fresh.result


def test_only_the_latest_results_leads_are_kept(company, draft, ask):
    warm(company)
    done(ask(draft))
    second = done(ask(draft, now=LATER))
    assert set(PreviewLead.objects.values_list("run", flat=True)) == {second.pk}
    assert not PreviewMeeting.objects.exists()


def test_deleting_a_draft_takes_its_previews_along(company, draft, ask):
    warm(company)
    done(ask(draft))
    draft.delete()
    done(ask(MQLDefinition.draft_from_live(by=None)))
    assert PreviewRun.objects.count() == 1
    assert not PreviewLead.objects.filter(kind="gained").exists()


def test_the_exact_numbers_are_those_of_the_preview(company, draft, ask):
    company.handoff()
    for _ in range(3):
        warm(company)
    run = done(ask(draft))
    found = preview(draft.compile(), today=NOW.date())
    assert run.result["now"]["after"] == found.after
    assert run.result["now"]["outcomes"]["gained"] == vars(found.gained.outcomes)
    assert sum(map(sum, run.result["now"]["matrix"])) == found.leads
