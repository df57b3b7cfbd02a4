"""A number with a decimal point comes out of every door as it went in, and is asked for exactly."""

import io
import json

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from conftest import NOW, publish, segment
from leads import decimals
from leads.conditions import facts, judge, terms, words
from leads.configuration import document, transfer
from leads.configuration.sections import sections
from leads.imports import cells
from leads.imports.workbook import text_of
from leads.models import CustomField, Lead, MQLDefinition, RefusedEvent, Score, Segment
from leads.scoring.nearest import nearest_miss
from leads.tests.lists import text
from leads.tests.test_import_runs import load, told

TODAY = NOW.date()
ODD = [
    "1e5",
    "1E5",
    "NaN",
    "Infinity",
    "-inf",
    "0x10",
    "1.2.3",
    "1,5",
    "2.",
    "\u0663.\u0665",
    "1_0.5",
    " ",
]
TOO_EXACT = ["0.12345", "0.30000000000000004", "123456789012.3456", "9" * 5000 + ".5"]


@pytest.fixture
def rate(db):
    return CustomField.objects.create(key="rate", label="Rate", kind="number")


@pytest.fixture
def send(client, source):
    def post(rate, email="lena@acme.example"):
        body = json.dumps({"contact": {"email": email, "custom": {"rate": "RATE"}}})
        return client.post(
            "/api/v1/leads/",
            body.replace('"RATE"', str(rate)),
            content_type="application/json",
            headers={"Authorization": f"Bearer {source.token}"},
        )

    return post


def matching(operator, value, field="custom.rate"):
    found = segment(f"Asked {Segment.objects.count()}", ("all", field, operator, value))
    return found.matching(Lead.objects.all(), today=TODAY).count()


@pytest.mark.parametrize(
    ("said", "kept"),
    [("2.5", 2.5), ("-0.0001", -0.0001), (".5", 0.5), ("2.0", 2), ("2.50", 2.5), ("+7", 7)],
)
def test_one_number_is_kept_in_one_way(said, kept):
    found = decimals.number(said)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize("said", [*ODD, *TOO_EXACT, True, None, [], float("nan"), float("inf")])
def test_what_cannot_be_kept_exactly_is_no_number(said):
    with pytest.raises(decimals.NotANumber):
        decimals.number(said)


@given(whole=st.integers(-(10**11) + 1, 10**11 - 1), part=st.integers(0, 9999))
def test_a_decimal_survives_json_and_is_printed_as_it_was_written(whole, part):
    written = f"{whole}.{part:04}".rstrip("0").rstrip(".")
    kept = decimals.number(written)
    assert str(json.loads(json.dumps(kept))) == str(kept) == written


@pytest.mark.parametrize("said", [*ODD, *TOO_EXACT])
def test_a_condition_refuses_it_at_the_value(rate, said):
    with pytest.raises(terms.BadCondition) as caught:
        terms.parse("custom.rate", "at_least", said)
    assert caught.value.column == "value"


def test_conditions_compare_as_numeric_and_read_as_they_were_written(rate, send):
    send("0.3")
    for operator, value, found in [
        ("is", "0.3", 1),
        ("is", "0.30", 1),
        ("is_not", "0.3", 0),
        ("at_least", "0.3", 1),
        ("at_least", "0.3001", 0),
        ("at_most", "0.2999", 0),
        ("between", "0.25, 0.3", 1),
        ("between", "-1, 0.2999", 0),
        ("at_most", "10", 1),  # as a text, "0.3" and "10" would compare otherwise
    ]:
        assert matching(operator, value) == found, (operator, value)
    term = terms.parse("custom.rate", "between", "0.10, 2")
    assert words.sentence_of_term(term) == "Rate is between 0.1 and 2"


def test_a_column_of_whole_numbers_is_asked_for_decimals_without_rounding(company):
    company.lead(employer={"name": "Acme", "employees": 3})
    Score.objects.update(fit=-2)
    for operator, value, found in [
        ("at_least", "2.5", 1),
        ("at_least", "3.5", 0),
        ("at_most", "2.5", 0),
        ("is", "3.5", 0),
        ("is_not", "3.5", 1),
        ("between", "2.5, 3.5", 1),
    ]:
        assert matching(operator, value, "company.employees") == found, (operator, value)
    assert matching("at_most", "-2.5", "score.fit") == 0
    assert matching("at_least", "-2.5", "score.fit") == 1


