"""What is wrong with a file is said at its place, and all of it at once."""

from contextlib import suppress
from itertools import pairwise

import pytest
import yaml
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW
from leads.configuration import document, transfer
from leads.configuration.sections import sections
from leads.models import CustomField, MQLDefinition


def problems(text):
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(document.Invalid) as caught:
        transfer.load(content, sections(), by=None, now=NOW)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "start", "part"),
    [
        ("", "version: ", "missing"),
        ("- a", "file: ", "key: value"),
        ("version: 2", "version: ", "version 1 only"),
        ("version: 1\nversion: 1", "version: ", "already, in line 1. (line 2)"),
        ("version: 1\nsegment: {}", "segment: ", "Did you mean 'segments'? (line 2)"),
        ("version: 1\n---\nversion: 1", "file: ", "one document"),
        ("version: [1", "file: ", "This is not YAML"),
        ("version: &a 1", "version: ", "anchor"),
        ("version: 1\nsignals: *a", "signals: ", "alias"),
        ("version: !!int 1", "version: ", "tag"),
        ("version: 1\nx: !!python/object/apply:os.system [ls]", "x: ", "tag"),
        ("version: 1\n? [a]\n: 1", "file: ", "single text"),
        ('version: 1\nsegments: {"a\\0": {all: []}}', "segments: ", "control character"),
        ('version: 1\nsegments: {A: {all: [], description: "\\ud800"}}', "seg", "control char"),
        ("version: 1\nx: \x07", "file: ", "control character. (line 2)"),
        (b"version: 1\nx: \xff", "file: ", "not UTF-8. (line 2)"),
        (f"version: 1\nx: {'y' * 2001}", "x: ", "at most 2,000 characters. (line 2)"),
        ("[" * 100_000, "file: ", "at most 10 levels"),
        ("version: 1 #" + "x" * document.LARGEST, "file: ", "at most 2,000,000 bytes"),
    ],
)
def test_a_file_that_is_none(db, text, start, part):
    found = problems(text)
    assert found[0].startswith(start) and part in found[0], found


def test_a_bomb_of_aliases_is_refused_before_it_grows(db):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for old, new in pairwise("abcdefghi"):
        lines.append(f"{new}: &{new} [{', '.join(['*' + old] * 9)}]")
    assert "begins an anchor" in problems("\n".join(lines))[0]


@pytest.mark.parametrize(
    ("key", "fields", "path", "part"),
    [
        ("custom_fields", "B: {label: B}", '["B"]', "Use a-z"),
        ("custom_fields", "b: {label: B, type: numbr}", ".b.type", "Did you mean 'number'?"),
        ("custom_fields", "b: {label: B, type: choice}", ".b.choices", "Give the values"),
        ("custom_fields", "b: {type: text}", ".b.label", "missing"),
        ("custom_fields", "b: {label: B, active: maybe}", ".b.active", "neither yes nor no"),
        ("custom_fields", "b: {label: [B]}", ".b.label", "not a text"),
        ("custom_fields", "b: 5", ".b", "key: value"),
        ("custom_fields", "seats: {label: S}", ".seats.type", "made as 'number'"),
        ("custom_fields", "seats: {label: S, type: number, belongs_to: company}",
         ".seats.belongs_to", "made as 'lead'"),
        ("signals", "s: {name: S, kind: page_veiw}", ".s.kind", "Did you mean 'page_view'?"),
        ("signals", "s: {name: S, kind: chat, paht: /x}", ".s.paht", "Did you mean 'path'?"),
        ("signals", "a b: {name: S, kind: chat}", '["a b"]', "slug"),
        ("nurture_tracks", f"T: {{description: {'x' * 301}}}", '["T"].description', "300 char"),
        ("segments", "S: {}", '["S"]', "Give conditions"),
        ("segments", "S: {all: {}}", '["S"].all', "Write a list"),
        ("segments", "S: {all: [], persona: villain}", '["S"].persona', "none of: buyer, negative"),
    ],
)  # fmt: skip
def test_a_row_with_a_name(db, key, fields, path, part):
    CustomField.objects.create(key="seats", label="Seats", kind="number")
    (found,) = problems(f"version: 1\n{key}: {{{fields}}}")
    assert found.startswith(f"{key}{path}: ") and part in found, found
    assert found.endswith("(line 2)")


