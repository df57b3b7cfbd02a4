import json

import pytest
from django.core.exceptions import ValidationError

from conftest import NOW, publish, segment
from leads.conditions import judge, terms, words
from leads.models import Company, CustomField, Lead, MQLDefinition, Score, Segment, ValueList

TODAY = NOW.date()


@pytest.fixture
def fields(db):
    make = CustomField.objects.create
    make(key="budget", label="Budget", kind="number")
    make(key="renewal", label="Renewal date", kind="date")
    make(key="plan", label="Plan", kind="choice", choices=["Free", "Team"], on="company")
    make(key="partner_led", label="Partner-led", kind="yes_no")
    make(key="use_case", label="Use case", kind="text")


@pytest.fixture
def post(client, source):
    def send(contact, company=None):
        body = {"contact": contact} | ({"company": company} if company else {})
        return client.post(
            "/api/v1/leads/",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {source.token}"},
        )

    return send


LENA = {
    "email": "lena@acme.example",
    "custom": {
        "budget": 50_000,
        "renewal": "2026-09-30",
        "partner_led": True,
        "use_case": "Forecasting of demand",
    },
}


def matching(*conditions):
    found = segment(f"Asked {Segment.objects.count()}", *conditions)
    return found.matching(Lead.objects.all(), today=TODAY).count()


def test_values_come_in_by_the_api_with_their_provenance(post, fields):
    assert post(LENA, {"name": "Acme", "custom": {"plan": "team"}}).status_code == 201
    lead = Lead.objects.get()
    assert lead.attributes["budget"] == 50_000
    assert lead.company.attributes == {"plan": "Team"}
    assert lead.field_values.get(field="custom.renewal").value == "2026-09-30"


def test_values_that_are_not_said_stay(post, fields):
    post(LENA)
    post({"email": LENA["email"], "custom": {"budget": 1, "use_case": None}})
    attributes = Lead.objects.get().attributes
    assert (attributes["budget"], attributes["use_case"]) == (1, "Forecasting of demand")


