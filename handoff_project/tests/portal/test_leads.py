import csv
import io
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from handoff_project.portal import columns
from handoff_project.portal.forms import SearchForm
from handoff_project.tests.portal.conftest import text
from leads.models import Lead, Score
from leads.spreadsheet import safe


def rows_of(response):
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def standard():
    """The headings of an export for which no columns were chosen."""
    available = columns.available()
    return [available[key].label for key in columns.STANDARD]


def test_a_rep_sees_own_leads_and_the_pools(read, offered, pooled):
    assert text(read.ana.get("portal:leads")).count("@acme.example") >= 2
    assert "No leads yet." in text(read.carl.get("portal:leads"))


@pytest.mark.parametrize("words", ["lena", "BERG acme", "acme.example", "23125"])
def test_search_finds_by_every_word(read, offered, words):
    Lead.objects.filter(pk=offered.lead_id).update(phone="+49 30 23125")
    assert "Lena Berg" in text(read.ana.get("portal:leads", query={"q": words}))


def test_a_search_without_result_offers_to_clear_it(read, offered):
    shown = text(read.ana.get("portal:leads", query={"q": "nobody"}))
    assert "No lead matches “nobody”." in shown and "Show all leads" in shown


@pytest.mark.parametrize("route", ["portal:leads", "portal:leads-export"])
@pytest.mark.parametrize("words", ["le\0na", "\0", "lena \0", "lena %ED%A0%80", "x" * 5_000])
def test_no_search_breaks_the_list(read, offered, route, words):
    address = f"{reverse(route)}?q={quote(words, safe='%')}"
    assert read.ana.client.get(address).status_code == 200


def test_what_the_database_cannot_hold_is_left_out_of_a_search(read, offered):
    assert SearchForm({"q": " le\0na\ud800 "}).words() == "lena"
    assert SearchForm({"q": "x" * 5_000}).words() == "x" * 200
    assert SearchForm({}).words() == ""
    assert "Lena Berg" in text(read.ana.get("portal:leads", query={"q": "le\0na"}))


def test_the_list_says_with_whom_a_lead_is_and_not_more_than_may_be_seen(read, company, offered):
    assert "Ana Ruiz Waiting for the rep" in text(read.mia.get("portal:leads"))
    company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    assert "Not handed over" in text(read.mark.get("portal:leads"))


def test_the_list_costs_the_same_however_long_it_is(
    read, company, offered, django_assert_num_queries
):
    with CaptureQueriesContext(connection) as short:
        read.mia.get("portal:leads")
    for _ in range(5):
        company.handoff()
    with django_assert_num_queries(len(short)):
        read.mia.get("portal:leads")


def test_the_export_has_the_rows_of_the_list(read, company, offered):
    company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    heading, *rows = rows_of(read.mia.get("portal:leads-export"))
    assert heading == standard()
    assert len(rows) == Lead.objects.count()
    found = rows_of(read.mia.get("portal:leads-export", query={"q": "cold"}))
    assert [row[1] for row in found[1:]] == ["cold@small.example"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_no_cell_is_a_formula(read, offered, start):
    Lead.objects.filter(pk=offered.lead_id).update(name=f"{start}1+1")
    rows = rows_of(read.ana.get("portal:leads-export", query={"q": "1+1"}))
    assert rows[1][0].startswith(f"'{start}")


def test_the_export_is_a_workbook_too_in_which_nothing_is_a_formula(read, company, offered):
    Lead.objects.filter(pk=offered.lead_id).update(
        name="=1+1", phone="+49 30 1", job_title="a\x0bb"
    )
    Score.objects.filter(lead=offered.lead_id).update(total=-15)
    response = read.mia.get("portal:leads-export", query={"format": "xlsx"})
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    heading, *rows = book.active.iter_rows()
    assert [cell.value for cell in heading] == standard()
    assert len(rows) == Lead.objects.count()
    shown = dict(zip(standard(), rows[0], strict=True))
    assert (shown["Name"].value, shown["Phone"].value) == ("'=1+1", "'+49 30 1")
    assert shown["Total score"].value == -15 and shown["Job title"].value == "a\ufffdb"
    assert "f" not in {cell.data_type for row in rows for cell in row}


def test_ordinary_cells_stay_as_they_are():
    cells = ("Ana", 12, -12, -0.5, None, "", "a=b")
    shown = [safe(value) for value in cells]
    assert shown == ["Ana", "12", "-12", "-0.5", "", "", "a=b"]
    assert safe("-12") == "'-12"


def test_a_negative_score_is_exported_as_a_number(read, offered):
    Score.objects.filter(lead=offered.lead_id).update(total=-15)
    heading, row, *_ = rows_of(read.ana.get("portal:leads-export", query={"q": offered.lead.email}))
    assert row[heading.index("Total score")] == "-15"