@pytest.mark.parametrize(
    ("condition", "key", "part"),
    [
        ("field: foo, operator: is, value: 1", "field", "There is no field 'foo'."),
        ("field: company.employes, operator: is, value: 1", "field", "'company.employees'?"),
        ("field: seats, operator: is, value: 1", "field", "Did you mean 'custom.seats'?"),
        ("field: Job title, operator: is, value: 1", "field", "Did you mean 'job_title'?"),
        ("field: behaviour, operator: happened", "field", "Ask for behaviour with signal"),
        ("operator: is, value: 1", "field", "missing"),
        ("field: country, value: 1", "operator", "missing"),
        ("field: country, operator: at_least, value: 1", "operator", "Country, which has: is,"),
        ("field: country, operator: is", "value", "Give a value."),
        ("field: country, operator: is, value: [DE]", "value", "one value, not a list"),
        ("field: country, operator: known, value: DE", "value", "takes no value"),
        ("field: country, operator: in, value: [DE, '']", "value[1]", "is no value"),
        ("field: country, operator: in, value: '\"DE, AT'", "value", "not closed"),
        ("field: country, operator: in, value: [DE, null]", "value[1]", "empty"),
        ("field: company.employees, operator: is, value: abc", "value", "'abc' is not a number"),
        ("field: company.employees, operator: is, value: 1e5", "value", "'1e5' is not a number"),
        ("field: company.employees, operator: is, value: 1_000", "value", "is not a number"),
        ("signal: pricing, days: 3, times: '1_0'", "times", "is not a whole number"),
        ("field: company.employees, operator: between, value: [5, 1]", "value", "smaller first"),
        ("field: opted_out, operator: is, value: maybe", "value", "Answer yes or no."),
        ("field: country, operator: is, value: x, days: 3", "days", "has no 'days'"),
        ("signal: pricng, days: 3", "signal", "Did you mean 'pricing'?"),
        ("signal: pricing", "days", "Say in how many days"),
        ("signal: pricing, days: 3661", "days", "at most 3660 days"),
        ("signal: pricing, days: x", "days", "'x' is not a whole number."),
        ("signal: pricing, days: 3, times: 0", "times", "1 or more"),
        ("signal: pricing, days: 3, times: 2, operator: not_since", "times", "takes no times"),
        ("signal: pricing, days: 3, operator: is", "operator", "Behaviour, which has: happened"),
    ],
)
def test_a_condition_of_a_segment_and_of_a_rule(signals, condition, key, part):
    CustomField.objects.create(key="seats", label="Seats", kind="number")
    (found,) = problems(f"version: 1\nsegments: {{S: {{any: [{{{condition}}}]}}}}")
    assert found.startswith(f'segments["S"].any[0].{key}: ') and part in found, found
    rule = f"kind: do_not_pass, label: R, {condition}"
    found = problems(f"version: 1\ndefinition: {{rules: [{{{rule}}}]}}")
    if "field: " in condition or "signal: " in condition:
        assert found[0].startswith(f"definition.rules[0].{key}: ") and part in found[0], found
    else:
        assert "exactly one of" in found[0]


def test_all_that_is_wrong_with_a_rule_is_said_at_once(signals):
    rules = (
        "[{kind: interest, label: A, points: 1.5, signal: none, days: 0, group: X},"
        " {kind: fast_track, label: B, signal: none, operator: is, days: 0, times: 0},"
        " {kind: fit, label: C, points: 1, per: 2000, half_life_days: 3,"
        " field: country, operator: is, value: ''}]"
    )
    found = problems(f"version: 1\ndefinition: {{rules: {rules}}}")
    places = [one.removeprefix("definition.rules").partition(":")[0] for one in found]
    assert set(places) == {
        *("[0].days", "[0].group", "[0].points", "[0].signal"),
        *("[1].days", "[1].operator", "[1].signal", "[1].times"),
        *("[2].half_life_days", "[2].per", "[2].value"),
    }, found


