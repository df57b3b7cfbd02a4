import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from handoff_project.portal import sheet
from handoff_project.tests.portal.conftest import text
from leads.models import Lead


def rows_of(response):
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


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
    assert heading == list(sheet.COLUMNS)
    assert len(rows) == Lead.objects.count()
    found = rows_of(read.mia.get("portal:leads-export", query={"q": "cold"}))
    assert [row[1] for row in found[1:]] == ["cold@small.example"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_no_cell_is_a_formula(read, offered, start):
    Lead.objects.filter(pk=offered.lead_id).update(name=f"{start}1+1")
    rows = rows_of(read.ana.get("portal:leads-export", query={"q": "1+1"}))
    assert rows[1][0].startswith(f"'{start}")


def test_ordinary_cells_stay_as_they_are():
    assert [sheet.safe(value) for value in ("Ana", 12, None, "", "a=b")] == [
        "Ana",
        "12",
        "",
        "",
        "a=b",
    ]
