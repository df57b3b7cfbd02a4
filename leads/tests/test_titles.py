"""A job title tells how senior somebody is, and where they work, until somebody says so."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.enrichment import answers
from leads.intake import titles
from leads.models import EnrichmentProvider, FieldValue, ImportRun, Lead, Mapping
from leads.tests.lists import counts, load, run, state, text, told

HEADING = "email,job title,seniority"
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("title", "seniority", "department"),
    [
        ("Vice President, Sales", "VP", "Sales"),
        ("President", "C-level", ""),
        ("C.E.O.", "C-level", ""),
        ("Managing Director", "C-level", ""),
        ("Director of Logistics", "Director", "Logistics"),
        ("Executive Assistant to the CEO", "Entry", ""),
        ("Account Executive", "Specialist", "Sales"),
        ("Product Owner", "Manager", "Product"),
        ("Chief Information Officer", "C-level", "IT"),
        ("Demand Generation Manager", "Manager", "Marketing"),
        ("Demand Planner", "Specialist", "Planning"),
        ("Leiter:in Einkauf", "Director", "Procurement"),
        ("GESCHÄFTSFÜHRERIN", "C-level", ""),
        ("Werkstudent Logistik", "Entry", "Logistics"),
        ("Responsable des achats", "Manager", "Procurement"),
        ("Director(a) general", "Director", ""),
        ("Gardener", "", ""),
        ("Itinerant", "", ""),
        ("", "", ""),
    ],
)
def test_a_title_is_read_word_by_word(title, seniority, department):
    assert titles.read(title) == {"seniority": seniority, "department": department}


@pytest.fixture
def ada(db):
    load(text("ada@lovelace.test", heading="email"))
    return Lead.objects.get()


def test_what_nobody_said_is_read_from_the_title_and_marked_as_such(ada):
    assert ada.learn({"job_title": "VP Sales"}, now=NOW) == {"job_title", "seniority", "department"}
    ada.refresh_from_db()
    assert (ada.seniority, ada.department) == ("VP", "Sales")
    derived = FieldValue.objects.filter(lead=ada, is_derived=True)
    assert set(derived.values_list("field", flat=True)) == {"seniority", "department"}
    assert ada.learn({"job_title": "VP Sales"}, now=NOW) == set()


def test_it_follows_the_title_and_falls_with_it(ada):
    ada.learn({"job_title": "VP Sales"}, now=NOW)
    ada.learn({"job_title": "Marketing manager"}, now=NOW + HOUR)
    assert (ada.seniority, ada.department) == ("Manager", "Marketing")
    ada.learn({"job_title": "Gardener"}, now=NOW + 2 * HOUR)
    assert (ada.seniority, ada.department) == ("", "")


def test_what_somebody_said_holds_whatever_the_title_says(ada):
    ada.learn({"seniority": "Board", "job_title": "VP Sales"}, now=NOW)
    assert (ada.seniority, ada.department) == ("Board", "Sales")
    ada.learn({"job_title": "Marketing manager"}, now=NOW + HOUR)
    assert (ada.seniority, ada.department) == ("Board", "Marketing")


def test_what_was_said_before_the_title_came_still_counts_when_it_arrives_late(ada):
    ada.learn({"job_title": "VP Sales"}, now=NOW)
    ada.learn({"seniority": "Board"}, now=NOW + HOUR, observed_at=NOW - HOUR)
    assert ada.seniority == "Board"


def test_a_title_that_is_older_than_the_one_we_know_tells_nothing(ada):
    ada.learn({"job_title": "VP Sales"}, now=NOW)
    ada.learn({"job_title": "Marketing intern"}, now=NOW + HOUR, observed_at=NOW - HOUR)
    assert (ada.job_title, ada.seniority, ada.department) == ("VP Sales", "VP", "Sales")


def test_what_is_read_is_said_in_the_words_that_were_agreed(ada, cast):
    mapping = Mapping(field="seniority", said="VP", means="Vice president")
    mapping.full_clean()
    mapping.decide(by=cast.mark, now=NOW)
    ada.learn({"job_title": "VP Sales"}, now=NOW)
    assert ada.seniority == "Vice president"
    ada.learn({"job_title": "Sales director"}, now=NOW + HOUR)
    assert ada.seniority == "Director"


def test_a_list_says_it_as_well_without_complaint_and_again_without_change(db):
    rows = text("a@b.example,VP Sales,", "a@b.example,,Board", heading=HEADING)
    done = load(rows)
    assert Lead.objects.get().seniority == "Board"
    assert told(done) == []
    before = state()
    assert counts(load(rows)) == {"unchanged": 2}
    assert state() == before


def test_a_list_that_is_undone_takes_along_what_was_read_from_its_titles(ada):
    ada.learn({"job_title": "Marketing intern"}, now=NOW)
    done = load(text("ada@lovelace.test,VP Sales,", heading=HEADING))
    ada.refresh_from_db()
    assert (ada.seniority, ada.department) == ("VP", "Sales")
    run(done.batch, ImportRun.Kind.UNDO, now=NOW + HOUR)
    ada.refresh_from_db()
    assert (ada.job_title, ada.seniority, ada.department) == (
        "Marketing intern",
        "Entry",
        "Marketing",
    )
    newest = ada.field_values.filter(field="seniority").latest("known_at", "pk")
    assert newest.is_derived


def test_a_provider_knows_better_than_a_title(ada):
    provider = EnrichmentProvider(name="People", url="https://provider.example/{email}")
    provider.save()
    ada.learn({"job_title": "VP Sales"}, now=NOW)
    found = {"seniority": "Board", "job_title": "Clerk"}
    answers.learn(provider, ada, None, found, now=NOW + HOUR)
    assert (ada.job_title, ada.seniority) == ("VP Sales", "Board")
