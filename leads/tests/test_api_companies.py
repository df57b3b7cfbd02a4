"""Companies, changes of leads and names of people over the API."""

import pytest

from leads.models import Company, Event, Identity, Lead, Pending, Touchpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(client, source):
    """Call the API with a token that may do everything."""
    source.scopes = ["leads:read", "leads:write", "touchpoints:write"]
    source.save()

    def call(method, path, data=None, **headers):
        said = {"authorization": f"Bearer {source.token}"} | headers
        send = getattr(client, method)
        return send(f"/api/v1/{path}", data, content_type="application/json", headers=said)

    return call


@pytest.fixture
def acme(api):
    body = {"name": "Acme", "domain": "acme.example", "employees": 800, "parent": "Acme Group"}
    return api("post", "companies/", body).json()


def test_a_company_is_made_once_and_then_updated(api, acme):
    group = Company.objects.get(name="Acme Group")
    assert (acme["employees"], acme["parent"]) == (800, group.pk)
    again = api("post", "companies/", {"domain": "acme.example", "industry": "Retail"})
    assert (again.status_code, again.json()["id"]) == (200, acme["id"])
    assert (again.json()["industry"], again.json()["employees"]) == ("Retail", 800)
    assert api("post", "companies/", {"name": "Other"}).status_code == 201


def test_a_company_is_found_and_changed_but_not_moved(api, acme):
    (found,) = api("get", "companies/?domain=ACME.example").json()["results"]
    assert found == acme
    changed = api("patch", f"companies/{acme['id']}/", {"relationship": "customer"}).json()
    assert changed["relationship"] == "customer"
    assert api("get", f"companies/{acme['id']}/").json()["relationship"] == "customer"
    refused = api("patch", f"companies/{acme['id']}/", {"domain": "b.example"})
    assert (refused.status_code, refused.json()["errors"]) == (400, {"domain": ["Unknown field."]})
    assert api("patch", "companies/999999/", {"name": "X"}).status_code == 404


def test_a_repeated_company_gets_the_same_answer(api):
    first = api("post", "companies/", {"name": "Acme"}, **{"idempotency-key": "k1"})
    again = api("post", "companies/", {"name": "Acme"}, **{"idempotency-key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"


def test_companies_need_the_scopes_of_leads(api, source, acme):
    source.scopes = ["leads:read"]
    source.save()
    assert api("get", "companies/").status_code == 200
    assert api("post", "companies/", {"name": "B"}).status_code == 403
    assert api("patch", f"companies/{acme['id']}/", {"name": "B"}).status_code == 403
    source.scopes = ["leads:write"]
    source.save()
    assert api("get", "companies/").status_code == 403


def test_a_lead_is_changed_and_scored_anew(api):
    lead = api("post", "leads/", {"contact": {"email": "a@b.example", "name": "Ada"}}).json()
    Pending.objects.all().delete()
    url = f"leads/{lead['id']}/"
    changed = api("patch", url, {"job_title": "VP Sales", "company": {"name": "Acme"}})
    assert changed.json()["job_title"] == "VP Sales"
    assert (changed.json()["name"], changed.json()["company"]) == ("Ada", "Acme")
    assert Pending.objects.filter(lead=lead["id"]).exists()
    assert api("patch", url, {"email": "c@d.example"}).status_code == 400
    assert api("patch", "leads/999999/", {"name": "X"}).status_code == 404


def test_identify_brings_in_what_an_anonymous_visitor_did(api):
    view = {"message_id": "1", "kind": "page_view", "anonymous_id": "b1", "url": "/pricing"}
    api("post", "touchpoints/", [view])
    body = {"user_id": "u1", "anonymous_id": "b1", "email": "Lena@Acme.example",
            "traits": {"firstName": "Lena", "title": "VP Sales"}}  # fmt: skip
    answer = api("post", "identify/", body).json()
    lead = Lead.objects.get()
    assert answer == {"lead": lead.pk, "duplicate": False, "left_out": []}
    assert (lead.email, lead.name, lead.job_title) == ("lena@acme.example", "Lena", "VP Sales")
    assert Touchpoint.objects.get().lead == lead
    assert Identity.objects.filter(lead=lead).count() == 3


def test_identify_without_an_address_waits(api):
    answer = api("post", "identify/", {"user_id": "u1", "traits": {"name": "Lena"}}).json()
    assert answer["lead"] is None
    assert not Lead.objects.exists()
    answer = api("post", "identify/", {"user_id": "u1", "email": "lena@acme.example"}).json()
    assert Lead.objects.get(pk=answer["lead"]).name == "Lena"


def test_identify_says_what_it_left_out_and_what_it_had_before(api):
    body = {"email": "a@b.example", "message_id": "m1", "traits": {"country": "Nowhere"}}
    (told,) = api("post", "identify/", body).json()["left_out"]
    assert told.startswith("country:")
    assert api("post", "identify/", body).json()["duplicate"]
    assert Event.objects.filter(kind="leads.received").count() == 1


@pytest.mark.parametrize(
    "body", [{}, {"traits": {"a": 1}}, {"email": "x"}, {"user_id": "u", "x": 1}, [], None]
)
def test_an_identify_of_nobody_is_refused(api, body):
    answer = api("post", "identify/", body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
