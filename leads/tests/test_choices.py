"""A condition on a field of choices asks for one of them, wherever it is written."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conftest import NOW, segment
from leads.conditions import registry
from leads.conditions.registry import Type
from leads.models import CustomField, MQLDefinition, Segment, SegmentCondition
from leads.tests.pages import add_row, fields


@pytest.fixture
def plan(db):
    return CustomField.objects.create(
        key="plan", label="Plan", kind="choice", choices=["Free", "Big Team"]
    )


def asked(field, operator, value):
    condition = SegmentCondition(segment=segment("S"), field=field, operator=operator, value=value)
    condition.full_clean()
    return condition


@pytest.mark.parametrize(
    ("field", "operator", "value", "said"),
    [
        ("custom.plan", "is", "Teem", "'Teem' is none of the choices of Plan: Free, Big Team."),
        ("custom.plan", "is_not", "fre", "Did you mean 'Free'?"),
        ("custom.plan", "in", "free, Bigteam", "'Bigteam' is none of the choices of Plan"),
        ("company.relationship", "is", "custommer", "Did you mean 'customer'?"),
        ("stage", "in", "mql, lost", "'lost' is none of the choices of Stage: lead, mql, sql"),
        ("score.tier", "is", "E", "'E' is none of the choices of Tier: A, B, C, D."),
        ("email_consent", "is", "yes", "'yes' is none of the choices"),
    ],
)
def test_a_value_that_is_no_choice_is_refused_at_the_value(plan, field, operator, value, said):
    with pytest.raises(ValidationError) as refused:
        asked(field, operator, value)
    (message,) = refused.value.message_dict["value"]
    assert said in message


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("custom.plan", "is", "big  TEAM"),
        ("custom.plan", "in", "Free, Big Team"),
        ("custom.plan", "unknown", ""),
        ("company.relationship", "is_not", "Customer"),
        ("score.tier", "in", "a, B"),
        ("country", "is", "anything"),
    ],
)
def test_a_choice_is_known_by_its_words_whatever_their_case(plan, field, operator, value):
    assert asked(field, operator, value).term()["field"] == field


def test_every_field_of_choices_has_some(db):
    chosen = [field for field in registry.FIELDS.values() if field.type == Type.CHOICE]
    assert chosen and all(registry.values_of(field) for field in chosen)


def test_the_admin_says_so_at_the_field(client, company, plan):
    client.force_login(company.cast.mark)
    url = reverse("admin:leads_segment_add")
    data = fields(client.get(url)) | {"name": "Payers"}
    number = add_row(
        data, "conditions", group="all", field="custom.plan", operator="is", value="Teem"
    )
    page = client.post(url, data)
    (formset,) = (inline.formset for inline in page.context["inline_admin_formsets"])
    assert list(formset.forms[number].errors) == ["value"]
    assert not Segment.objects.filter(name="Payers").exists()


def test_a_choice_that_is_taken_away_stays_asked_for_until_somebody_edits_it(client, company, plan):
    paying = segment("Paying", ("all", "custom.plan", "is", "Big Team"))
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.create(kind="fit", label="Pays", points=3, segment=paying)
    lead = company.lead(custom={"plan": "Big Team"})
    plan.choices = ["Free"]
    plan.save()
    assert list(paying.matching(type(lead).objects.all(), today=NOW.date())) == [lead]
    assert draft.compile()["rules"]
    client.force_login(company.cast.mark)
    page = client.get(reverse("admin:leads_segment_change", args=[paying.pk])).content.decode()
    assert "is none of the choices of Plan: Free." in page