@pytest.mark.parametrize(
    ("custom", "field"),
    [
        ({"shoe_size": 43}, "contact.custom.shoe_size"),
        ({"plan": "Team"}, "contact.custom.plan"),
        ({"budget": "much"}, "contact.custom.budget"),
        ({"budget": True}, "contact.custom.budget"),
        ({"budget": 10**400}, "contact.custom.budget"),
        ({"renewal": "soon"}, "contact.custom.renewal"),
        ({"partner_led": "yes"}, "contact.custom.partner_led"),
        ({"use_case": "nul\x00"}, "contact.custom.use_case"),
        ({"use_case": "half \ud83d"}, "contact.custom.use_case"),
        ({"use_case": "x" * 501}, "contact.custom.use_case"),
        (["budget"], "contact.custom"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_name(post, fields, custom, field):
    response = post({"email": "lena@acme.example", "custom": custom})
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (("custom.budget", "at_least", "50000"), 1),
        (("custom.budget", "between", "1, 49999"), 0),
        (("custom.budget", "unknown", ""), 1),
        (("custom.renewal", "at_most", "2026-12-31"), 1),
        (("custom.renewal", "between", "2027-01-01, 2027-12-31"), 0),
        (("custom.partner_led", "is", "yes"), 1),
        (("custom.partner_led", "is", "no"), 0),
        (("custom.use_case", "contains_any", "DEMAND, supply"), 1),
        (("custom.use_case", "starts_with", "forecast"), 1),
        (("custom.use_case", "is_not", "x"), 1),
        (("custom.plan", "is", "team"), 1),
        (("custom.plan", "in", "Free, Team"), 1),
        (("custom.plan", "unknown", ""), 1),
        (("custom.plan", "known", ""), 1),
    ],
)
def test_conditions_ask_for_custom_fields_of_every_type(post, fields, condition, found):
    post(LENA, {"name": "Acme", "custom": {"plan": "Team"}})
    post({"email": "other@nowhere.example"})
    assert matching(("all", *condition)) == found


def test_a_rule_on_a_custom_field_scores_at_once_and_outlives_the_field(company, fields):
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.create(
        kind="fit", label="Budget", points=7, field="custom.budget", operator="at_least", value="10"
    )
    publish(draft, now=NOW)
    CustomField.objects.all().delete()
    lead = company.lead()
    lead.learn({"custom.budget": 10}, now=NOW)
    company.lead(lead.email)
    assert Score.objects.get(lead=lead).fit == 32


def test_a_condition_on_a_custom_field_reads_as_a_sentence(fields):
    term = terms.parse("custom.budget", "between", "5, 10")
    assert words.sentence_of_term(term) == "Budget is between 5 and 10"
    with pytest.raises(terms.BadCondition) as caught:
        terms.parse("custom.renewal", "at_least", "tomorrow")
    assert caught.value.column == "value"


@pytest.mark.parametrize("key", ["Budget", "a__b", "1st", "a-b", "a_"])
def test_a_key_that_could_be_misread_is_refused(db, key):
    with pytest.raises(ValidationError) as caught:
        CustomField(key=key, label="X").full_clean()
    assert "key" in caught.value.message_dict


def test_a_tech_stack_is_asked_without_regard_to_case(company):
    company.lead(employer={"name": "Acme", "tech_stack": ["Salesforce", "SAP"]})
    assert Company.objects.get().tech_stack == ["Salesforce", "SAP"]
    assert matching(("all", "company.tech_stack", "has_any", "sap, hubspot")) == 1
    assert matching(("all", "company.tech_stack", "has_any", "hubspot")) == 0
    assert matching(("all", "company.tech_stack", "unknown", "")) == 0


def test_a_tech_stack_is_compared_with_a_list(company):
    ValueList.objects.create(name="Rivals", values=["sap", "HubSpot"])
    for name, stack in (("a", ["Salesforce", "SAP"]), ("b", ["Salesforce"]), ("c", [])):
        employer = {"domain": f"{name}.example", "tech_stack": stack}
        company.lead(f"x@{name}.example", employer=employer)
    assert matching(("all", "company.tech_stack", "in_list", "Rivals")) == 1
    assert matching(("all", "company.tech_stack", "not_in_list", "Rivals")) == 1
    assert matching(("none", "company.tech_stack", "in_list", "Rivals")) == 2
    term = terms.parse("company.tech_stack", "not_in_list", "Rivals")
    assert words.sentence_of_term(term) == "Tech stack has none of the list Rivals (sap, HubSpot)"


def test_behaviour_is_asked_by_times_by_days_and_since(company, signals):
    from leads.models import SignalDay

    lead = company.lead()
    for ago, n in ((1, 3), (5, 1)):
        day = TODAY.fromordinal(TODAY.toordinal() - ago)
        SignalDay.objects.create(lead=lead, signal=signals.pricing, day=day, n=n)

    def ask(operator, value, days):
        more = {"signal": signals.pricing, "window_days": days}
        return matching(("all", "behaviour", operator, value, more))

    assert (ask("happened", "4", 30), ask("happened", "5", 31)) == (1, 0)
    assert (ask("on_days", "2", 30), ask("on_days", "3", 31)) == (1, 0)
    assert (ask("not_since", "", 1), ask("not_since", "", 2)) == (1, 0)
    assert ask("not_happened", "5", 30) == 1


def test_why_not_names_the_condition_that_failed_with_the_value(company, signals):
    lead = company.lead(job_title="Student", country="DE")
    asked = segment(
        "Asked",
        ("all", "company.employees", "at_least", "1000"),
        ("any", "country", "in", "DE, AT"),
        ("none", "job_title", "contains_any", "student"),
        ("all", "behaviour", "happened", "2", {"signal": signals.pricing, "window_days": 7}),
    )
    lines = judge.why(asked.form(), lead.pk, today=TODAY)
    assert [(line["holds"], line["value"]) for line in lines] == [
        (False, "800"),
        (False, "0"),
        (True, "DE"),
        (False, "Student"),
    ]
    assert lines[0]["sentence"] == "Company employees is at least 1000"


@pytest.mark.parametrize(
    ("ago", "told"),
    [([], "never"), ([0, 9], "today"), ([1], "1 day ago"), ([40, 60], "40 days ago")],
)
def test_why_not_says_how_long_ago_it_last_happened(company, signals, ago, told):
    from leads.models import SignalDay

    lead = company.lead()
    for days in ago:
        day = TODAY.fromordinal(TODAY.toordinal() - days)
        SignalDay.objects.create(lead=lead, signal=signals.pricing, day=day, n=5)
    asked = segment(
        "Quiet",
        ("all", "behaviour", "not_since", "", {"signal": signals.pricing, "window_days": 30}),
    )
    (line,) = judge.why(asked.form(), lead.pk, today=TODAY)
    assert (line["value"], line["holds"]) == (told, told in ("never", "40 days ago"))
    assert line["sentence"] == "Pricing page did not happen in 30 days"


def test_a_rule_cannot_ask_for_the_score_it_makes(definition):
    rule = definition.rules.create(kind="fit", label="Loop", points=1)
    rule.field, rule.operator, rule.value = "score.total", "at_least", "5"
    with pytest.raises(ValidationError) as caught:
        rule.clean()
    assert "field" in caught.value.message_dict


@pytest.mark.parametrize("key", ["contains", "isnull", "exact", "has_key", "len", "gte", "year"])
@pytest.mark.parametrize("on", ["lead", "company"])
def test_a_field_may_be_called_like_a_look_up(post, db, key, on):
    CustomField.objects.create(key=key, label=key, kind="text", on=on)
    CustomField.objects.create(key="n", label="n", kind="number", on=on)
    custom = {"custom": {key: "Yes", "n": 5}}
    contact = {"email": "a@b.example"} | (custom if on == "lead" else {})
    post(contact, {"name": "Acme"} | (custom if on == "company" else {}))
    post({"email": "b@c.example"})
    for operator, value, found in [
        ("is", "yes", 1),
        ("is_not", "no", 1),
        ("in", "a, yes", 1),
        ("contains_any", "yes", 1),
        ("starts_with", "y", 1),
        ("known", "", 1),
        ("unknown", "", 1),
    ]:
        assert matching(("all", f"custom.{key}", operator, value)) == found, operator
    assert matching(("none", f"custom.{key}", "is", "yes")) == 1
    for operator, value, found in [("is", "5", 1), ("is_not", "6", 1), ("unknown", "", 1)]:
        assert matching(("all", "custom.n", operator, value)) == found, operator


def test_a_long_key_and_an_odd_choice_can_be_asked_for(post, db):
    key = "k" * 40
    field = CustomField(key=key, label="Long", kind="choice", choices=["Foo  Bar", "Baz"])
    field.full_clean()
    field.save()
    assert post({"email": "a@b.example", "custom": {key: "foo bar"}}).status_code == 201
    asked = segment("Long")
    condition = asked.conditions.model(
        segment=asked, field=f"custom.{key}", operator="is", value="Foo  Bar"
    )
    condition.full_clean()
    condition.save()
    assert asked.matching(Lead.objects.all(), today=TODAY).count() == 1