@pytest.mark.parametrize(
    ("rule", "path", "part"),
    [
        ("kind: fitt, label: R, points: 1, segment: ICP", ".kind", "Did you mean 'fit'?"),
        ("kind: fit, points: 1, segment: ICP", ".label", "missing"),
        ("kind: fit, label: R, segment: ICP", ".points", "missing"),
        ("kind: fit, label: R, points: 10001, segment: ICP", ".points", "10000"),
        ("kind: fit, label: R, points: 1.5, segment: ICP", ".points", "'1.5' is not a whole"),
        ("kind: fit, label: R, points: 1", "", "exactly one of"),
        ("kind: fit, label: R, points: 1, segment: ICP, field: country", "", "exactly one of"),
        ("kind: fit, label: R, points: 1, segment: IPC", ".segment", "Did you mean 'ICP'?"),
        ("kind: fit, label: R, points: 1, segment: ICP, cap: 5", ".cap", "has no 'cap'"),
        ("kind: fit, label: R, points: 1, segment: ICP, colour: 5", ".colour", "no such key"),
        ("kind: fast_track, label: R, points: 1, segment: ICP", ".points", "Only rules for fit"),
        ("kind: fit, label: R, points: 1, segment: ICP, group: G", ".group", "other points"),
        ("kind: fit, label: R, points: 1, segment: ICP, group: H", ".group", "Did you mean 'G'?"),
        ("kind: interest, label: R, points: 1, signal: demo", ".days", "Say in how many days"),
        ("kind: interest, label: R, points: 1, signal: demo, days: 3, per: 1001", ".per", "1000"),
        ("kind: interest, label: R, points: 1, signal: demo, days: 3, times: 2",
         ".times", "has no 'times'"),
        ("kind: fit, label: R, points: 1, field: score.total, operator: known",
         ".field", "the score it makes"),
    ],
)  # fmt: skip
def test_a_rule(definition, rule, path, part):
    group = "groups: {G: {axis: interest, cap: 5}}"
    (found,) = problems(f"version: 1\ndefinition: {{{group}, rules: [{{{rule}}}]}}")
    if path == ".group" and "Did you" in part:
        assert "There is no group 'H'" in found
    else:
        assert found.startswith(f"definition.rules[0]{path}: ") and part in found, found
    assert MQLDefinition.objects.count() == 1


@pytest.mark.parametrize(
    ("keys", "path", "part"),
    [
        ("tiers: {A: 10, B: 20, C: 30}", '.tiers["A"]', "Tier A must start above B"),
        ("thresholds: {fit: abc}", ".thresholds.fit", "'abc' is not a whole number."),
        ("thresholds: {fit: 10001}", ".thresholds.fit", "10000"),
        ("thresholds: {totl: 1}", ".thresholds.totl", "Did you mean 'total'?"),
        ("decider: robot", ".decider", "none of: automatic, marketer"),
        ("borderline: 1001", ".borderline", "1000"),
        ("needed: [phone, shoe_size]", ".needed", "There is no field 'shoe_size'."),
        ("if_missing: panic", ".if_missing", "panic"),
        ("rejects: {track: Genral nurture}", ".rejects.track", "Did you mean 'General nurture'?"),
        ("rejects: {cool_down_days: 0}", ".rejects.cool_down_days", "1"),
        ("buckets: {good_ready: {do: Call.}}", ".buckets.good_ready.dont", "missing"),
        ("buckets: {great: {do: Call.}}", ".buckets.great", "no such key"),
        ("groups: {G: {axis: fit}}", '.groups["G"].cap', "missing"),
        ("groups: {G: {axis: total, cap: 1}}", '.groups["G"].axis', "none of: fit, interest"),
    ],
)
def test_a_definition(definition, keys, path, part):
    (found,) = problems(f"version: 1\ndefinition: {{{keys}}}")
    assert found.startswith(f"definition{path}: ") and part in found, found


