"""A company may stand below another one; intake learns it and never closes a circle."""

import pytest

from conftest import NOW, segment
from leads.intake.companies import company_of
from leads.models import Company, Lead

ACME = {"name": "Acme", "domain": "acme.example"}


@pytest.fixture
def learn(db, source):
    lead = Lead(email="lena@acme.example")

    def said(**data):
        return company_of(ACME | data, lead=lead, source=source, now=NOW)

    return said


def test_a_parent_is_found_by_its_domain(learn):
    group = Company.objects.create(name="Group", domain="group.example")
    assert learn(parent="www.Group.example").parent == group


def test_a_parent_that_is_new_is_made_by_domain_or_by_name(learn, source):
    assert learn(parent="group.example").parent.domain == "group.example"
    named = learn(domain="other.example", parent="Holding  & Sons").parent
    assert (named.name, named.domain) == ("Holding & Sons", "")
    assert named.field_values.get().source == source


def test_a_parent_is_found_by_its_name_whatever_its_case(learn):
    group = Company.objects.create(name="Acme Group S.A.", domain="group.example")
    assert learn(parent="acme group s.a.").parent == group


def test_where_it_comes_from_is_kept_and_saying_it_again_changes_nothing(learn, source):
    company = learn(parent="group.example")
    learn(parent="group.example")
    known = company.field_values.get(field="parent")
    assert (known.value, known.source) == (company.parent_id, source)


def test_silence_leaves_the_parent_as_it_is(learn):
    learn(parent="group.example")
    assert learn().parent.domain == "group.example"


def test_a_company_is_never_its_own_parent(learn):
    assert learn(parent="acme.example").parent is None
    assert learn(parent="ACME").parent is None


def test_companies_never_stand_above_each_other_in_a_circle(learn):
    learn(parent="group.example")
    learn(name="Group", domain="group.example", parent="holding.example")
    holding = learn(name="Holding", domain="holding.example", parent="acme.example")
    assert holding.parent is None
    assert Company.objects.get(domain="group.example").parent == holding


def test_the_api_takes_the_parent_and_rules_may_ask_for_it(company):
    lead = company.lead(employer=ACME | {"parent": "Acme Group"})
    company.lead("lena@alone.example", employer={"name": "Alone"})
    group = segment("Group", ("all", "company.parent", "is", "acme group"))
    assert list(group.matching(Lead.objects.all(), today=NOW.date())) == [lead]
