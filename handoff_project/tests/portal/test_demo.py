import re

import pytest
from django.urls import reverse

from handoff_project.demo import forms
from handoff_project.tests.portal.conftest import Reader, text
from leads.models import Lead


@pytest.fixture
def visitor(db, at, settings):
    settings.DEMO = True
    forms.make()
    return Reader(None)


def test_a_request_on_the_demo_website_becomes_a_lead_by_the_usual_door(visitor, company):
    page = visitor.get("portal:demo", query={"utm_source": "newsletter"})
    inputs = page.context["form"]
    named = {field.label: field.html_name for field in inputs.visible_fields()}
    sent = {field.html_name: field.value() or "" for field in inputs.hidden_fields()} | {
        named["Work e-mail"]: "Lena@Acme.example",
        named["Your name"]: "Lena Berg",
        named["Company"]: "Acme",
        named["Employees"]: "800",
        named["Country"]: "DE",
        named["What would you like to see?"]: "By Q3",
    }
    target = re.search(r'action="([^"]+)"', page.content.decode())[1]
    assert visitor.client.post(target, sent).url == "/forms/request-a-demo/thanks/"
    company.score()
    lead = Lead.objects.get(email="lena@acme.example")
    assert (lead.name, lead.country, lead.stage_id) == ("Lena Berg", "DE", "mql")
    assert lead.conversion.answers["What would you like to see?"] == "By Q3"
    assert lead.conversion.page_url == "http://testserver/demo/?utm_source=newsletter"
    assert lead.lead_source == "newsletter"


def test_outside_the_demo_the_website_does_not_exist(visitor, settings):
    assert visitor.get("portal:demo").status_code == 200
    settings.DEMO = False
    assert visitor.get("portal:demo").status_code == 404


def test_the_demo_company_thanks_for_a_request(visitor):
    thanks = visitor.client.get(reverse("portal:capture-thanks", args=[forms.DEMO_REQUEST]))
    assert "Somebody will call you shortly." in text(thanks)
