"""What can be said of an example is what a real lead could be."""

import pytest
from django.core.exceptions import ValidationError

from conftest import NOW
from leads.conditions import facts
from leads.models import CustomField, Example, MQLDefinition
from leads.scoring import examples


@pytest.fixture
def budget(db):
    return CustomField.objects.create(key="budget", label="Budget", kind="number")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("company.employees", 10**30, "Company employees: '1000000"),
        ("company.employees", 2**31, "Company employees: Ensure this value is less than"),
        ("company.employees", -1, "Company employees: Ensure this value is greater than"),
        ("company.revenue", 2**63, "Company revenue: "),
        ("job_title", "x" * 1_000_000, "Job title: Ensure this value has at most 150"),
        ("job_title", "a\x00b", "Job title cannot be “a␀b”."),
        ("job_title", "half \ud800", "Job title cannot be “half ?”."),
        ("company.tech_stack", ["a\x00b"], "Tech stack cannot be "),
        ("company.tech_stack", ["x" * 61], "Tech stack: Item 1 in the array did not validate"),
        ("company.relationship", "friend", "Relationship: Value 'friend' is not a valid choice"),
        ("country", "Germany", "Country: Ensure this value has at most 2"),
        ("custom.budget", 10**15 + 1, "Budget: The number is too large."),
    ],
)
def test_a_value_that_no_column_has_room_for_is_refused_at_the_field(budget, key, value, said):
    example = Example(definition_id=1, name="Odd", facts={"fields": {key: value}, "did": []})
    with pytest.raises(ValidationError) as refused:
        example.clean()
    (message,) = refused.value.message_dict["facts"]
    assert message.startswith(said)
    assert len(message) < 300


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("company.employees", 2**31 - 1),
        ("company.revenue", 2**62),
        ("job_title", "x" * 150),
        ("custom.budget", -(10**15)),
    ],
)
def test_a_value_at_the_edge_can_be_judged(company, budget, key, value):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    said = {"fields": {key: value}, "did": []}
    facts.check(said)
    draft.examples.create(name="Edge", expected="fail", facts=said)
    assert len(list(examples.judged(draft.compile(), today=NOW.date()))) == 1


def test_an_example_does_not_do_endlessly_much(signals):
    once = {"signal": signals.pricing.key, "times": 1, "days_ago": 0}
    facts.check({"fields": {}, "did": [once] * facts.MOST_DID})
    with pytest.raises(facts.BadFact, match="at most 200 times"):
        facts.check({"fields": {}, "did": [once] * (facts.MOST_DID + 1)})


@pytest.mark.parametrize("line", ["x" * 1_000_000, f"Job title: {'9' * 5000}", f"{'9' * 400}: 1"])
def test_a_line_that_is_far_too_long_is_refused_in_few_words(signals, line):
    with pytest.raises(facts.BadFact) as refused:
        facts.parse(line)
    assert len(str(refused.value)) < 300
