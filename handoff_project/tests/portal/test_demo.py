import pytest
from django.urls import reverse

from handoff_project.tests.portal.conftest import Reader, text
from leads.models import Lead, Source

VISITOR = {
    "name": "Lena Berg",
    "email": "Lena@Acme.example",
    "company": "Acme",
    "domain": "www.acme.example",
    "employees": "800",
    "job_title": "VP Operations",
    "country": "DE",
    "message": "By Q3",
}


@pytest.fixture
def visitor(db, at, settings):
    settings.DEMO = True
    return Reader(None)


def test_a_request_becomes_a_lead_by_the_usual_door(visitor, company):
    answer = visitor.post("portal:demo", data=VISITOR)
    assert answer.url == "/demo/thanks/"
    company.score()
    lead = Lead.objects.get(email="lena@acme.example")
    assert (lead.name, lead.country, lead.stage_id) == ("Lena Berg", "DE", "mql")
    assert (lead.company.domain, lead.company.employees) == ("acme.example", 800)
    assert lead.conversion.kind == "demo_request"
    assert lead.conversion.answers == {"What would you like to see?": "By Q3"}
    assert lead.conversion.page_url == "http://testserver/demo/"
    assert lead.events.get(kind="leads.received").data["source"] == "Website form"


def test_sending_it_twice_makes_one_lead(visitor):
    for _ in range(2):
        visitor.post("portal:demo", data=VISITOR)
    assert Lead.objects.get().touchpoints.count() == 1
    assert Source.objects.count() == 1


def test_only_the_needed_is_needed(visitor):
    few = {key: VISITOR[key] for key in ("name", "email", "company")}
    assert visitor.post("portal:demo", data=few).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "", "Enter your e-mail address."),
        ("email", "nobody", "Not an e-mail address"),
        ("domain", "not a domain", "Give a bare domain, such as example.com."),
        ("employees", "-3", "greater than or equal to 1"),
        ("country", "XX", "Select a valid choice."),
        ("name", "", "Enter your name."),
        ("name", "x" * 300, "at most 200"),
    ],
)
def test_each_error_stands_at_its_field(visitor, field, value, message):
    page = visitor.post("portal:demo", data=VISITOR | {field: value})
    assert page.status_code == 422
    assert message in str(page.context["form"][field].errors)
    assert f'href="#id_{field}"' in page.content.decode()
    assert "By Q3" in page.content.decode()
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        "https://www.acme.example/",
        "http://acme.example",
        "HTTPS://Acme.example:443/about?x=1#top",
        "acme.example/",
        " www.acme.example ",
        "https://acme.example/" + "x" * 900,
    ],
)
def test_a_website_copied_from_a_browser_is_reduced_to_its_domain(visitor, typed):
    assert visitor.post("portal:demo", data=VISITOR | {"domain": typed}).status_code == 302
    assert Lead.objects.get().company.domain == "acme.example"


@pytest.mark.parametrize("typed", ["lena@acme.example", "http://[", "acme"])
def test_what_is_no_website_stays_an_error(visitor, typed):
    page = visitor.post("portal:demo", data=VISITOR | {"domain": typed})
    assert page.status_code == 422
    assert "Give a bare domain" in str(page.context["form"]["domain"].errors)


def test_a_long_address_of_the_page_is_cut(visitor):
    address = reverse("portal:demo") + "?utm=" + "x" * 2050
    assert visitor.client.post(address, VISITOR).status_code == 302
    url = Lead.objects.get().conversion.page_url
    assert url.startswith("http://testserver/demo/?utm=x") and len(url) == 2000


def test_what_the_visitor_did_not_write_is_no_field_error(visitor, monkeypatch, caplog):
    monkeypatch.setattr("handoff_project.portal.views.demo.ADDRESS", 3000)
    page = visitor.client.post(reverse("portal:demo") + "?utm=" + "x" * 2050, VISITOR)
    assert page.status_code == 422
    assert "We could not take your request in." in text(page)
    assert "2000" not in text(page) and "page_url" not in page.content.decode()
    assert "page_url" in caplog.text


def test_the_form_wants_its_token(db, settings):
    settings.DEMO = True
    assert (
        Reader(None, enforce_csrf_checks=True).post("portal:demo", data=VISITOR).status_code == 403
    )


@pytest.mark.parametrize("name", ["portal:demo", "portal:demo-thanks"])
def test_outside_the_demo_it_does_not_exist(visitor, settings, name):
    assert visitor.get(name).status_code == 200
    settings.DEMO = False
    assert visitor.get(name).status_code == 404


def test_thanks_are_said(visitor):
    assert "Thank you" in text(visitor.get("portal:demo-thanks"))
