"""Previews of a draft that is easier to meet than the live definition, and a month's handoffs."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from conftest import NOW
from leads.models import MQLDefinition, NurtureTrack
from reporting.models import PreviewRun
from reporting.work import work
from routing.models import ChecklistAnswer, RejectionReason, Rep, checklist

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
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


@pytest.fixture
def month(company):
    """Six MQLs of one month, by how they ended.

    `sql` was accepted after an hour and vetted after three days, `recycled` and `sent_back` were
    accepted first, `refused` was not; `taken` and `waiting` are open.
    """
    ana, found = company.cast.ana, SimpleNamespace()
    Rep.objects.filter(user=company.cast.bo).update(in_rotation=False)
    for name in ("sql", "recycled", "sent_back", "refused", "taken", "waiting"):
        handoff = company.handoff(country={"refused": "FR"}.get(name, "DE"))
        setattr(found, name, handoff)
        if name not in ("refused", "waiting"):
            handoff.accept(by=ana, now=NOW + HOUR)
    needed = ("budget", "authority", "need", "timeline")
    said = {one: ("confirmed", "") for one in checklist.questions() if one.code in needed}
    ChecklistAnswer.objects.note(found.sql, by=ana, said=said, now=NOW + HOUR)
    found.sql.qualify(by=ana, now=NOW + 3 * DAY)
    found.recycled.recycle(
        by=ana, reason="timing", track=NurtureTrack.objects.get(), now=NOW + 2 * DAY
    )
    for name, code, note, days in (
        ("sent_back", "too_early", "Wants to read on until autumn.", 2),
        ("refused", "wrong_company", "", 1),
    ):
        reason = RejectionReason.objects.get(code=code)
        getattr(found, name).reject(by=ana, reason=reason, note=note, now=NOW + days * DAY)
    return found
