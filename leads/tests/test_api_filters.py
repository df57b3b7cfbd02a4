"""Lists of leads are narrowed by what rules ask for."""

import pytest

from conftest import segment
from leads.models import CustomField


@pytest.fixture
def emails(client, company):
    """The addresses that the API lists when it is asked so."""

    def ask(person="mark", **query):
        client.force_login(getattr(company.cast, person))
        answer = client.get("/api/v1/leads/", query)
        assert answer.status_code == 200, answer.content
        return {row["email"].split("@")[0] for row in answer.json()["results"]}

    return ask


@pytest.fixture(autouse=True)
def leads(company):
    company.lead("vp@acme.example", job_title="VP Sales", country="DE")
    company.lead("clerk@acme.example", job_title="Clerk", country="US")
    company.lead("owner@small.example", employer={"name": "Small", "employees": 2}, country="DE")


def test_by_any_segment_of_the_company(emails):
    segment(
        "Big DACH", ("all", "company.employees", "at_least", "200"), ("all", "country", "is", "DE")
    )
    assert emails(segment="big dach") == {"vp"}


def test_by_a_custom_field_as_soon_as_it_exists(emails, company):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    company.lead("rich@acme.example", custom={"budget": 90_000})
    segment("Rich", ("all", "custom.budget", "at_least", "50000"))
    assert emails(segment="Rich") == {"rich"}


def test_by_the_buckets_of_the_score(emails):
    assert emails(bucket="good_unready") == {"vp", "clerk"}
    segment("Not for us", ("all", "score.bucket", "is", "poor_unready"))
    assert emails(segment="Not for us") == {"owner"}


def test_by_points_and_by_country(emails):
    assert emails(min_total=30) == {"vp"}
    assert emails(min_total=25) == {"vp", "clerk"}
    assert emails(country="de", stage="lead") == {"vp", "owner"}


def test_a_segment_shows_nobody_more_than_they_may_see(emails):
    segment("Everybody", ("all", "email", "known", ""))
    assert emails(segment="Everybody") == {"vp", "clerk", "owner"}
    assert emails("ana", segment="Everybody") == set()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"segment": "Nobody"}, "segment"),
        ({"bucket": "best"}, "bucket"),
        ({"min_total": "x"}, "min_total"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(client, company, query, field):
    client.force_login(company.cast.mark)
    answer = client.get("/api/v1/leads/", query)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_a_segment_whose_conditions_broke_is_refused_too(client, company):
    segment("Broken", ("all", "job_title", "between", "x"))
    client.force_login(company.cast.mark)
    assert client.get("/api/v1/leads/", {"segment": "Broken"}).status_code == 400


def test_by_a_custom_field_itself(emails, company):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    CustomField.objects.create(
        key="plan", label="Plan", kind="choice", choices=["Big"], on="company"
    )
    company.lead(
        "rich@rich.example",
        custom={"budget": 90_000},
        employer={"name": "Rich", "domain": "rich.example", "custom": {"plan": "Big"}},
    )
    assert emails(**{"custom.budget": "90000"}) == emails(**{"custom.plan": "big"}) == {"rich"}
    assert emails(**{"custom.budget": "1"}) == set()


@pytest.mark.parametrize(
    ("name", "value"), [("custom.none", "1"), ("custom.budget", "much"), ("emial", "x")]
)
def test_what_is_no_filter_is_refused_by_its_name(client, company, name, value):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    client.force_login(company.cast.mark)
    answer = client.get("/api/v1/leads/", {name: value})
    assert answer.status_code == 400 and name in str(answer.json()["errors"])


def test_a_lead_is_read_with_all_that_was_sent(client, company):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    lead = company.lead(
        "rich@acme.example", custom={"budget": 5}, language="de", postal_code="10115"
    )
    client.force_login(company.cast.mark)
    found = client.get(f"/api/v1/leads/{lead.pk}/").json()
    assert (found["custom"], found["language"], found["postal_code"]) == (
        {"budget": 5},
        "de",
        "10115",
    )
    assert found["fit"] + found["interest"] == found["score"]