@pytest.mark.parametrize(
    ("said", "path", "part"),
    [
        ("expected: maybe", ".expected", "none of: pass, fail"),
        ("expected: pass, fields: {foo: 1}", ".fields.foo", "no field"),
        ("expected: pass, fields: {company.employees: x}",
         '.fields["company.employees"]', "'x' is not a number"),
        ("expected: pass, fields: {country: [DE]}", ".fields.country", "cannot be"),
        ("expected: pass, fields: {opted_out: maybe}", ".fields.opted_out", "neither yes nor no"),
        ("expected: pass, did: [{signal: no}]", ".did[0].signal", "There is no signal 'no'."),
        ("expected: pass, did: [{signal: demo, days_ago: 900}]", ".did[0]", "from 0 to 730"),
        ("expected: pass, did: [{times: 2}]", ".did[0].signal", "missing"),
    ],
)  # fmt: skip
def test_an_example(definition, said, path, part):
    (found,) = problems(f"version: 1\ndefinition: {{examples: {{E: {{{said}}}}}}}")
    assert found.startswith(f'definition.examples["E"]{path}: ') and part in found, found


def test_all_problems_are_named_in_the_order_of_the_file(db):
    found = problems(
        "version: 1\n"
        "custom_fields: {seats: {label: Seats, type: numbr}}\n"
        "segments:\n"
        "  Many: {all: [{field: custom.seats, operator: at_least, value: 50}]}\n"
        "  None: {all: [{field: foo, operator: is, value: 1}]}\n"
        "definition:\n"
        "  tiers: {A: 1}\n"
        "  rules:\n"
        "    - {kind: fit, label: L, points: x, segment: Many}\n"
        "    - {kind: fit, label: L, points: 1, segment: None}\n"
    )
    paths = [line.partition(": ")[0] for line in found]
    assert paths == [
        "custom_fields.seats.type",
        'segments["None"].all[0].field',
        'definition.tiers["A"]',
        "definition.rules[0].points",
    ], "what refers to something broken is not broken itself"


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=9), inner)),
    max_leaves=4,
)
GOOD = """
custom_fields: {seats: {label: Seats, type: number}}
signals: {seen: {name: Seen, kind: chat}}
nurture_tracks: {Later: {}}
segments: {S: {all: [{field: custom.seats, operator: in, value: [1]}, {signal: seen, days: 3}]}}
definition:
  thresholds: {fit: 1}
  buckets: {good_ready: {do: Call., dont: Wait.}}
  groups: {G: {axis: interest, cap: 3}}
  rejects: {track: Later, cool_down_days: 3}
  rules:
    - {kind: interest, label: R, points: 1, signal: seen, days: 3, group: G}
    - {kind: fit, label: R, points: 1, field: custom.seats, operator: between, value: [1, 2]}
  examples: {E: {expected: pass, fields: {country: DE}, did: [{signal: seen, times: 1}]}}
"""


def places(value, path=()):
    yield path
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, one in value.items() if isinstance(value, dict) else listed:
        yield from places(one, (*path, key))


def with_another(value, path, other):
    if not path:
        return other
    copy = value.copy()
    copy[path[0]] = with_another(value[path[0]], path[1:], other)
    return copy


@given(path=st.sampled_from(list(places(yaml.safe_load(GOOD)))), other=ANYTHING)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_stands_anywhere_the_answer_is_a_list_of_problems(db, path, other):
    data = with_another(yaml.safe_load(GOOD), path, other)
    text = yaml.safe_dump({"version": 1} | (data if isinstance(data, dict) else {"segments": data}))
    with transaction.atomic(), suppress(document.Invalid):
        transfer.load(text.encode(), sections(), by=None, now=NOW)
        transfer.export(sections())
        transaction.set_rollback(True)


def test_ten_thousand_rules_are_refused_with_words(db):
    rule = "    - {kind: fit, label: R, points: 1, field: country, operator: known}\n"
    (found,) = problems("version: 1\ndefinition:\n  rules:\n" + rule * 10_000)
    assert found == "definition.rules: There can be at most 1,000 here; these are 10,000. (line 4)"


def test_a_choice_that_nobody_can_have_is_refused(db):
    (found,) = problems(
        "version: 1\n"
        "custom_fields: {plan: {label: Plan, type: choice, choices: [Free, Team]}}\n"
        "segments: {S: {all: [{field: custom.plan, operator: in, value: [team, Teem]}]}}"
    )
    assert found == (
        "segments[\"S\"].all[0].value: 'Teem' is none of the choices of Plan: Free, Team."
        " Did you mean 'Team'? (line 3)"
    )
