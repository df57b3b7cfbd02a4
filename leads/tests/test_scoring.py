"""Scores, explained; and the slow, obvious way to compute them, for comparison."""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW, publish, segment
from leads.intake import receive
from leads.models import MQLDefinition, Pending, Qualification, Score, Segment, SignalDay
from leads.scoring import scorer
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


def score_again(lead):
    Pending.objects.create(lead=lead)
    scorer.score_pending(now=NOW)


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
    publish(draft, now=NOW)
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
        score_again(lead)
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
    publish(draft, by=company.cast.mark, now=NOW)
    while scorer.rescore_outdated(now=NOW):
        pass
    score = Score.objects.get(lead=lead)
    assert (score.fit, score.definition) == (26, draft)


def test_editing_a_segment_leaves_the_live_definition_alone(company):
    lead = company.lead()
    Segment.objects.get(name="ICP").conditions.update(value="1, 2")
    score_again(lead)
    assert Score.objects.get(lead=lead).fit == 25


def test_a_scorer_that_dies_loses_nothing(company, monkeypatch):
    lead = company.lead()
    monkeypatch.setattr(scorer, "_write", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        visit(company, lead)
    monkeypatch.undo()
    company.score()
    assert Score.objects.get(lead=lead).interest == 20


def test_a_scorer_that_dies_between_the_score_and_the_handoff_loses_nothing(company, monkeypatch):
    lead = company.lead(job_title="VP Sales")
    monkeypatch.setattr(scorer, "_qualify_passing", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        visit(company, lead)
    monkeypatch.undo()
    assert Score.objects.get(lead=lead).qualifies
    assert not lead.qualifications.exists()
    scorer.qualify_missed(now=NOW)
    assert lead.handoffs.count() == 1


def test_a_group_gives_no_more_than_its_cap_and_says_so(company, signals):
    draft = MQLDefinition.draft_from_live(by=None)
    group = draft.groups.create(name="Web", kind="interest", cap=25)
    draft.rules.filter(kind="interest").update(group=group)
    publish(draft, now=NOW)
    lead = company.lead()
    visit(company, lead, 2)
    found = explain(MQLDefinition.objects.live().compiled, lead.pk, today=TODAY)
    assert (found["interest"], found["total"]) == (25, 50)
    assert sum(line["points"] for line in found["lines"]) == 50
    assert (found["lines"][-1]["label"], found["lines"][-1]["points"]) == ("Cap of Web", -15)


def test_points_fade_by_half_with_each_half_life(company, signals):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.filter(label="Pricing page").update(half_life_days=7, cap=None)
    publish(draft, now=NOW)
    for ago, points in ((0, 20), (7, 10), (14, 5), (29, 1)):
        lead = company.lead()
        visit(company, lead, days_ago=ago)
        assert Score.objects.get(lead=lead).interest == points, ago


def test_on_the_day_itself_nothing_has_faded_and_a_half_point_counts_up(company, signals):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.filter(label="Pricing page").update(half_life_days=1, points=5, cap=None)
    publish(draft)
    lead = company.lead()
    visit(company, lead)
    assert Score.objects.get(lead=lead).interest == 5
    scorer.rescore_all(now=NOW + timedelta(days=1))
    assert Score.objects.get(lead=lead).interest == 3  # 2.5
    scorer.rescore_all(now=NOW + timedelta(days=2))
    assert Score.objects.get(lead=lead).interest == 1  # 1.25


@pytest.mark.parametrize(("visits", "given"), [(1, 10), (2, 25), (0, -10)])
def test_points_taken_count_before_the_cap_of_a_group_and_are_not_bounded_by_it(
    company, signals, visits, given
):
    draft = MQLDefinition.draft_from_live(by=None)
    group = draft.groups.create(name="Web", kind="interest", cap=25)
    draft.rules.filter(label="Pricing page").update(group=group)
    draft.rules.create(
        kind="interest",
        label="Left",
        signal=signals.opened,
        window_days=30,
        points=-10,
        group=group,
    )
    draft.rules.filter(label="Opens our mails").delete()
    publish(draft)
    lead = company.lead()
    visit(company, lead, kind="email_open")
    if visits:
        visit(company, lead, visits)
    assert Score.objects.get(lead=lead).interest == given  # at most 40 - 10, and 25 together


def test_a_draft_of_an_older_version_brings_its_rules_back(company):
    first = MQLDefinition.objects.live()
    second = MQLDefinition.draft_from_live(by=None)
    second.rules.all().delete()
    publish(second, now=NOW)
    first.refresh_from_db()
    third = first.draft_from_this(by=company.cast.mark)
    assert (third.version, third.rules.count(), third.created_by) == (3, 6, company.cast.mark)
    assert third.fit_threshold == first.fit_threshold


def test_points_beyond_any_sense_are_refused(definition):
    rule = definition.rules.create(kind="fit", label="Huge", field="country", operator="known")
    rule.points = 2_000_000_000
    with pytest.raises(ValidationError) as caught:
        rule.full_clean()
    assert "points" in caught.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        rule.save()


def test_a_flood_of_touchpoints_does_not_run_over_the_score(company, signals):
    draft = MQLDefinition.draft_from_live(by=None)
    for number in range(3):
        draft.rules.create(
            kind="interest",
            label=f"Flood {number}",
            signal=signals.opened,
            window_days=30,
            points=10_000,
        )
    publish(draft, now=NOW)
    lead = company.lead()
    SignalDay.objects.create(lead=lead, signal=signals.opened, day=TODAY, n=2_000_000_000)
    score_again(lead)
    assert Score.objects.get(lead=lead).interest > 3_000_000


def test_what_is_very_old_is_worth_nothing_and_breaks_nothing(company, signals):
    draft = MQLDefinition.draft_from_live(by=None)
    old = {"half_life_days": 1, "window_days": 3660, "cap": None}
    draft.rules.filter(label="Pricing page").update(**old)
    publish(draft, now=NOW)
    lead = company.lead()
    day = TODAY - timedelta(days=3000)
    SignalDay.objects.create(lead=lead, signal=signals.pricing, day=day, n=5)
    score_again(lead)
    assert Score.objects.get(lead=lead).interest == 0


def test_a_score_cannot_ask_for_itself_through_a_segment(definition):
    draft = MQLDefinition.draft_from_live(by=None)
    low = segment("Low", ("all", "score.total", "at_most", "1"))
    rule = draft.rules.create(kind="fit", label="Loop", points=5, segment=low)
    with pytest.raises(ValidationError) as caught:
        rule.full_clean()
    assert "segment" in caught.value.message_dict
    with pytest.raises(ValidationError):
        publish(draft, now=NOW)
    assert MQLDefinition.objects.live() == definition


def test_a_group_is_for_the_points_of_one_axis(definition):
    draft = MQLDefinition.draft_from_live(by=None)
    group = draft.groups.create(name="Web", kind="interest", cap=3)
    draft.rules.filter(kind="interest").update(group=group)
    group.kind = "fit"
    with pytest.raises(ValidationError):
        group.full_clean()
    group.save()
    with pytest.raises(ValidationError):
        publish(draft, now=NOW)


rules = st.builds(
    dict,
    kind=st.sampled_from(["fit", "interest"]),
    points=st.integers(-30, 30),
    per=st.integers(1, 4),
    days=st.integers(1, 40),
    cap=st.none() | st.integers(0, 50),
    signal=st.integers(0, 2),
    half_life=st.none() | st.integers(1, 30),
    group=st.none() | st.integers(0, 1),
    counts=st.sampled_from(["times", "times", "days", "visits", "seconds"]),
)
histories = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 45), st.integers(1, 9)))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rules=st.lists(rules, min_size=1, max_size=8),
    caps=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    history=histories,
)
def test_the_statement_agrees_with_the_obvious_way(company, signals, rules, caps, history):
    lead = company.lead(f"h{company.sent}@acme.example")
    keys = [signals.pricing.pk, signals.demo.pk, signals.opened.pk]
    SignalDay.objects.filter(lead=lead).delete()
    days: dict = {}
    for signal, ago, n in history:
        days[signal, ago] = days.get((signal, ago), 0) + n
    SignalDay.objects.bulk_create(
        SignalDay(
            lead=lead,
            signal_id=keys[signal],
            day=TODAY - timedelta(days=ago),
            **{"n": n, "visits": measured(n, "visits"), "seconds": measured(n, "seconds")},
        )
        for (signal, ago), n in days.items()
    )
    groups = [
        {"id": 2 * number + side, "name": "", "kind": kind, "cap": cap}
        for number, cap in enumerate(caps)
        for side, kind in enumerate(("fit", "interest"))
    ]
    form = {
        "thresholds": {"fit": 5, "interest": None, "total": 10},
        "tiers": {"A": 60, "B": 30, "C": 10},
        "groups": groups,
        "rules": [
            {
                "id": number,
                "type": "count",
                "label": "",
                "signal_name": "",
                **rule,
                "signal": keys[rule["signal"]],
                "group": None
                if rule["group"] is None
                else 2 * rule["group"] + (rule["kind"] == "interest"),
            }
            for number, rule in enumerate(rules)
        ],
    }
    expected = obvious(rules, caps, days)
    found = explain(form, lead.pk, today=TODAY)
    assert (found["fit"], found["interest"]) == (expected["fit"], expected["interest"])
    assert found["total"] == sum(expected.values())
    assert found["total"] == sum(line["points"] for line in found["lines"])
    assert found["qualifies"] == (expected["fit"] >= 5 and found["total"] >= 10)


