"""Teams, reps, pools, territories, rules, calendars, policies and reasons by the file."""

import re

import pytest
import yaml
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import NOW
from handoff_project.configuration import sections
from leads.configuration import document, transfer, writing
from leads.models import Event, Segment
from routing.models import (
    Calendar,
    ChecklistQuestion,
    Decision,
    Pool,
    RejectionReason,
    Rep,
    RuleSet,
    Seat,
    Team,
    Territory,
)
from sla.models import Policy


def written():
    return transfer.export(sections())


def take(text, by=None):
    return transfer.load(text.encode(), sections(), by=by, now=NOW)


def part(**given):
    return writing.text_of({"version": 1, **given})


def problems(text):
    with pytest.raises(document.Invalid) as caught:
        take(text)
    return [str(problem) for problem in caught.value.problems]


def said(run):
    return [sentence for lines in run.said.values() for _, sentence in lines]


def forget_everything_but_the_people():
    """Empty the tables of all sections, and whatever points to them."""
    tables = (
        "routing_calendar, routing_team, routing_territory, routing_rejectionreason, "
        "routing_checklistquestion, "
        "routing_ruleset, sla_policy, leads_segment, leads_signal, leads_customfield, "
        "leads_mqldefinition, leads_nurturetrack, leads_valuelist"
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables} CASCADE")


def test_the_demo_company_comes_back_identical_here_and_elsewhere(db):
    call_command("seed_demo", leads=150, verbosity=0)
    text = written()
    assert not take(text).changes and written() == text
    forget_everything_but_the_people()
    run = take(text)
    assert written() == text and not take(text).changes
    assert set(run.changes) >= {"calendars", "teams", "reps", "pools", "territories", "policies"}
    assert not RuleSet.objects.live() and not Policy.objects.live().exists()


def test_the_same_file_changes_nothing_in_a_company_at_work(company):
    text = written()
    assert not take(text).changes
    assert (RuleSet.objects.count(), Policy.objects.count()) == (1, 1)


def test_a_rule_set_and_a_policy_become_drafts_and_routing_goes_on_as_before(company):
    text = written().replace("label: United States", "label: States")
    run = take(text.replace("minutes: 30", "minutes: 45"))
    assert "Rule set v2 is a new draft. Compared with Rule set v1, which is live:" in said(run)
    assert any("Accept within 45 business minutes" in sentence for sentence in said(run))
    assert RuleSet.objects.live().version == Policy.objects.live().get().version == 1
    assert [one.state for one in RuleSet.objects.order_by("version")] == ["published", "draft"]
    handoff = company.handoff()
    assert Decision.objects.get(handoff=handoff).rule_set.version == 1
    again = take(text.replace("minutes: 30", "minutes: 45"))
    assert not again.changes and RuleSet.objects.count() == Policy.objects.count() == 2
    assert Event.objects.filter(kind="leads.configuration_imported").count() == 1


def test_reps_are_named_by_their_address_and_set_as_the_file_says(company, cast):
    run = take(
        part(
            reps={
                "ana@handoff.example": {
                    "team": "EMEA", "languages": ["de-AT", "EN"], "skills": ["Banks"],
                    "open_cap": 5,
                }
            },
            pools={"EMEA pool": {"team": "EMEA", "weights": {"ana@handoff.example": 3}}},
        )
    )  # fmt: skip
    ana = Rep.objects.get(user=cast.ana)
    assert (ana.languages, ana.skills, ana.open_cap) == (["de", "en"], ["banks"], 5)
    assert Seat.objects.get(rep=ana).weight == 3
    assert "ana@handoff.example: open_cap: nothing. Now: 5." in said(run)
    assert "EMEA pool: weights: nothing. Now: ana@handoff.example 3." in said(run)
    take(part(pools={"EMEA pool": {"team": "EMEA"}}))
    assert Seat.objects.get(rep=ana).weight == 1


