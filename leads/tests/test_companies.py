"""Which company a lead belongs to, whatever door it came through."""

import pytest

from conftest import NOW
from leads.intake import receive
from leads.intake.addresses import company_domain, normal_email
from leads.intake.companies import key_of
from leads.intake.shapes import LeadShape
from leads.models import Company, Identity, Lead, Pending


@pytest.fixture
def arrive(db, source):
    def send(email, **company):
        shape = LeadShape(
            data={"contact": {"email": email}} | ({"company": company} if company else {})
        )
        shape.is_valid(raise_exception=True)
        return receive.receive_lead(shape.validated_data, source=source, now=NOW)[0]

    return send


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("acme.example", "acme.example"),
        ("Mail.EU.acme.co.uk", "acme.co.uk"),
        ("lena@mail.acme.co.uk", "acme.co.uk"),
        ("www.acme.de.", "acme.de"),
        ("xn--bcher-kva.example", "bücher.example"),
        ("shop.BÜCHER.example", "bücher.example"),
        ("me.github.io", "me.github.io"),
        ("co.uk", ""),
        ("lena@gmail.com", ""),
        ("lena@mailinator.com", ""),
        ("lead17@example.com", ""),
        ("lead17@crm.test", ""),
        ("example.com", "example.com"),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_a_company_is_known_by_the_registrable_domain(said, meant):
    assert company_domain(said) == meant


@pytest.mark.parametrize(
    ("said", "email", "key"),
    [
        ({"domain": "eu.globex.com", "name": "Globex"}, "a@acme.com", ("globex.com", "Globex")),
        ({"name": "Globex"}, "a@acme.com", ("acme.com", "Globex")),
        ({"domain": "gmail.com", "name": "Globex"}, "a@gmail.com", ("", "Globex")),
        ({"domain": "gmail.com"}, "a@gmail.com", None),
        ({}, "a@acme.com", ("acme.com", "")),
        ({}, "a@gmx.de", None),
    ],
)
def test_a_said_domain_comes_before_the_address_and_that_before_the_name(said, email, key):
    assert key_of(said, email) == key


def test_leads_of_one_domain_meet_in_one_company_however_it_is_written(arrive):
    first = arrive("ana@mail.bücher.example")
    second = arrive("bo@xn--bcher-kva.example", name="Bücher GmbH")
    third = arrive("carl@gmail.com", domain="shop.xn--bcher-kva.example")
    assert {lead.company_id for lead in (first, second, third)} == {Company.objects.get().pk}
    assert (Company.objects.get().name, Company.objects.get().domain) == (
        "Bücher GmbH",
        "bücher.example",
    )


def test_a_name_said_by_somebody_of_another_domain_renames_nobody(arrive):
    arrive("ana@agency.example", name="Agency", domain="agency.example")
    lead = arrive("bo@agency.example", name="Their Client", employees=12)
    assert (lead.company.name, lead.company.employees) == ("Agency", 12)


def test_names_are_the_same_in_any_case_and_white_space_but_legal_forms_tell_apart(arrive):
    first = arrive("ana@gmail.com", name="Acme  GmbH")
    assert arrive("bo@gmail.com", name="\uff21CME gmbh").company == first.company
    assert arrive("carl@gmail.com", name="Acme Inc.").company != first.company


def test_of_several_companies_of_a_name_the_oldest_is_meant(arrive):
    oldest = Company.objects.create(name="Acme", domain="acme.example")
    Company.objects.create(name="ACME", domain="acme2.example")
    assert arrive("ana@gmail.com", name="acme").company == oldest
    assert arrive("bo@acme2.example", name="acme").company.domain == "acme2.example"


def test_silence_about_the_company_leaves_it_as_it_is(arrive):
    arrive("ana@acme.example", domain="globex.example")
    assert arrive("ana@acme.example").company.domain == "globex.example"
    assert not Company.objects.filter(domain="acme.example").exists()


def test_leads_without_a_company_join_when_theirs_becomes_known(arrive, source):
    stored = [
        Lead.objects.create(email=email, created_at=NOW)
        for email in ("old@acme.example", "sub@eu.acme.example", "other@my-acme.example")
    ]
    company = arrive("new@acme.example").company
    joined = [Lead.objects.get(pk=lead.pk).company for lead in stored]
    assert joined == [company, company, None]
    assert stored[0].field_values.get(field="company").source == source
    assert Pending.objects.filter(lead=stored[1]).exists()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Ana.Berg@Acme.Example", "ana.berg@acme.example"),
        ("\uff21\uff2e\uff21@acme.example", "ana@acme.example"),
        ("ana@XN--BCHER-KVA.example", "ana@bücher.example"),
        ("ana+news@acme.example", "ana+news@acme.example"),
    ],
)
def test_an_address_has_one_form(said, meant):
    assert normal_email(said) == meant


def test_tags_name_the_same_person_where_the_setting_says_so(arrive, settings):
    assert arrive("ana+a@acme.example") != arrive("ana@acme.example")
    settings.PLUS_TAGS_ARE_ONE_PERSON = True
    assert arrive("ana+b@acme.example") == Lead.objects.get(email="ana@acme.example")
    assert not Identity.objects.filter(value="ana+b@acme.example").exists()
