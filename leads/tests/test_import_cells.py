"""What people write into cells becomes a value, or is told; nothing is guessed in silence."""

from datetime import UTC, date, datetime

import pytest

from leads.imports import cells, headings, mapping
from leads.imports.delimited import Row
from leads.imports.reading import Reading
from leads.imports.suggestion import suggested
from leads.intake.countries import country_code
from leads.models import CustomField


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("800", 800),
        ("1,200", 1200),
        ("1.200", 1200),
        ("1'200", 1200),
        ("1 200", 1200),
        ("1.234.567", 1_234_567),
        ("800.0", 800),
        ("1.2E+06", 1_200_000),
        ("-3", -3),
    ],
)
def test_whole_numbers(text, number):
    assert cells.whole(text) == number


@pytest.mark.parametrize("text", ["many", "51-200", "500+", "1.5", "12,34", "NaN", "1e999999", ""])
def test_what_is_no_whole_number_is_not_made_one(text):
    with pytest.raises(cells.NotAValue):
        cells.whole(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$1,200,000.50", 1_200_000),
        ("€ 1.200.000,00", 1_200_000),
        ("EUR 500", 500),
        ("1,200", 1200),
    ],
)
def test_amounts(text, amount):
    assert cells.money(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-31",
        "31.03.2026",
        "31/03/2026",
        "3/31/2026",
        "Mar 31, 2026",
        "31 March 2026",
        "2026/03/31",
        "2026-03-31 00:00",
    ],
)
def test_days(text):
    assert cells.day(text) == date(2026, 3, 31)


def test_a_day_that_may_be_two_is_neither_unless_the_order_is_known():
    with pytest.raises(cells.NotAValue, match="month first"):
        cells.day("03/04/2026")
    assert cells.day("03/04/2026", cells.DAY_FIRST) == date(2026, 4, 3)
    assert cells.day("03/04/2026", cells.MONTH_FIRST) == date(2026, 3, 4)


def test_times_without_a_zone_are_utc():
    assert cells.moment("03/31/2026 4:05 PM") == datetime(2026, 3, 31, 16, 5, tzinfo=UTC)
    assert cells.moment("2026-03-31T10:00:00+02:00").astimezone(UTC).hour == 8


def test_other_days_of_a_list_tell_which_comes_first():
    assert cells.order_of(["03/04/2026", "31/03/2026"]) == cells.DAY_FIRST
    assert cells.order_of(["03/04/2026", "03/31/2026"]) == cells.MONTH_FIRST
    assert cells.order_of(["31/03/2026", "03/31/2026", "x"]) == ""


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("https://www.acme.example/about?x=1", "www.acme.example"),
        ("acme.example/x", "acme.example"),
        ("http://me:secret@acme.example:8080", "acme.example"),
        ("acme.example", "acme.example"),
        ("http://[", "http://["),
    ],
)
def test_web_addresses(text, bare):
    assert cells.domain(text) == bare


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        ("deu", "DE"),
        ("Deutschland", "DE"),
        ("Allemagne", "DE"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("the United States", "US"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Korea, Republic of", "KR"),
        ("South Korea", "KR"),
        ("Türkiye", "TR"),
        ("Cote d'Ivoire", "CI"),
        ("日本", "JP"),
        ("Россия", "RU"),
        ("Congo", "CG"),
        ("Zamunda", ""),
        ("Virgin Islands", ""),
        ("EU", ""),
        ("", ""),
    ],
)
def test_countries(text, code):
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("heading", "target"),
    [
        ("Email Address", "email"),
        ("E-Mail", "email"),
        ("emailaddress1", "email"),
        ("Person - Email - Work", "email"),
        ("firstname", "first_name"),
        ("FirstName", "first_name"),
        ("Prénom", "first_name"),
        ("Job Title", "job_title"),
        ("Company / Account", "company.name"),
        ("Organization - Name", "company.name"),
        ("companyname", "company.name"),
        ("Company Domain Name", "company.domain"),
        ("Website URL", "company.domain"),
        ("No. of Employees", "company.employees"),
        ("NumberOfEmployees", "company.employees"),
        ("companynumber_of_employees", "company.employees"),
        ("Annual Revenue", "company.revenue"),
        ("Country/Region", "country"),
        ("State/Province", "region"),
        ("Zip/Postal Code", "postal_code"),
        ("Lead Source", "lead_source"),
        ("Original Traffic Source", "lead_source"),
        ("Create Date", "created_at"),
        ("date_added", "created_at"),
        ("Email Opt Out", "opted_out"),
        ("Unsubscribed from all email", "opted_out"),
        ("Favourite colour", ""),
        ("", ""),
    ],
)
def test_headings_of_other_systems_are_known(heading, target):
    assert headings.target_of(heading) == target


