"""Scores, explained; and the slow, obvious way to compute them, for comparison."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW
from leads.intake import receive
from leads.models import MQLDefinition, Qualification, Score, Segment, SignalDay
from leads.scoring import scorer, statement
from leads.scoring.explain import explain

TODAY = NOW.date()


def visit(company, lead, n=1, *, url="/pricing", kind="page_view", days_ago=0):
    when = NOW - timedelta(days=days_ago)
    company.sent += 1
    receive.receive_touchpoints(
        [
            {
                "message_id": f"v{company.sent}-{i}",
                "kind": kind,
                "email": lead.email,
                "url": url,
                "occurred_at": when.isoformat(),
            }
            for i in range(n)
        ],
        source=company.source,
        now=NOW,
    )
    company.score()


def test_a_lead_is_scored_on_both_axes(company):
    lead = company.lead(job_title="VP Sales")
    visit(company, lead)
    score = Score.objects.get(lead=lead)
    assert (score.fit, score.interest, score.total) == (40, 20, 60)
    assert (score.tier, score.bucket, score.qualifies) == ("B", "good_ready", True)


def test_three_opens_give_points_and_two_give_none(company):
    lead = company.lead()
    visit(company, lead, 2, kind="email_open")
    assert Score.objects.get(lead=lead).interest == 0
    visit(company, lead, 1, kind="email_open")
    assert Score.objects.get(lead=lead).interest == 5


def test_a_rule_gives_no_more_than_its_cap(company):
    lead = company.lead(employer={"name": "Tiny", "employees": 3})
    visit(company, lead, 5)
    assert Score.objects.get(lead=lead).interest == 40


def test_a_negative_rule_takes_no_more_than_its_cap(company, signals):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.create(
        kind="interest", label="Left", signal=signals.opened, window_days=30, points=-10, cap=15
    )
    draft.publish(by=None, now=NOW)
    lead = company.lead()
    visit(company, lead, 2, kind="email_open")
    assert Score.objects.get(lead=lead).interest == -15


def test_the_window_is_today_and_the_days_before(company):
    lead = company.lead()
    visit(company, lead, days_ago=29)
    visit(company, lead, days_ago=30)
    assert Score.objects.get(lead=lead).interest == 20


@pytest.mark.parametrize(
    ("employees", "visits", "bucket"),
    [
        (800, 1, "good_ready"),
        (5, 1, "poor_ready"),
        (800, 0, "good_unready"),
        (5, 0, "poor_unready"),
    ],
)
def test_two_axes_give_four_buckets(company, employees, visits, bucket):
    lead = company.lead(employer={"name": "Some", "employees": employees})
    if visits:
        visit(company, lead, visits)
    assert Score.objects.get(lead=lead).bucket == bucket
    assert lead.handoffs.exists() == (bucket == "good_ready")


def test_a_demo_request_passes_at_once_without_points(company):
    lead = company.lead(
        employer={"name": "Tiny", "employees": 3}, conversion={"kind": "demo_request"}
    )
    assert lead.qualifications.get().cause == Qualification.Cause.FAST_TRACK


def test_do_not_pass_wins_over_a_demo_request(company):
    lead = company.lead(
        employer={"domain": "rival.example", "employees": 800}, conversion={"kind": "demo_request"}
    )
    assert not lead.qualifications.exists()
    assert Score.objects.get(lead=lead).do_not_pass


def test_the_explanation_adds_up_to_the_score(company):
    lead = company.lead(job_title="Head of IT")
    visit(company, lead, 3)
    found = explain(MQLDefinition.objects.live().compiled, lead.pk, today=TODAY)
    assert sum(line["points"] for line in found["lines"]) == found["total"] == 80
    assert (
        found["lines"][4]["sentence"]
        == "+20 points: Pricing page, each time in 30 days, at most 40"
    )


def test_a_lead_qualifies_once_however_often_it_is_scored(company):
    lead = company.lead(conversion={"kind": "demo_request"})
    for _ in range(3):
        scorer.score([lead.pk], now=NOW)
    assert lead.qualifications.count() == 1
    assert lead.handoffs.count() == 1


def test_falling_below_the_threshold_withdraws_nothing(company):
    handoff = company.handoff()
    scorer.rescore_all(now=NOW + timedelta(days=60))
    handoff.refresh_from_db()
    assert not Score.objects.get(lead=handoff.lead).qualifies
    assert handoff.is_open


def test_the_score_at_handoff_stays_while_the_live_score_moves(company):
    handoff = company.handoff()
    visit(company, handoff.lead, 2)
    handoff.refresh_from_db()
    assert handoff.score == handoff.packet["score"]["total"] == 40
    assert Score.objects.get(lead=handoff.lead).total == 80


def test_a_published_definition_reaches_every_lead(company):
    lead = company.lead(job_title="VP Sales")
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.rules.filter(label="Decision maker").update(points=1)
    draft.publish(by=company.cast.mark, now=NOW)
    while scorer.rescore_outdated(now=NOW):
        pass
    score = Score.objects.get(lead=lead)
    assert (score.fit, score.definition) == (26, draft)


def test_editing_a_segment_leaves_the_live_definition_alone(company):
    lead = company.lead()
    Segment.objects.get(name="ICP").conditions.update(value="1, 2")
    scorer.score([lead.pk], now=NOW)
    assert Score.objects.get(lead=lead).fit == 25


def test_a_scorer_that_dies_loses_nothing(company, monkeypatch):
    lead = company.lead()
    monkeypatch.setattr(scorer, "score", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        visit(company, lead)
    monkeypatch.undo()
    company.score()
    assert Score.objects.get(lead=lead).interest == 20


rules = st.builds(
    dict,
    kind=st.sampled_from(["fit", "interest"]),
    points=st.integers(-30, 30),
    per=st.integers(1, 4),
    days=st.integers(1, 40),
    cap=st.none() | st.integers(0, 50),
    signal=st.integers(0, 2),
)
histories = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 45), st.integers(1, 9)))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rules=st.lists(rules, min_size=1, max_size=8), history=histories)
def test_the_statement_agrees_with_the_obvious_way(company, signals, rules, history):
    lead = company.lead(f"h{company.sent}@acme.example")
    keys = [signals.pricing.pk, signals.demo.pk, signals.opened.pk]
    SignalDay.objects.filter(lead=lead).delete()
    days: dict = {}
    for signal, ago, n in history:
        days[signal, ago] = days.get((signal, ago), 0) + n
    SignalDay.objects.bulk_create(
        SignalDay(lead=lead, signal_id=keys[signal], day=TODAY - timedelta(days=ago), n=n)
        for (signal, ago), n in days.items()
    )
    form = {
        "thresholds": {"fit": 5, "interest": None, "total": 10},
        "tiers": {"A": 60, "B": 30, "C": 10},
        "rules": [
            {
                "id": i,
                "kind": rule["kind"],
                "label": "",
                "points": rule["points"],
                "type": "count",
                "signal": keys[rule["signal"]],
                "signal_name": "",
                "per": rule["per"],
                "days": rule["days"],
                "cap": rule["cap"],
            }
            for i, rule in enumerate(rules)
        ],
    }
    expected = {"fit": 0, "interest": 0}
    for rule in rules:
        count = sum(
            n
            for (signal, ago), n in days.items()
            if signal == rule["signal"] and ago < rule["days"]
        )
        worth = (count // rule["per"]) * rule["points"]
        if rule["cap"] is not None:
            worth = max(-rule["cap"], min(rule["cap"], worth))
        expected[rule["kind"]] += worth
    (row,) = statement.rows(form, today=TODAY, lead_ids=[lead.pk])
    assert (row["fit"], row["interest"]) == (expected["fit"], expected["interest"])
    total = sum(expected.values())
    assert row["total"] == total == sum(row[f"points_{i}"] for i in range(len(rules)))
    assert row["qualifies"] == (expected["fit"] >= 5 and total >= 10)
