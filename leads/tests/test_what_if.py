"""Leads on paper are judged as real ones are, and real ones never notice."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from conftest import NOW, segment
from leads.models import Campaign, CustomField, Lead, MQLDefinition, SignalDay
from leads.models import Company as Employer
from leads.scoring import what_if
from leads.scoring.explain import explain
from leads.scoring.what_if import Imagined
from leads.tests.test_scoring import visit

TODAY = NOW.date()


@pytest.fixture
def form(company):
    return MQLDefinition.objects.live().compiled


def rule(number, when, *, kind="fit", points=1):
    return {
        "id": number,
        "type": "when",
        "kind": kind,
        "label": f"Rule {number}",
        "points": points,
        "group": None,
        "when": when,
    }


def asking(form, *whens):
    """The definition with one fit point for each of these segments instead of its own rules."""
    return form | {"rules": [rule(n, when) for n, when in enumerate(whens, start=1)]}


def test_a_copy_is_judged_like_its_original(company, form):
    leads = [
        company.lead(job_title="VP Sales"),
        company.lead("a@rival.example", employer={"domain": "rival.example", "employees": 300}),
        company.lead("b@nowhere.example", employer={}),
        company.lead(conversion={"kind": "demo_request"}),
    ]
    for number, lead in enumerate(leads):
        visit(company, lead, number, days_ago=number)
    copies = [what_if.imagine(lead.pk) for lead in leads]
    originals = [explain(form, lead.pk, today=TODAY) for lead in leads]
    assert what_if.judge(form, copies, today=TODAY) == originals


def test_however_many_are_imagined_it_costs_one_query(company, form, django_assert_num_queries):
    copy = what_if.imagine(company.lead().pk)
    for count in (1, 50):
        with django_assert_num_queries(1):
            assert len(what_if.judge(form, [copy] * count, today=TODAY)) == count
    with django_assert_num_queries(0):
        assert what_if.judge(form, [], today=TODAY) == []


def test_answers_come_in_the_order_of_the_questions(form):
    sizes = [300, 3, None, 2000, 2001]
    paper = [Imagined(company={"employees": size}) for size in sizes]
    found = what_if.judge(form, paper, today=TODAY)
    assert [one["fit"] for one in found] == [25, 0, 0, 25, 0]


def test_nothing_said_is_an_unknown_lead_without_a_company(form):
    (found,) = what_if.judge(form, [Imagined()], today=TODAY)
    assert (found["total"], found["qualifies"], found["do_not_pass"]) == (0, False, False)


def test_what_it_did_counts_by_day_and_adds_up(form, signals):
    days = [
        (signals.pricing.pk, TODAY, 1, 0, 0),
        (signals.pricing.pk, TODAY, 1, 0, 0),
        (signals.opened.pk, TODAY - timedelta(days=29), 3, 0, 0),
        (signals.opened.pk, TODAY - timedelta(days=30), 3, 0, 0),
        (signals.opened.pk, TODAY + timedelta(days=1), 3, 0, 0),
    ]
    (found,) = what_if.judge(form, [Imagined(days=days)], today=TODAY)
    assert found["interest"] == 45


def test_days_said_twice_are_one_day(form, signals):
    term = {"signal": signals.pricing.pk, "signal_name": "", "days": 7, "times": 2}
    asked = asking(form, {"all": [{"field": "behaviour", "operator": "on_days", "value": term}]})
    twice = [(signals.pricing.pk, TODAY, 1, 0, 0)] * 2
    later = [*twice, (signals.pricing.pk, TODAY - timedelta(days=1), 1, 0, 0)]
    found = what_if.judge(asked, [Imagined(days=twice), Imagined(days=later)], today=TODAY)
    assert [one["fit"] for one in found] == [0, 1]


def test_related_rows_and_attributes_are_asked_for(company, form):
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    CustomField.objects.create(key="plan", label="Plan", kind="text", on="company")
    fair = Campaign.objects.create(name="Fair 2026")
    group = Employer.objects.create(name="Group")
    asked = asking(
        form,
        segment("A", ("all", "campaign", "is", "fair 2026")).form(),
        segment("B", ("all", "company.parent", "is", "Group")).form(),
        segment("C", ("all", "stage", "is", "mql")).form(),
        segment("D", ("all", "custom.budget", "at_least", "10")).form(),
        segment("E", ("all", "custom.plan", "is", "team")).form(),
        segment("F", ("all", "company.tech_stack", "has_any", "SAP")).form(),
        segment("G", ("all", "score.total", "known", "")).form(),
    )
    lead = {"campaign_id": fair.pk, "stage_id": "mql", "attributes": {"budget": 10}}
    employer = {"parent_id": group.pk, "attributes": {"plan": "Team"}, "tech_stack": ["SAP"]}
    found = what_if.rows(asked, [Imagined(lead, employer), Imagined()], today=TODAY)
    assert [[row[f"n_{n}"] for n in range(1, 8)] for row in found] == [
        [1, 1, 1, 1, 1, 1, 0],
        [0] * 7,
    ]


def test_text_is_folded_as_it_is_when_it_is_stored(form):
    paper = Imagined({"job_title": "  VP\n Sales "})
    (found,) = what_if.judge(form, [paper], today=TODAY)
    assert found["fit"] == 15


def test_real_leads_neither_count_nor_change(company, form, signals):
    lead = company.lead(job_title="VP Sales")
    visit(company, lead, 2)
    before = [list(m.objects.order_by("pk").values()) for m in (Lead, Employer, SignalDay)]
    changed = what_if.imagine(lead.pk)
    changed.lead["job_title"] = "Intern"
    changed.company["employees"] = 1
    (found,) = what_if.judge(form, [changed], today=TODAY)
    assert (found["fit"], found["interest"]) == (0, 40)
    assert before == [list(m.objects.order_by("pk").values()) for m in (Lead, Employer, SignalDay)]
    assert explain(form, lead.pk, today=TODAY)["fit"] == 40


@pytest.mark.parametrize(
    "paper",
    [
        Imagined(company={"employees": 10**12}),
        Imagined({"country": "Germany"}),
        Imagined(company={"tech_stack": ["x" * 61]}),
        Imagined({"job_title": "nul\x00"}),
    ],
)
def test_a_value_that_no_lead_could_have_is_refused_and_breaks_no_transaction(form, paper):
    with transaction.atomic():
        with pytest.raises(ValidationError):
            what_if.judge(form, [paper], today=TODAY)
        assert what_if.judge(form, [Imagined()], today=TODAY)


def test_a_real_lead_may_be_odder_than_what_is_accepted_today(company, form):
    lead = company.lead()
    Lead.objects.update(email="postmaster@localhost")
    (found,) = what_if.judge(form, [what_if.imagine(lead.pk)], today=TODAY)
    assert found["fit"] == 25


def test_a_column_that_does_not_exist_is_named(form):
    with pytest.raises(ValueError, match="Lead has no employees"):
        what_if.judge(form, [Imagined({"employees": 3})], today=TODAY)


def test_an_error_inside_leaves_nothing_behind(company, form):
    lead = company.lead()
    broken = form | {"tiers": {"A": 2**40, "B": 1, "C": 0}, "thresholds": {"fit": None}}
    with pytest.raises(KeyError), transaction.atomic():
        what_if.judge(broken, [Imagined()], today=TODAY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't'")
        assert cursor.fetchone() == (0,)
    assert explain(form, lead.pk, today=TODAY)["fit"] == 25


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_needs_no_transaction_and_may_be_in_one_that_only_reads(company, form):
    copy = what_if.imagine(company.lead().pk)
    assert not connection.in_atomic_block
    assert what_if.judge(form, [copy], today=TODAY)[0]["fit"] == 25
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION READ ONLY")
        assert what_if.judge(form, [copy], today=TODAY)[0]["fit"] == 25
