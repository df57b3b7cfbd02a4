"""Previews of a draft that is easier to meet than the live definition."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.models import MQLDefinition
from reporting.models import PreviewRun
from reporting.work import work

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def draft(company):
    """A draft that asks for no interest: fit leads pass as they come."""
    made = MQLDefinition.draft_from_live(by=company.cast.mark)
    made.interest_threshold = 0
    made.save()
    company.rescore()
    return made


@pytest.fixture
def ask(company):
    def run_of(draft, now=NOW):
        return PreviewRun.objects.ask(draft, by=company.cast.mark, now=now)

    return run_of


def done(run, now=LATER):
    """Work the run out and return it."""
    work(now=now, seconds=60)
    run.refresh_from_db()
    assert run.state == "done", run.error
    return run


def warm(company, at=NOW, **contact):
    """A lead of fit 40 that has done nothing yet."""
    return company.lead(at=at, job_title="VP Sales", **contact)