def suggestion(names, *rows, create=False):
    found = Reading(headings=names)
    return suggested(found, [Row(n, list(row)) for n, row in enumerate(rows, 2)], create=create)


def test_each_field_goes_to_the_column_that_says_it_most_plainly(db):
    assert suggestion(["Website", "Company Domain Name", "Email"]) == [
        "",
        "company.domain",
        "email",
    ]
    assert suggestion(["Email", "Email"]) == ["email", ""]


def test_a_title_that_is_a_salutation_is_no_job_title(db):
    names = ["Email", "Title"]
    assert suggestion(names, ("a@x.example", "Mr"), ("b@x.example", "Dr."))[1] == ""
    assert suggestion(names, ("a@x.example", "CEO"), ("b@x.example", "Dr."))[1] == "job_title"


def test_addresses_are_known_by_their_looks(db):
    assert suggestion(["", "Who"], ("1", "a@x.example"), ("2", "b@x.example")) == ["", "email"]


def test_custom_fields_are_found_by_label_or_key_and_new_ones_get_a_type(db):
    CustomField.objects.create(key="budget_2026", label="Budget this year", kind="number")
    names = ["Email", "Budget this year", "Seats", "VIP", "Renewal", "Note", "Nothing"]
    row = ("a@x.example", "5", "12", "yes", "2026-03-31", "hello", "")
    assert suggestion(names, row) == ["email", "custom.budget_2026", "", "", "", "", ""]
    assert suggestion(names, row, create=True)[2:] == [
        "new.lead.number",
        "new.lead.yes_no",
        "new.lead.date",
        "new.lead.text",
        "",
    ]


BAD = [
    (["name", ""], "No column is the e-mail address"),
    (["email", "email"], "both are to be"),
    (["email", "shoe_size"], "there is no field"),
    (["email", "custom.none"], "there is no field"),
    (["email"], "has 1 columns"),
]


@pytest.mark.parametrize(("targets", "words"), BAD)
def test_a_mapping_that_makes_no_sense_is_refused_with_the_column(db, targets, words):
    with pytest.raises(mapping.BadMapping, match=words):
        mapping.check(targets, Reading(headings=["Mail", "Other"]))


def test_a_mapping_file_says_what_each_heading_means(db):
    said = mapping.from_yaml("columns:\n  Mail: email\n  Seats: new.number\nencoding: cp1252\n")
    found = Reading(headings=["Mail", "Seats", "Else"])
    assert mapping.in_order(said["columns"], found) == ["email", "new.lead.number", ""]
    again = mapping.from_yaml(mapping.as_yaml(["email", "", "job_title"], found))
    assert mapping.in_order(again["columns"], found) == ["email", "", "job_title"]
    with pytest.raises(mapping.BadMapping, match="no column “Phone”"):
        mapping.in_order({"Phone": "phone"}, found)


@pytest.mark.parametrize("text", ["- a", "columns: [a]", "{", "colour: red", "x"])
def test_what_is_no_mapping_file_is_refused(text):
    with pytest.raises(mapping.BadMapping):
        mapping.from_yaml(text)


def test_columns_of_the_same_name_are_told_apart_by_their_number():
    assert mapping.names_of(Reading(headings=["Email", "Email", ""])) == [
        "Email #1",
        "Email #2",
        "Column #3",
    ]
