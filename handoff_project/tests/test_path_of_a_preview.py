"""An exact preview from the button to the result, by a real worker that dies in between."""

import pytest
from django.utils import timezone

from conftest import NOW
from handoff_project.tests.conftest import eventually
from handoff_project.tests.test_path_of_a_lead import together
from leads.models import MQLDefinition
from reporting import backtest
from reporting.models import PreviewRun
from reporting.work import JUDGED, work

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_preview_is_worked_out_though_its_worker_is_killed(running, company):
    company.handoff()
    company.lead("wanda@acme.example", job_title="VP Sales")
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.interest_threshold = 0
    draft.save()
    company.rescore(at=timezone.now())
    running.web()
    mark, page = running.browser_of(company.cast.mark), f"{running.url}/definition/2/"
    assert "Waiting for a worker" in mark.post(f"{page}preview/").text
    worker = running.worker()
    running.beat()
    eventually(lambda: PreviewRun.objects.filter(step__gte=2).exists(), 40)
    running.kill(worker)
    died_at = PreviewRun.objects.get().step
    running.worker()
    eventually(lambda: PreviewRun.objects.get().is_done, 40)
    run = PreviewRun.objects.get()
    assert (run.step, run.error) == (run.steps, "") and died_at >= 2
    assert "of version 2 beside version 1" in mark.get(page).text
    assert (run.result["now"]["leads"], run.result["now"]["gained"]) == (2, 2)


def test_of_four_workers_at_once_each_step_is_done_by_one(company, monkeypatch):
    company.handoff()
    company.lead("wanda@acme.example", job_title="VP Sales")
    draft = MQLDefinition.draft_from_live(by=None)
    draft.interest_threshold = 0
    draft.save()
    company.rescore()
    run = PreviewRun.objects.ask(draft, by=None, now=NOW)
    begun: list = []
    judge = backtest.judge

    def judged(run, side, week):
        begun.append((week, side))
        return judge(run, side, week)

    monkeypatch.setattr(backtest, "judge", judged)
    while run.is_current:  # a worker that finds it taken goes away, as in life
        together(4, lambda number: work(now=NOW, seconds=1))
        run.refresh_from_db()
    assert run.is_done, run.error
    assert begun == JUDGED
    assert run.result["weeks"][-1]["draft"] == 2