def test_why_not_shows_the_number_as_it_is(rate, send):
    send("0.1")
    asked = segment("Asked", ("all", "custom.rate", "at_least", "0.25"))
    (line,) = judge.why(asked.form(), Lead.objects.get().pk, today=TODAY)
    assert (line["holds"], line["value"]) == (False, "0.1")
    assert line["sentence"] == "Rate is at least 0.25"


@pytest.mark.parametrize("said", ["0.1", "-2.5", "12345678901.2345", "3"])
def test_the_api_gives_back_what_it_was_given(rate, send, client, cast, said):
    assert send(said).status_code == 201
    client.force_login(cast.mark)
    shown = client.get("/api/v1/leads/", {"custom.rate": said})
    assert f'"rate":{said}' in shown.content.decode()


@pytest.mark.parametrize("said", ["0.12345", "0.30000000000000004", "NaN", "1e400", '"2.5"'])
def test_the_api_refuses_what_it_could_not_give_back(rate, send, said):
    assert send(said).status_code == 400
    assert not Lead.objects.exists()


def test_a_rule_on_a_decimal_scores_and_the_nearest_miss_names_it(company, rate):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.create(
        kind="fit", label="R", points=7, field="custom.rate", operator="at_least", value="0.5"
    )
    draft.fit_threshold = 32
    draft.save()
    publish(draft, now=NOW)
    lead = company.lead()
    lead.learn({"custom.rate": 0.1}, now=NOW)
    company.lead(lead.email, custom={"rate": 0.1})
    assert Score.objects.get(lead=lead).fit == 25
    company.lead(lead.email, custom={"rate": 0.5})
    assert Score.objects.get(lead=lead).fit == 32


def test_the_nearest_miss_sees_what_lies_between_two_whole_numbers(company, rate):
    lead = company.lead()
    lead.learn({"custom.rate": 9}, now=NOW)
    asked = segment(
        "Gap", ("none", "custom.rate", "at_most", "5"), ("none", "custom.rate", "at_least", "6")
    )
    form = MQLDefinition.objects.live().compiled
    rule = {"id": 10**6, "type": "when", "kind": "fast_track", "label": "Gap", "points": 0}
    added = rule | {"group": None, "when": asked.form()}
    found = nearest_miss(form | {"rules": [*form["rules"], added]}, lead.pk, today=TODAY)
    assert "An MQL if Rate were 5.5." in [change.sentence for change in found.changes]


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("2.5", 2.5),
        ("2,5", 2.5),
        ("-0.125", -0.125),
        ("1,200.50", 1200.5),
        ("1.200,50", 1200.5),
        ("1.234.567", 1_234_567),
        ("1'200.125", 1200.125),
        ("€ 99.90", 99.9),
        ("800", 800),
    ],
)
def test_a_list_may_write_numbers_as_people_do(cell, kept):
    assert cells.number(cell) == kept


@pytest.mark.parametrize("cell", ["1.200", "1,200", "12.125"])
def test_a_cell_that_can_be_read_in_two_ways_is_read_in_none(cell):
    with pytest.raises(cells.NotAValue, match="two ways"):
        cells.number(cell)


@pytest.mark.parametrize("cell", ["1e5", "NaN", "1.2.3,4", "1,2,3", "much", "0.12345", ""])
def test_a_cell_that_is_no_number_is_refused(cell):
    with pytest.raises(cells.NotAValue):
        cells.number(cell)


def test_lists_and_workbooks_bring_decimals(rate):
    rows = text("a@b.example,2.5", "b@b.example,1e5", heading="Email,Rate")
    assert [line for line, _, _ in told(load(rows))] == [3]
    book, file = Workbook(), io.BytesIO()
    for row in (["Email", "Rate"], ["c@b.example", 1.125], ["d@b.example", 0.1 + 0.2]):
        book.active.append(row)
    book.save(file)
    load(file.getvalue(), name="rates.xlsx")
    found = Lead.objects.order_by("email").values_list("attributes__rate", flat=True)
    assert list(found) == [2.5, None, 1.125, 0.3]


