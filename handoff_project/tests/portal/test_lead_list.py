"""The list of leads narrowed by any field, with the columns that somebody chose."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from conftest import segment
from handoff_project.portal import columns
from handoff_project.tests.portal.conftest import text
from leads.conditions import registry
from leads.models import CustomField, Lead, Segment

LIST, EXPORT = "portal:leads", "portal:leads-export"


@pytest.fixture(autouse=True)
def leads(company):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    CustomField.objects.create(key="trial", label="In trial", kind="yes_no")
    small = {"name": "Small", "domain": "small.example", "employees": 2}
    company.lead("rich@small.example", country="DE", custom={"budget": 900}, employer=small)
    company.lead("poor@small.example", country="US", custom={"trial": False}, employer=small)
    company.lead("new@small.example", employer=small)


@pytest.fixture
def listed(read):
    """Who is on the list and in its export when it is asked so; both must say the same."""

    def ask(person="mark", **query):
        reader = getattr(read, person)
        page = reader.get(LIST, query=query)
        assert page.status_code == 200
        _, *rows = rows_of(reader.get(EXPORT, query=query))
        shown = {lead.email for lead in page.context["page"]}
        assert {row[1] for row in rows} == shown
        assert len(rows) == page.context["page"].paginator.count
        return {email.split("@")[0] for email in shown}

    return ask


def rows_of(response):
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_list_is_narrowed_by_fields_segments_and_words_together(listed):
    segment("Germans", ("all", "country", "is", "DE"))
    assert listed(where="custom.budget at_least 500") == {"rich"}
    assert listed(where=["company.employees at_most 2", "country known"]) == {"rich", "poor"}
    assert listed(segment="Germans") == {"rich"}
    assert listed(segment="Germans", where="custom.trial is no") == set()
    assert listed(q="poor", where="custom.trial is no") == {"poor"}


def test_each_condition_is_shown_as_a_sentence_and_can_be_removed(read):
    said = {"where": ["country is DE", "custom.budget known"], "q": "rich", "columns": "country"}
    page = read.mark.get(LIST, query=said)
    assert "Country is DE" in text(page) and "Budget is known" in text(page)
    first, _ = page.context["found"].chips()
    left = read.mark.client.get(reverse(LIST) + first[1])
    assert [one.text for one in left.context["found"].asked] == ["custom.budget known"]
    assert left.context["q"] == "rich" and left.context["found"].columns[0].key == "country"


def test_a_condition_is_added_field_first_and_the_rest_is_kept(read):
    kept = {"where": "country is DE", "q": "small", "columns": "country"}
    chosen = read.mark.get(LIST, query=kept | {"field": "custom.budget"})
    assert "is between" in text(chosen) and "starts with" not in text(chosen)
    said = {"field": "custom.budget", "operator": "at_least", "value": " 500 "}
    moved = read.mark.get(LIST, query=kept | said)
    assert moved.status_code == 302
    landed = read.mark.client.get(moved.url)
    assert [one.sentence for one in landed.context["found"].asked] == [
        "Country is DE",
        "Budget is at least 500",
    ]
    assert landed.context["q"] == "small" and landed.context["found"].columns[0].key == "country"


def test_behaviour_asks_for_a_signal_and_days(read):
    assert "Pricing page" in text(read.mark.get(LIST, query={"field": "behaviour"}))
    said = {"field": "behaviour", "operator": "not_since", "signal": "pricing", "window_days": 30}
    landed = read.mark.client.get(read.mark.get(LIST, query=said).url)
    assert "Pricing page did not happen in 30 days" in text(landed)
    assert landed.context["page"].paginator.count == 3


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"field": "custom.budget", "operator": "at_least", "value": "much"}, "value"),
        ({"field": "custom.budget", "operator": "at_least"}, "value"),
        ({"field": "custom.budget", "operator": "starts_with", "value": "1"}, "operator"),
        ({"field": "custom.budget", "operator": "", "value": "1"}, "operator"),
        ({"field": "custom.trial", "operator": "is", "value": "maybe"}, "value"),
        ({"field": "status", "operator": "is", "value": "lost"}, "value"),
        ({"field": "behaviour", "operator": "happened", "window_days": "3"}, "signal"),
        ({"field": "custom.gone", "operator": "is", "value": "1"}, "field"),
        ({"field": "a\0b"}, "field"),
    ],
)
def test_what_cannot_be_added_is_said_at_its_field(read, said, at):
    page = read.mark.get(LIST, query=said | {"where": "country is DE"})
    assert page.status_code == 422 and list(page.context["condition"].errors) == [at]
    assert [lead.email for lead in page.context["page"]] == ["rich@small.example"]


@pytest.mark.parametrize(
    "query",
    [{"where": "custom.gone is 3"}, {"where": "\0"}, {"where": "country"}, {"segment": "Gone"}],
)
def test_an_address_that_cannot_be_read_lists_nobody_and_says_why(read, query):
    page = read.mark.get(LIST, query=query)
    assert page.status_code == 422
    assert "Cannot be read:" in text(page) and "Nothing is listed." in text(page)
    assert page.context["page"].paginator.count == 0
    assert reverse(LIST) in read.mark.get(EXPORT, query=query).url


def test_a_custom_field_is_a_column_and_a_filter_as_soon_as_it_is_made(read):
    CustomField.objects.create(key="plan", label="Plan wanted", kind="text", on="company")
    assert text(read.mark.get(LIST)).count("Plan wanted") == 2
    page = text(read.mark.get(LIST, query={"columns": ["custom.budget", "custom.plan"]}))
    assert "900" in page and "unknown" in page


def test_all_fields_are_exported_on_demand(read):
    heading, *rows = rows_of(read.mark.get(EXPORT, query={"columns": "all"}))
    labels = [label for key, label in registry.choices() if key != "behaviour"]
    assert set(labels) < set(heading) and {"Name", "Phone", "With", "Received"} < set(heading)
    by_email = {row[heading.index("E-mail address")]: row for row in rows}
    assert by_email["rich@small.example"][heading.index("Budget")] == "900"
    assert by_email["poor@small.example"][heading.index("In trial")] == "no"
    assert len(heading) == len(set(heading)) == len(columns.available())


def test_a_workbook_has_the_chosen_columns_and_no_formula(read):
    CustomField.objects.create(key="plan", label="=Plan", kind="text")
    Lead.objects.filter(email="rich@small.example").update(attributes={"plan": "=1+1"})
    query = {"columns": ["custom.plan"], "where": "custom.plan known", "format": "xlsx"}
    response = read.mark.get(EXPORT, query=query)
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    found = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert found == [["Name", "E-mail address", "'=Plan"], [None, "rich@small.example", "'=1+1"]]


def test_a_rep_sees_only_their_leads_whatever_is_asked(listed, company):
    mine = company.handoff_of(company.cast.ana).lead
    segment("Everybody", ("all", "email", "known", ""))
    for query in (
        {"segment": "Everybody"},
        {"where": "email known"},
        {"where": "custom.budget unknown"},
    ):
        seen = listed("ana", **query)
        assert mine.email.split("@")[0] in seen and not seen & {"rich", "poor", "new"}
        assert listed("carl", **query) == set()


def test_a_column_tells_nobody_with_whom_a_lead_is_that_they_may_not_see(read, company):
    company.handoff_of(company.cast.ana)
    assert "Ana Ruiz" in text(read.mark.get(LIST, query={"columns": "with"}))
    assert "Ana Ruiz" in read.mark.get(EXPORT, query={"columns": "with"}).content.decode()


def test_the_list_costs_the_same_however_many_rows_and_columns(
    read, company, django_assert_num_queries
):
    segment("Known", ("all", "email", "known", ""))
    Segment.objects.update(persona=Segment.Persona.BUYER)
    query = {"where": ["custom.budget unknown", "custom.trial unknown"], "segment": "Known"}
    every = list(columns.available())
    with CaptureQueriesContext(connection) as short:
        read.mia.get(LIST, query=query | {"columns": ["country"]})
    for _ in range(5):
        company.handoff()
    with django_assert_num_queries(len(short)):
        read.mia.get(LIST, query=query | {"columns": every})
    assert len(short) <= 14


def test_a_column_that_does_not_exist_is_left_out(read):
    page = read.mark.get(LIST, query={"columns": ["gone", "country", "country"]})
    assert [column.key for column in page.context["found"].columns] == ["country"]


def test_the_admin_s_list_leads_to_the_one_with_the_filters(read):
    page = read.mark.get("admin:leads_lead_changelist").content.decode()
    assert f'<a href="{reverse(LIST)}">Filter by any field or segment' in page