def measured(n, what):
    """How much of each measure a day of `n` touchpoints has, in these tests."""
    return {"times": n, "days": 1, "visits": n // 2, "seconds": n * 7 % 5}[what]


def obvious(rules, caps, days):
    """Score the slow, obvious way: rule by rule, then group by group. Return points by axis."""
    loose = {"fit": 0, "interest": 0}
    grouped: dict = {}
    for rule in rules:
        seen = [
            (ago, measured(n, rule["counts"]))
            for (signal, ago), n in days.items()
            if signal == rule["signal"] and ago < rule["days"]
        ]
        count = sum(n for _, n in seen)
        worth = Decimal((count // rule["per"]) * rule["points"])
        if rule["half_life"] and count:
            fresh = sum(n * 0.5 ** (ago / rule["half_life"]) for ago, n in seen) / count
            worth = (worth * Decimal(repr(fresh))).quantize(Decimal(1), ROUND_HALF_UP)
        if rule["cap"] is not None:
            worth = max(-rule["cap"], min(rule["cap"], worth))
        if rule["group"] is None:
            loose[rule["kind"]] += int(worth)
        else:
            key = rule["kind"], rule["group"]
            grouped[key] = grouped.get(key, 0) + int(worth)
    for (kind, group), points in grouped.items():
        loose[kind] += min(points, caps[group])
    return loose