def test_hours_that_changed_are_a_new_version(company):
    text = written()
    take(text.replace("monday: ['09:00-17:00']", "monday: ['08:00-12:00', '13:00-17:00']"))
    berlin = Calendar.objects.get(name="Berlin office")
    assert [one.number for one in berlin.versions.all()] == [2, 1]
    assert berlin.current().weekly["0"] == [["08:00", "12:00"], ["13:00", "17:00"]]


def test_a_place_brings_its_public_holidays(company):
    take(part(calendars={"Munich": {"zone": "Europe/Berlin", "public_holidays": "DE-BY"}}))
    munich = Calendar.objects.get(name="Munich").current()
    assert munich.public_holidays["2026-01-06"] and munich.region == "BY"
    assert "public_holidays: DE-BY" in written()


WRONG = [
    ("teams: {A: {calendar: Mars}}", "teams[\"A\"].calendar: There is no calendar 'Mars'."),
    ("teams: {A: {}}", 'teams["A"].calendar: This is missing.'),
    (
        "teams: {A: {calendar: Berlin office, manager: x@y.example}}",
        "teams[\"A\"].manager: There is nobody with the address 'x@y.example'.",
    ),
    (
        "reps: {anna@handoff.example: {team: EMEA}}",
        "Did you mean 'ana@handoff.example'? Add people under Users; a file never does.",
    ),
    ("reps: {ana@handoff.example: {team: EMEA, open_cap: many}}", "is not a whole number"),
    ("reps: {ana@handoff.example: {team: EMEA, open_cap: -1}}", "greater than or equal to 0"),
    ("reps: {ana@handoff.example: {team: EMEA, cover: bo}}", "There is no such key here."),
    ("pools: {EMEA pool: {team: EMEA, weights: {carl@handoff.example: 2}}}", "is in Americas"),
    ("pools: {EMEA pool: {team: EMEA, weights: {ana@handoff.example: -2}}}", "A weight is"),
    ("pools: {EMEA pool: {team: EMEA, weights: {ana@handoff.example: a}}}", "not a whole number"),
    ("pools: {EMEA pool: {team: EMEA, weights: {mark@handoff.example: 2}}}", "There is no rep"),
    ("territories: {T: {segment: Nowhere, pool: EMEA pool}}", "There is no segment 'Nowhere'."),
    (
        "territories: {T: {segment: ICP, pool: EMEA pool, backup: ana@handoff.example}}",
        "].backup: Name the primary first",
    ),
    (
        "territories: {T: {segment: ICP, pool: EMEA pool, primary: ana@handoff.example, "
        "backup: ana@handoff.example}}",
        "].backup: The backup is somebody else",
    ),
    ("calendars: {C: {zone: Mars/Base}}", "calendars[\"C\"].zone: 'Mars/Base' is not a time zone"),
    ("calendars: {C: {zone: UTC, week: {monday: [09:00-09:00]}}}", "has no length"),
    ("calendars: {C: {zone: UTC, week: {monday: [9 to 5]}}}", "monday[0]: '9 to 5' is no span"),
    (
        "calendars: {C: {zone: UTC, week: {monday: [09:00-12:00, 11:00-13:00]}}}",
        'calendars["C"].week.monday: monday: 09:00-12:00 and 11:00-13:00 overlap.',
    ),
    ("calendars: {C: {zone: UTC, week: {mon: [09:00-12:00]}}}", "Did you mean 'monday'?"),
    ("calendars: {C: {zone: UTC, week: {}}}", 'calendars["C"].week: '),
    ("calendars: {C: {zone: UTC, days_off: {2026-02-30: x}}}", "'2026-02-30' is not a date"),
    ("calendars: {C: {zone: UTC, public_holidays: XX}}", "public_holidays: No public holidays"),
    ("rejection_reasons: {a: {label: A, group: b}, b: {label: B, group: a}}", "There is no group"),
    ("rejection_reasons: {a b: {label: A}}", "slug"),
    ("checklist_questions: {a: {label: A, gate: moon}}", "'moon' is none of"),
    ("checklist_questions: {a b: {label: A}}", "slug"),
    ("rejection_reasons: {a: {label: A, destination: moon}}", "'moon' is none of"),
    ("rule_set: {rules: []}", "rule_set.catch_all: This is missing."),
    ("rule_set: {catch_all: Nothing}", "rule_set.catch_all: There is no pool 'Nothing'."),
    ("rule_set: {catch_all: EMEA pool, rules: [{target: pool}]}", "rules[0].label: This is miss"),
    ("rule_set: {catch_all: EMEA pool, rules: [{label: A}]}", "rules[0].pool: Choose the pool"),
    (
        "rule_set: {catch_all: EMEA pool, rules: [{label: A, target: rep}]}",
        "rule_set.rules[0].rep: Choose the rep",
    ),
    (
        "rule_set: {catch_all: EMEA pool, rules: [{label: A, pool: EMEA pool, method: random}]}",
        "rules[0].method: 'random' is none of",
    ),
    ("policies: {P: {targets: {accept: {minutes: 0}}}}", "from 1 to sixty days"),
    ("policies: {P: {targets: {accept: {minutes: 5256000}}}}", "from 1 to sixty days"),
    ("policies: {P: {targets: {accept: {minutes: 5, bound_hours: 0}}}}", "from 1 to 1,440"),
    ("policies: {P: {targets: {accept: {minutes: 5000}}}}", "always comes before the target"),
    ("policies: {P: {targets: {call: {minutes: 5}}}}", "There is no such key here."),
    ("policies: {P: {steps: {accept: [{action: fly}]}}}", "'fly' is none of"),
    ("policies: {P: {steps: {accept: [{when: after, action: remind}]}}}", "Say how many minutes"),
    (
        "policies: {P: {steps: {accept: [{action: people, people: [x@y.example]}]}}}",
        'policies["P"].steps.accept[0].people[0]: There is nobody',
    ),
    (
        "policies: {P: {steps: {accept: [{action: remind}, {action: remind}]}}}",
        "accept[1]: There is such a step already",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[text[:60] for text, _ in WRONG])
def test_what_is_wrong_is_said_at_its_place(company, text, expected):
    found = problems(f"version: 1\n{text}\n")
    assert expected in found[0] or any(expected in one for one in found), found


def test_everything_wrong_is_said_at_once_and_nothing_is_written(company):
    before = written()
    found = problems(
        part(
            teams={"New": {"calendar": "Berlin office"}},
            reps={"x@y.example": {"team": "Nobody", "open_cap": "a"}},
            territories={"T": {"segment": "ICP", "pool": "No pool", "primary": "x@y.example"}},
            policies={"P": {"targets": {"accept": {"minutes": "soon"}}}},
        )
    )
    places = [re.match(r"\S+(?: \S+\"\])?", one).group().rstrip(":") for one in found]
    assert places == [
        'reps["x@y.example"]',
        'reps["x@y.example"].team',
        'reps["x@y.example"].open_cap',
        'territories["T"].pool',
        'policies["P"].targets.accept.minutes',
    ]
    assert written() == before and not Team.objects.filter(name="New").exists()


def test_what_is_odd_without_being_wrong_is_taken_over_and_said(company):
    Segment.objects.create(name="Everybody").conditions.all()
    company.lead()
    people = {"ana@handoff.example": 0, "bo@handoff.example": 0}
    run = take(
        part(
            reps={"ana@handoff.example": {"team": "EMEA", "daily_cap": 0}},
            pools={"EMEA pool": {"team": "EMEA", "weights": people}},
            territories={
                name: {"segment": "Everybody", "pool": "EMEA pool", "position": 1}
                for name in ("North", "South")
            },
            rule_set={
                "catch_all": "EMEA pool",
                "rules": [{"label": "Land", "target": "territory", "daily_cap": 0}],
            },
        )
    )
    odd = " ".join(one for one in said(run) if one.startswith("Look at this again"))
    assert "A cap of Ana Ruiz is 0: they get nothing." in odd
    assert "Every weight in “EMEA pool” is 0" in odd
    assert "in the territories “North” and “South”: “North” has them" in odd
    assert odd.count("in the territories “North” and “South”") == 2  # with and without rules
    assert "“Land” has a cap of 0" in odd


def test_a_changed_territory_says_what_was_published_with_the_older_one(company, cast):
    emea, icp = Pool.objects.get(name="EMEA pool"), Segment.objects.get(name="ICP")
    Territory.objects.create(name="North", segment=icp, pool=emea)
    draft = RuleSet.objects.create(catch_all=emea)
    draft.rules.create(label="Land", target="territory")
    draft.publish(by=None, now=NOW)
    text = written().replace("  North:\n", "  North:\n    primary: ana@handoff.example\n")
    run = take(text)
    assert "Rule set v2 was published with the older text of North and keeps it." in said(run)
    assert "Rule set v3 is a new draft. Compared with Rule set v2, which is live:" in said(run)


def test_checklist_questions_are_taken_over_and_written(company):
    asked = {"label": "Legal", "evidence": "A name", "gate": "answered", "position": 9}
    take(part(checklist_questions={"legal": asked | {"active": False}}))
    made = ChecklistQuestion.objects.get(code="legal")
    assert (made.label, made.gate, made.is_active) == ("Legal", "answered", False)
    assert "  legal:\n    label: Legal\n    evidence: A name\n    gate: answered" in written()
    assert "checklist_questions" not in take(written()).said


def test_reasons_keep_two_levels(company):
    take(
        part(
            rejection_reasons={
                "too_small": {"label": "Too small", "group": "no_fit"},
                "no_fit": {"label": "No fit"},
            }
        )
    )
    assert RejectionReason.objects.get(code="too_small").group.code == "no_fit"
    found = problems(
        part(rejection_reasons={
            "no_fit": {"label": "No fit", "group": "above"}, "above": {"label": "Above"},
        })
    )  # fmt: skip
    assert "rejection_reasons.no_fit.group: This is a group with reasons in it." in found[0]


# Random files: what is taken over is there and comes back; what is not is refused at a place.

EMAILS = (
    "ana@handoff.example",
    "bo@handoff.example",
    "carl@handoff.example",
    "mark@handoff.example",
)
cap = st.one_of(st.none(), st.integers(0, 40), st.sampled_from(["", "x", -1, True, 99999]))
reps = st.dictionaries(
    st.sampled_from([*EMAILS, "nobody@handoff.example"]),
    st.fixed_dictionaries(
        {"team": st.sampled_from(["EMEA", "Americas", "Mars", 7])},
        optional={
            "open_cap": cap,
            "daily_cap": cap,
            "in_rotation": st.sampled_from([True, False, "maybe"]),
            "languages": st.lists(st.sampled_from(["de", "en-GB", ""]), max_size=3),
            "calendar": st.sampled_from(["Berlin office", "Boston office", "Mars"]),
        },
    ),
    max_size=4,
)
weights = st.dictionaries(st.sampled_from(EMAILS), st.integers(-1, 4), max_size=3)
pools = st.dictionaries(
    st.sampled_from(["EMEA pool", "Fresh"]),
    st.fixed_dictionaries(
        {"team": st.sampled_from(["EMEA", "Americas"])}, optional={"weights": weights}
    ),
    max_size=2,
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from(["", "EMEA", "pool"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["rules", "team", "targets", "accept", "week", "label", "A"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)
KEYS = [one.key for one in sections() if one.key not in ("definition",)]
many = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _taken_or_refused(text):
    before = written()
    try:
        take(text)
    except document.Invalid as error:
        assert error.problems and all(one.message and one.line for one in error.problems)
        assert written() == before
    else:
        after = written()
        assert not take(text).changes and not take(after).changes and written() == after


@many
@given(reps=reps, pools=pools)
def test_any_reps_and_pools_are_taken_over_whole_or_refused(company, reps, pools):
    _taken_or_refused(part(reps=reps, pools=pools))


@many
@given(found=st.dictionaries(st.sampled_from(KEYS), anything, max_size=3))
def test_a_file_of_wrong_types_is_refused_in_words(company, found):
    _taken_or_refused(yaml.safe_dump({"version": 1, **found}, sort_keys=False))
