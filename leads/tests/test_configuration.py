"""A configuration written as a file, taken over from one, and written again."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW, publish, segment
from leads.conditions import terms
from leads.configuration import document, transfer, writing
from leads.configuration.sections import sections
from leads.models import (
    CustomField,
    Event,
    Lead,
    MQLDefinition,
    NurtureTrack,
    Score,
    Segment,
    Signal,
)
from leads.text import fold


def take(text, by=None):
    return transfer.load(text.encode(), sections(), by=by, now=NOW)


def written(which="live"):
    return transfer.export(sections(which))


def said(run, key="definition"):
    return [sentence for _, sentence in run.said.get(key, [])]


@pytest.fixture
def full(definition):
    """The live definition, and a draft with something of everything."""
    CustomField.objects.create(key="renewal", label="Renewal", kind="date")
    CustomField.objects.create(key="plan", label="Plan", kind="choice", choices=["A", "B"])
    CustomField.objects.create(key="old", label="Old", is_active=False, on="company")
    segment("Norway", ("any", "country", "in", "NO, SE"), ("none", "custom.plan", "is", "B"))
    segment("Everybody")
    draft = MQLDefinition.draft_from_live(by=None)
    draft.note, draft.borderline, draft.fit_threshold = "no", 7, None
    draft.needed_fields, draft.if_missing = ["phone", "custom.renewal"], "ask"
    draft.save()
    group = draft.groups.create(name="Web & mail", kind="interest", cap=25)
    counted = draft.rules.get(label="Opens our mails")
    counted.group, counted.half_life_days, counted.is_active = group, 14, False
    counted.save()
    draft.rules.create(
        position=9, kind="fit", label="yes", points=-3, field="custom.renewal",
        operator="between", value="2026-01-01,2026-06-30",
    )  # fmt: skip
    facts = {
        "fields": {"custom.renewal": "2026-03-01", "country": "NO", "company.employees": 5},
        "did": [{"signal": "demo", "times": 2, "days_ago": 0}],
    }
    draft.examples.create(name="12", expected="fail", facts=facts, why="So: it is.")
    return draft


def test_what_was_written_says_the_same_as_what_is_there(full):
    for which in ("live", "draft"):
        run = take(written(which))
        assert not run.changes
    assert MQLDefinition.objects.count() == 2


def test_another_company_gets_the_same_bytes(full):
    text = written("draft")
    MQLDefinition.objects.all().delete()
    for model in (Segment, Signal, CustomField):
        model.objects.all().delete()
    run = take(text)
    assert run.draft.state == "draft"
    assert written() == text
    assert not take(text).changes


def test_what_is_switched_off_is_written_too(full):
    text = written("draft")
    assert text.count("active: false") == 2
    assert "half_life_days: 14" in text and "value: [2026-01-01, 2026-06-30]" in text
    assert "value: ['NO', SE]" in text


def test_a_definition_becomes_a_draft_and_nothing_is_published(definition, cast):
    run = take(written().replace("points: 25", "points: 26"), by=cast.mark)
    draft = MQLDefinition.objects.get(state="draft")
    assert (run.draft, draft.version, draft.created_by) == (draft, 2, cast.mark)
    assert MQLDefinition.objects.live() == definition
    assert any("+25 points" in one and "+26 points" in one for one in said(run))
    event = Event.objects.get(kind="leads.configuration_imported")
    assert (event.actor, event.data) == (cast.mark, {"changes": {"definition": 1}, "version": 2})


def test_the_same_file_again_makes_no_second_draft(definition):
    text = written().replace("points: 25", "points: 26")
    take(text)
    assert not take(text).changes
    take(text.replace("points: 26", "points: 27"))
    assert not take(text).changes, "the older draft still says so"
    assert MQLDefinition.objects.count() == 3


def test_a_changed_segment_is_told_with_who_holds_the_older_text(definition):
    run = take(written().replace("[200, 2000]", "[50, 500]"))
    (change, note) = said(run, "segments")
    assert "between 200 and 2000. Now: Company employees is between 50 and 500." in change
    assert "MQL definition v1 was published with the older text" in note
    assert run.draft.version == 2, "the live version does not say what the file says"
    assert "between 50 and 500" in " ".join(said(run))


def test_a_value_that_is_only_typed_in_another_way_is_no_change(definition):
    Segment.objects.get(name="ICP").conditions.update(value=" 200,2000")
    assert not take(written()).changes


def test_what_is_not_named_stays_and_what_is_left_out_is_as_usual(full):
    take("version: 1\ncustom_fields: {plan: {label: Plan, type: choice, choices: [A]}}")
    assert CustomField.objects.count() == 3
    take("version: 1\ncustom_fields: {old: {label: Old, belongs_to: company}}")
    assert CustomField.objects.get(key="old").is_active


def test_nothing_of_a_bad_file_is_taken_over(db):
    with pytest.raises(document.Invalid):
        take("version: 1\nsignals: {x: {name: X, kind: chat}}\nsegments: {Y: {}}")
    assert not Signal.objects.exists()


def test_five_hundred_rules_are_taken_over_and_score(company):
    rules = "".join(
        f"\n    - {{kind: fit, label: R{n}, points: 1, field: company.employees,"
        f" operator: at_least, value: {n}}}"
        if n % 2
        else f"\n    - {{kind: interest, label: R{n}, points: 1, signal: pricing, days: {n + 1}}}"
        for n in range(500)
    )
    run = take(f"version: 1\ndefinition:\n  thresholds: {{fit: 200}}\n  rules: {rules}")
    publish(run.draft)
    lead = company.lead(employer={"name": "Acme", "employees": 300})
    assert Score.objects.get(lead=lead).fit == 150
    assert not take(written()).changes


# Whatever can be stored can be written and read.

PLAIN = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
TEXTS = st.text(PLAIN, min_size=1, max_size=30).map(str.strip).filter(bool)
NASTY = st.sampled_from(
    [
        "a,b",
        '"a',
        'a"b',
        '"",',
        "\uff0c",
        "no",
        "~",
        "0123",
        "1e3",
        "&a",
        "- x",
        "{a: b}",
        "#",
        "2026-01-01",
        "!t",
    ]
)
NAMES = st.one_of(TEXTS, NASTY)
LISTED = NAMES.filter(fold)


@given(st.lists(LISTED, min_size=1))
def test_values_may_hold_commas_and_quotation_marks(values):
    values = [fold(value) for value in values]
    assert terms.split(terms.joined(values)) == values


def test_a_value_with_a_comma_is_asked_for(company):
    finance = "Banking, Investment And Insurance"
    line = f"{{label: Line, type: choice, choices: [Media, '{finance}']}}"
    asked = f"{{field: custom.line, operator: in, value: ['{finance}', Media]}}"
    take(f"version: 1\ncustom_fields: {{line: {line}}}\nsegments: {{S: {{all: [{asked}]}}}}")
    company.lead().learn({"custom.line": finance}, now=NOW)
    company.lead().learn({"custom.line": "Media"}, now=NOW)
    company.lead()
    found = Segment.objects.get(name="S").matching(Lead.objects.all(), today=NOW.date())
    assert found.count() == 2
    assert f"value: ['{finance}', Media]" in written()


@given(st.dictionaries(NAMES, st.one_of(NAMES, st.lists(NAMES), st.integers(-(10**9), 10**9))))
def test_every_text_is_read_as_it_was_written(data):
    def plain(node):
        if isinstance(node.value, dict):
            return {key: plain(one) for key, one in node.value.items()}
        return [plain(one) for one in node.value] if isinstance(node.value, list) else node.value

    text = writing.text_of({"x": data, "y": writing.Line(data)})
    assert plain(document.read(text.encode())) == {"x": data, "y": data}


def condition():
    days = st.integers(1, 3660)
    of_field = st.lists(LISTED, min_size=1, max_size=4).map(
        lambda values: {"field": "country", "operator": "in", "value": values}
    )
    of_number = st.integers(-99, 99).map(
        lambda n: {"field": "custom.n", "operator": "between", "value": [n, n + 5]}
    )
    of_signal = st.fixed_dictionaries({"times": st.integers(1, 99), "days": days}).map(
        lambda window: {"signal": "s", "operator": "on_days"} | window
    )
    return st.one_of(of_field, of_number, of_signal)


def rule(labels):
    common = {"label": labels, "active": st.booleans()}
    points = {"points": st.integers(-10_000, 10_000)}
    when = st.fixed_dictionaries({**common, **points, "kind": st.just("fit")})
    counted = {"days": st.integers(1, 3660), "per": st.integers(1, 1000)}
    bounds = {"cap": st.integers(0, 999), "half_life_days": st.integers(1, 99)}
    count = st.fixed_dictionaries(
        {**common, **points, **counted, "kind": st.just("interest"), "signal": st.just("s")},
        optional={**bounds, "group": st.just("g")},
    )
    never = st.fixed_dictionaries({**common, "kind": st.just("do_not_pass")})
    asked = st.one_of(when, never)
    return st.one_of(count, st.builds(lambda one, two: one | two, asked, condition()))


CONFIGURATIONS = st.fixed_dictionaries(
    {
        "version": st.just(1),
        "custom_fields": st.just({"n": {"label": "N", "type": "number"}}),
        "signals": st.fixed_dictionaries(
            {"s": st.fixed_dictionaries({"name": NAMES, "event": NAMES, "kind": st.just("chat")})}
        ),
        "segments": st.dictionaries(
            NAMES,
            st.fixed_dictionaries(
                {"all": st.lists(condition(), max_size=3)},
                optional={"none": st.lists(condition(), max_size=2), "description": NAMES},
            ),
            max_size=3,
        ),
        "definition": st.fixed_dictionaries(
            {
                "groups": st.just({"g": {"axis": "interest", "cap": 9}}),
                "rules": st.lists(rule(NAMES), max_size=6),
            },
            optional={"note": NAMES, "borderline": st.integers(0, 1000)},
        ),
    }
)


@given(data=CONFIGURATIONS)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_configuration_comes_back_identical(db, data):
    first = _written_by_another_company(writing.text_of(data))
    assert _written_by_another_company(first) == first


def _written_by_another_company(text):
    with transaction.atomic():
        take(text)
        assert not take(text).changes
        found = written()
        transaction.set_rollback(True)
    return found


def test_a_track_is_made_and_chosen_in_one_file(db):
    run = take("version: 1\nnurture_tracks: {Later: }\ndefinition: {rejects: {track: Later}}")
    assert run.draft.reject_track == NurtureTrack.objects.get(name="Later")
