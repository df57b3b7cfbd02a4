"""A list's conditions say what rules say, and hold for the same leads."""

import pytest
from django.http import QueryDict

from conftest import NOW, segment
from leads.conditions import asked, registry, terms
from leads.models import CustomField, Lead, Segment, ValueList

TODAY = NOW.date()


@pytest.fixture(autouse=True)
def leads(company):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    CustomField.objects.create(key="trial", label="In trial", kind="yes_no")
    CustomField.objects.create(key="renewal", label="Renewal", kind="date", on="company")
    CustomField.objects.create(
        key="plan", label="Plan", kind="choice", choices=["Big plan", "Small"], on="company"
    )
    rich = {"name": "Rich", "domain": "rich.example", "employees": 900, "industry": "Steel"}
    company.lead(
        "rich@rich.example",
        job_title="VP Sales",
        country="DE",
        custom={"budget": 90_000, "trial": True},
        employer=rich
        | {"tech_stack": ["Kafka"], "custom": {"plan": "Big plan", "renewal": "2026-05-01"}},
    )
    company.lead("poor@rich.example", country="US", custom={"budget": 5, "trial": False})
    company.lead("new@new.example", employer={"name": "New", "domain": "new.example"})


def emails(*wheres, **more):
    query = QueryDict(mutable=True)
    query.setlist("where", wheres)
    query.setlist("segment", more.get("segments", []))
    found = asked.asked(query, today=TODAY)
    assert not [one.problem for one in found if one.problem]
    leads = asked.narrow(Lead.objects.all(), found)
    return {lead.email.split("@")[0] for lead in leads}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("country is de", {"rich"}),
        ("country is_not DE", {"poor"}),
        ("country unknown", {"new"}),
        ("country in_list DACH", {"rich"}),
        ("job_title contains_any VP, chief", {"rich"}),
        ("company.employees at_least 850", {"rich"}),
        ("company.tech_stack has_any kafka, Spark", {"rich"}),
        ("company.domain starts_with new", {"new"}),
        ("custom.budget between 1, 10", {"poor"}),
        ("custom.trial is no", {"poor"}),
        ("custom.plan is big PLAN", {"rich"}),
        ("custom.renewal at_most 2026-12-31", {"rich"}),
        ("stage is Lead", {"poor", "rich", "new"}),
        ("behaviour not_happened pricing 30 1", {"poor", "rich", "new"}),
    ],
)
def test_a_list_is_narrowed_by_any_field(where, expected):
    assert emails(where) == expected


def test_every_field_can_be_asked_whether_it_is_known():
    for key, _ in registry.choices():
        if key != "behaviour":
            known, unknown = emails(f"{key} known"), emails(f"{key} unknown")
            assert known | unknown == {"rich", "poor", "new"} and not known & unknown, key


def test_a_list_and_a_segment_hold_the_same_leads():
    said = ("country is_not US", "custom.budget at_least 10", "company.industry is steel")
    parts = [one.split(" ", 2) for one in said]
    made = segment("Same", *(("all", *part) for part in parts))
    by_rule = {lead.email.split("@")[0] for lead in made.matching(Lead.objects.all(), today=TODAY)}
    assert emails(*said) == emails(segments=["same"]) == by_rule == {"rich"}


def test_conditions_and_segments_hold_together():
    segment("Germans", ("all", "country", "is", "DE"))
    Segment.objects.filter(name="Germans").update(persona=Segment.Persona.BUYER)
    assert emails("custom.trial known", segments=["Germans"]) == {"rich"}
    assert emails("custom.trial is no", segments=["Germans"]) == set()


@pytest.mark.parametrize(
    ("where", "column"),
    [
        ("nothing is x", "field"),
        ("custom.gone is x", "field"),
        ("country", "operator"),
        ("country at_least 5", "operator"),
        ("country is", "value"),
        ("country is a\0b", "value"),
        ("country is " + "x" * 501, "value"),
        ("company.employees is many", "value"),
        ("company.employees is " + "9" * 30, "value"),
        ("custom.renewal is tomorrow", "value"),
        ("custom.trial is perhaps", "value"),
        ("custom.plan is Huge", "value"),
        ("status in new, lost", "value"),
        ("country in_list Nowhere", "value"),
        ("behaviour happened", "signal"),
        ("behaviour happened none 30 1", "signal"),
        ("behaviour happened pricing x 1", "window_days"),
        ("behaviour happened pricing 99999 1", "window_days"),
        ("behaviour happened pricing 30 x", "value"),
    ],
)
def test_what_makes_no_sense_names_the_column_and_lists_nobody(where, column):
    with pytest.raises(terms.BadCondition) as refused:
        asked.read(where)
    assert refused.value.column == column
    query = QueryDict(mutable=True)
    query["where"] = where
    (one,) = asked.asked(query, today=TODAY)
    assert one.problem
    assert not asked.narrow(Lead.objects.all(), [one]).exists()


def test_a_segment_that_is_not_there_or_broke_lists_nobody():
    segment("Broken", ("all", "job_title", "between", "x"))
    for name in ("Nobody", "Broken", "No\0body"):
        query = QueryDict(mutable=True)
        query["segment"] = name
        found = asked.asked(query, today=TODAY)
        assert found[0].problem and not asked.narrow(Lead.objects.all(), found).exists()


def test_the_largest_numbers_are_compared():
    biggest = str(2**62)
    assert emails(f"company.employees at_least {biggest}") == set()
    assert emails(f"score.total at_most -{biggest}") == set()
    assert emails(f"custom.budget at_most {biggest}") == {"rich", "poor"}


def test_a_list_is_narrowed_by_so_many_things_and_no_more():
    query = QueryDict(mutable=True)
    query.setlist("where", [f"company.employees at_least {n}" for n in range(asked.MOST + 5)])
    found = asked.asked(query, today=TODAY)
    assert len(found) == asked.MOST + 1
    assert [one for one in found if one.problem] == found[-1:]


def test_what_is_written_is_read_again():
    ValueList.objects.create(name="My friends", values=["DE"])
    for parts in (
        {"key": "country", "operator": "in", "value": 'DE, "a, b"'},
        {"key": "country", "operator": "in_list", "value": "My friends"},
        {"key": "country", "operator": "known", "value": ""},
    ):
        assert asked.read(asked.written(**parts)) == terms.parse(*parts.values())
    text = asked.written("behaviour", "happened", "3", signal="pricing", days=30)
    assert asked.read(text)["value"] | {"signal": 0} == {
        "signal": 0,
        "signal_name": "Pricing page",
        "days": 30,
        "times": 3,
    }
