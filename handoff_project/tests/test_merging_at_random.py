"""Histories at random: a merge undone changed nothing, and a merged lead scores as one."""

import random
from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.two_leads import LATER, numbers, points, state_of, views
from leads import merging
from leads.intake import receive
from leads.models import (
    Score,
)
from leads.scoring import scorer
from routing import router
from routing.models import Handoff, Touch


def _history(chance, company, leads):
    """What a person with several addresses did, at random."""
    source = company.source
    for step in range(chance.randint(3, 10)):
        at, lead = NOW + timedelta(minutes=step), chance.choice(leads)
        what = chance.choice(["view", "open", "say", "convert", "join", "work", "opt_out"])
        if what == "view":
            views(lead, chance.randint(1, 3), source, at=at - timedelta(days=chance.randint(0, 40)))
        elif what == "open":
            item = {"kind": "email_open", "email": lead.email, "message_id": f"o{next(numbers)}"}
            receive.receive_touchpoints([item], source=source, now=at)
        elif what == "say":
            said = chance.choice(
                [{"job_title": "VP Sales"}, {"name": f"N{step}"}, {"country": "US"}]
            )
            company.lead(lead.email, at=at, **said)
        elif what == "convert":
            company.lead(lead.email, at=at, conversion={"kind": "demo_request", "form": f"F{step}"})
        elif what == "join":
            company.lead(lead.email, at=at, anonymous_id=f"b{step}")
        elif what == "opt_out":
            company.lead(lead.email, at=at, opted_out=True)
        company.score(at=at)
        router.route_new(now=at)
        for handoff in Handoff.objects.filter(state="offered") if what == "work" else ():
            handoff.accept(by=handoff.owner.user, now=at)
            Touch.objects.log(
                handoff, by=handoff.owner.user, channel="call", outcome="connected", now=at
            )


@pytest.mark.parametrize("seed", range(12))
def test_a_merge_undone_leaves_everything_as_it_was(company, seed):
    chance = random.Random(seed)
    leads = [company.lead("a@acme.example"), company.lead("b@acme.example")]
    _history(chance, company, leads)
    before = state_of(*leads)
    chance.shuffle(leads)
    done = merging.merge(*leads, by=None, now=LATER)
    company.score(at=NOW)
    assert Handoff.objects.open().filter(lead=done.survivor).count() <= 1
    assert not Handoff.objects.filter(lead=done.other).exists()
    merging.undo(done, by=None, now=LATER)
    company.score(at=NOW)
    assert state_of(*leads) == before


@pytest.mark.parametrize("seed", range(6))
def test_a_merged_lead_scores_like_one_who_did_everything_alone(company, source, seed):
    chance = random.Random(seed)
    one, two, alone = (company.lead(f"{name}@acme.example") for name in ("a", "b", "c"))
    for _ in range(chance.randint(2, 8)):
        at, times = NOW - timedelta(days=chance.randint(0, 40)), chance.randint(1, 3)
        views(chance.choice([one, two]), times, source, at=at)
        views(alone, times, source, at=at)
        if chance.random() < 0.5:
            company.score()
    merging.merge(one, two, by=None, now=NOW)
    company.score()
    scorer.rescore_all(now=NOW)
    assert points(one) == points(alone)
    assert Score.objects.count() == 2
