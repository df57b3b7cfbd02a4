"""What tells two definitions apart, added to the scores of one, makes the scores of the other."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from conftest import NOW
from leads.models import MQLDefinition, Score, SignalDay
from leads.scoring import statement
from leads.scoring.delta import delta

TODAY = NOW.date()


def happened(signal, days, times):
    value = {"signal": signal, "signal_name": "", "days": days, "times": times}
    return {"all": [{"field": "behaviour", "operator": "happened", "value": value}]}


counted = st.builds(
    dict,
    type=st.just("count"),
    kind=st.sampled_from(["fit", "interest"]),
    points=st.integers(-30, 30),
    per=st.integers(1, 4),
    days=st.integers(1, 40),
    cap=st.none() | st.integers(0, 50),
    signal=st.integers(0, 2),
    half_life=st.none() | st.integers(1, 30),
    group=st.none() | st.integers(0, 1),
)
asked = st.builds(
    lambda kind, points, group, *when: {
        "type": "when",
        "kind": kind,
        "points": points,
        "group": group,
        "when": when,
    },
    st.sampled_from(["fit", "interest", "do_not_pass", "fast_track"]),
    st.integers(-30, 30),
    st.none() | st.integers(0, 1),
    st.integers(0, 2),
    st.integers(1, 40),
    st.integers(1, 5),
)
rule_lists = st.lists(counted | asked, min_size=3, max_size=8)


def form_of(rules, caps, keys):
    groups = [
        {"id": 2 * number + side, "name": "", "kind": kind, "cap": cap}
        for number, cap in enumerate(caps)
        for side, kind in enumerate(("fit", "interest"))
    ]
    made = []
    for number, drawn in enumerate(rules):
        rule = {"id": number, "label": str(number), **drawn}
        if rule["group"] is not None:
            rule["group"] = 2 * rule["group"] + (rule["kind"] == "interest")
        if rule["type"] == "count":
            rule["signal"] = keys[rule["signal"]]
        else:
            signal, days, times = rule["when"]
            rule["when"] = happened(keys[signal], days, times)
        made.append(rule)
    thresholds = {"fit": 5, "interest": None, "total": 10}
    tiers = {"A": 60, "B": 30, "C": 10}
    return {
        "thresholds": thresholds, "tiers": tiers, "borderline": 3, "groups": groups, "rules": made
    }  # fmt: skip


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(
    rules=rule_lists,
    kept=st.lists(st.integers(0, 7), unique=True),
    new=st.lists(counted | asked, max_size=2),
    caps=st.lists(st.integers(0, 60), min_size=4, max_size=4),
    history=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 45), st.integers(1, 9))),
)
def test_an_edit_alone_leads_to_what_all_rules_give(company, signals, **drawn):
    rules, new, caps = drawn["rules"], drawn["new"], drawn["caps"]
    keys = [signals.pricing.pk, signals.demo.pk, signals.opened.pk]
    edited = [rules[number] for number in drawn["kept"] if number < len(rules)] + new
    old, form = form_of(rules, caps[:2], keys), form_of(edited, caps[2:], keys)
    short = delta(old, form)
    assume(short is not None)
    lead = company.lead(f"d{company.sent}@acme.example")
    SignalDay.objects.filter(lead=lead).delete()
    days: dict = {}
    for signal, ago, n in drawn["history"]:
        days[signal, ago] = days.get((signal, ago), 0) + n
    SignalDay.objects.bulk_create(
        SignalDay(lead=lead, signal_id=keys[signal], day=TODAY - timedelta(days=ago), n=n)
        for (signal, ago), n in days.items()
    )

    def totals(form):
        (row,) = statement.rows(form, today=TODAY, lead_ids=[lead.pk])
        return {name: row[name] for name in statement.TOTALS}

    Score.objects.filter(lead=lead).update(**totals(old))
    assert totals(short) == totals(form)


@pytest.mark.parametrize(
    ("edit", "rules"),
    [({"points": 24}, [("less_fit", 25), ("fit", 24)]), ({"label": "Another name"}, [])],
)
def test_what_a_rule_gives_is_an_edit_and_its_name_is_none(definition, edit, rules):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.filter(label="ICP company").update(**edit)
    short = delta(definition.compiled, draft.compile())
    assert [(rule["kind"], rule["points"]) for rule in short["rules"]] == rules
    assert short["kept"] == ["do_not_pass", "fast_track"]


def test_what_decides_a_flag_is_asked_whole(definition):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.filter(kind="do_not_pass").delete()
    short = delta(definition.compiled, draft.compile())
    assert (short["rules"], short["kept"]) == ([], ["fast_track"])


def test_another_definition_altogether_has_no_short_way(definition):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.update(points=3)
    assert delta(definition.compiled, draft.compile()) is None