def test_a_workbooks_number_is_never_taken_for_thousands():
    assert (text_of(1.125), text_of(2.5), text_of(3.0)) == ("1.1250", "2.5", "3")


def test_traits_bring_decimals_and_what_is_odd_is_noted(rate, post_event):
    post_event({"email": "a@b.example", "rate": 2.5})
    post_event({"email": "b@b.example", "rate": 0.1 + 0.2})
    found = dict(Lead.objects.values_list("email", "attributes"))
    assert found == {"a@b.example": {"rate": 2.5}, "b@b.example": {}}
    assert "too exact" in RefusedEvent.objects.get().reason


@pytest.fixture
def post_event(client, source):
    def identify(traits):
        answer = client.post(
            "/v1/identify",
            json.dumps({"userId": traits["email"], "traits": traits}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {source.token}"},
        )
        assert answer.status_code == 200, answer.content

    return identify


def test_a_configuration_file_says_the_same_when_it_is_read_again(definition, rate):
    segment("Keen", ("all", "custom.rate", "between", "0.10, 2"))
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.create(
        kind="fit", label="R", points=3, field="custom.rate", operator="at_least", value="0.50"
    )
    draft.examples.create(name="X", expected="fail", facts={"fields": {"custom.rate": 0.25}})
    before, form = transfer.export(sections("draft")), draft.compile()
    assert "value: 0.5" in before and "custom.rate: 0.25" in before
    run = transfer.load(before.encode(), sections(), by=None, now=NOW)
    assert run.said["definition"] == [("note", "MQL definition v2, draft, says the same.")]
    assert transfer.export(sections("draft")) == before
    assert MQLDefinition.objects.get(pk=draft.pk).compile() == form


def test_an_example_says_a_decimal_only_where_one_can_be_kept(rate):
    said = facts.parse("Rate: 2.5\nCompany employees: 3")
    assert said["fields"] == {"custom.rate": 2.5, "company.employees": 3}
    assert "Rate: 2.5" in facts.lines(said)
    with pytest.raises(facts.BadFact, match="whole number"):
        facts.parse("Company employees: 2.5")


def test_points_thresholds_and_counts_stay_whole(definition, signals):
    with pytest.raises(terms.BadCondition, match="not a whole number"):
        terms.parse("behaviour", "happened", "2.5", signal=signals.demo, window_days=7)
    draft = MQLDefinition.draft_from_live(by=None)
    for row, name in ((draft, "fit_threshold"), (draft.rules.first(), "points")):
        setattr(row, name, "2.5")
        with pytest.raises(ValidationError, match="must be an integer"):
            row.full_clean()
    written = transfer.export(sections("draft"))
    for before, after in (("points: 25", "points: 2.5"), ("fit: 20", "fit: 2.5")):
        assert before in written
        with pytest.raises(document.Invalid) as caught:
            transfer.load(written.replace(before, after, 1).encode(), sections(), by=None, now=NOW)
        assert "'2.5' is not a whole number." in str(caught.value.problems[0])


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    value=st.decimals(-3, 3, places=2),
    operator=st.sampled_from(["is", "is_not", "at_least", "at_most", "between"]),
    low=st.decimals(-3, 3, places=2),
    more=st.decimals(0, 2, places=2),
)
def test_the_database_compares_as_exact_arithmetic_does(rate, value, operator, low, more):
    lead, _ = Lead.objects.update_or_create(
        email="a@b.example",
        defaults={"attributes": {"rate": decimals.number(str(value))}, "created_at": NOW},
    )
    asked = f"{low}, {low + more}" if operator == "between" else str(low)
    form = {"all": [terms.parse("custom.rate", operator, asked)]}
    expected = {
        "is": value == low,
        "is_not": value != low,
        "at_least": value >= low,
        "at_most": value <= low,
        "between": low <= value <= low + more,
    }[operator]
    assert judge.holds(lead.pk, {1: form}, today=TODAY) == {1: expected}
