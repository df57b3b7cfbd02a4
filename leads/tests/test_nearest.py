"""The nearest miss: what is stated flips the verdict, and nothing smaller does."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from conftest import NOW, segment
from leads.models import Company as Employer
from leads.models import CustomField, Lead, MQLDefinition, Signal, SignalDay
from leads.scoring import changes, what_if
from leads.scoring.nearest import nearest_miss
from leads.tests import plain
from leads.tests.test_scoring import histories, visit

TODAY = NOW.date()
SMALL = {"name": "Small", "domain": "small.example", "employees": 150}


@pytest.fixture
def form(company):
    return MQLDefinition.objects.live().compiled


def nearest(form, lead):
    return nearest_miss(form, lead.pk, today=TODAY)


def sentences(form, lead):
    return [change.sentence for change in nearest(form, lead).changes]


def asking(form, *conditions, kind="fit", points=25):
    """The definition with one more rule, for a segment of these conditions."""
    when = segment(f"Asked {len(form['rules'])}", *conditions).form()
    added = {
        "id": 10**6 + len(form["rules"]),
        "type": "when",
        "kind": kind,
        "label": "Asked",
        "points": points,
        "group": None,
        "when": when,
    }
    return form | {"rules": [*form["rules"], added]}


def test_so_many_more_touchpoints_would_do(company, form):
    lead = company.lead()
    assert sentences(form, lead) == [
        "One more “Demo requested” would do.",
        "One more “Pricing page” would do.",
        "12 more “E-mail opened” would do.",
    ]
    assert nearest(form, lead).sentence == (
        "20 points of interest short: one more “Demo requested” would do."
    )
    visit(company, lead, 2, kind="email_open")
    found = nearest(form, lead).changes[-1]
    assert (found.kind, found.value, found.size, found.gives) == (
        "touchpoints",
        10,
        10,
        {"interest": 20},
    )


def test_an_unknown_number_is_named_with_its_range(company, form):
    lead = company.lead("a@new.example", employer={"name": "New"})
    visit(company, lead)
    found = nearest(form, lead)
    assert found.missing == {"fit": 20}
    assert [change.sentence for change in found.changes] == [
        "One more “Demo requested” would do.",
        "An MQL if Company employees were known and between 200 and 2000.",
    ]
    assert (found.changes[1].size, found.changes[1].value) == (1, 200)


def test_a_lead_without_a_company_may_get_one(company, form):
    lead = company.lead("a@nowhere.example")
    Lead.objects.update(company=None)
    visit(company, lead)
    assert "An MQL if Company employees were known and between 200 and 2000." in sentences(
        form, lead
    )


def test_a_number_changes_to_the_nearest_edge(company, form):
    lead = company.lead("a@small.example", employer=SMALL)
    visit(company, lead)
    found = nearest(form, lead).changes[1]
    assert found.sentence == "An MQL if Company employees were between 200 and 2000."
    assert found.value == 200
    assert 2 < found.size < 3


def test_of_two_edges_the_nearer_one_is_named(company, form):
    lead = company.lead("a@small.example", employer=SMALL)
    visit(company, lead)
    kept = form | {"rules": [rule for rule in form["rules"] if rule["label"] == "Pricing page"]}
    outside = asking(kept, ("none", "company.employees", "between", "20, 160"))
    assert nearest(outside, lead).sentence == "An MQL if Company employees were at least 161."
    assert nearest(outside, lead).changes[0].value == 161


def test_two_missing_things_need_more_than_one_change(company, form):
    no_track = form | {"rules": [rule for rule in form["rules"] if rule["kind"] != "fast_track"]}
    lead = company.lead("a@small.example", employer=SMALL)
    found = nearest(no_track, lead)
    assert found.changes == []
    assert found.sentence == (
        "No single change would do: 20 points of fit and 20 points of interest are missing."
    )


def test_a_do_not_pass_rule_is_named_when_nothing_single_helps(company, form):
    lead = company.lead("a@rival.example", employer={"domain": "rival.example", "employees": 800})
    found = nearest(form, lead)
    assert (found.changes, found.blocks) == ([], ["Competitor"])
    assert found.sentence == (
        "No single change would do: “Competitor” keeps it back and 20 points of interest "
        "are missing."
    )


def test_what_alone_keeps_it_back_may_be_wrong(company, form):
    lead = company.lead("a@rival.example", employer={"domain": "rival.example", "employees": 800})
    visit(company, lead)
    (found,) = nearest(form, lead).changes
    assert found.sentence == "An MQL if Company domain were not rival.example."
    assert (found.value, found.size) == (changes.OTHER, 2)


def test_a_lead_that_passes_misses_nothing(company, form):
    lead = company.lead()
    visit(company, lead)
    assert nearest(form, lead) is None


def test_without_thresholds_only_a_fast_track_is_near(company, form):
    none = form | {"thresholds": {"fit": None, "interest": None, "total": None}}
    lead = company.lead()
    assert nearest(none, lead).sentence == "One more “Demo requested” would do."
    bare = none | {"rules": [rule for rule in form["rules"] if rule["kind"] != "fast_track"]}
    assert nearest(bare, lead).sentence == (
        "No single change would do: only a fast-track rule passes a lead."
    )


@pytest.mark.parametrize(
    ("known", "conditions", "expected"),
    [
        ({}, [("all", "country", "is", "DE")], "Country were DE"),
        ({}, [("any", "country", "in", "DE, AT")], "Country were DE or AT"),
        (
            {},
            [("all", "country", "in", "DE, AT, CH, FR, IT")],
            "Country were DE, AT, CH or one of 2 more",
        ),
        ({"country": "US"}, [("all", "country", "is_not", "US")], "Country were not US"),
        ({"country": "US"}, [("all", "country", "unknown", "")], "Country were unknown"),
        ({"country": "US"}, [("none", "country", "known", "")], "Country were unknown"),
        ({"job_title": "Buyer"}, [("all", "job_title", "contains_any", "lead, VP")], "lead or VP"),
        ({}, [("all", "seniority", "starts_with", "C-")], "Seniority started with C-"),
        ({}, [("all", "seniority", "known", "")], "Seniority were known"),
        ({}, [("all", "company.tech_stack", "has_any", "SAP")], "Tech stack included SAP"),
        ({}, [("all", "company.relationship", "is", "partner")], "Relationship were partner"),
        ({}, [("all", "company.revenue", "at_most", "5")], "revenue were known and at most 5"),
        ({}, [("all", "company.revenue", "known", "")], "Company revenue were known"),
        ({}, [("all", "custom.budget", "at_least", "10")], "Budget were known and at least 10"),
        (
            {},
            [("all", "custom.renewal", "between", "2026-04-01, 2026-06-30")],
            "Renewal were known and between 2026-04-01 and 2026-06-30",
        ),
        ({}, [("all", "custom.partner_led", "is", "no")], "Partner-led were no"),
        ({}, [("all", "custom.plan", "is", "team")], "Plan were Team"),
        ({}, [("all", "custom.gone", "is", "x")], None),
        ({}, [("all", "country", "is", "Germany")], None),
        ({}, [("all", "email", "is", "else@small.example")], None),
        ({}, [("all", "opted_out", "is", "yes")], None),
        ({}, [("all", "status", "is", "connected")], None),
        ({}, [("all", "campaign", "is", "Fair")], None),
        ({}, [("all", "country", "is", "DE"), ("all", "region", "is", "Bavaria")], None),
    ],
)
def test_every_kind_of_attribute_is_said_in_words(company, form, known, conditions, expected):
    make = CustomField.objects.create
    make(key="budget", label="Budget", kind="number")
    make(key="renewal", label="Renewal", kind="date")
    make(key="partner_led", label="Partner-led", kind="yes_no")
    make(key="plan", label="Plan", kind="choice", choices=["Free", "Team"], on="company")
    gone = make(key="gone", label="Gone", kind="text")
    lead = company.lead("a@small.example", employer=SMALL, **known)
    visit(company, lead)
    kept = [rule for rule in form["rules"] if rule["label"] == "Pricing page"]
    asked = asking(form | {"rules": kept}, *conditions)
    gone.is_active = False
    gone.save()
    found = sentences(asked, lead)
    assert [expected in sentence for sentence in found] == ([True] if expected else [])


def test_a_signal_that_is_switched_off_cannot_be_shown(company, form):
    lead = company.lead()
    Signal.objects.filter(key="demo").update(is_active=False)
    assert not any("Demo" in sentence for sentence in sentences(form, lead))


def test_it_costs_the_same_however_long_the_definition_is(company, form, django_assert_num_queries):
    lead = company.lead()
    longer = asking(form, ("all", "country", "in", "DE, AT, CH"), ("all", "region", "is", "x"))
    for asked in (form, longer):
        with django_assert_num_queries(4):  # lead, days, signals, and all copies at once
            nearest(asked, lead)


def long_lists(form, rules=500, values=40):
    """The definition without its fast track, and with so many rules that each name many values."""
    fields = ("country", "region", "seniority", "department", "company.industry")
    kept = [rule for rule in form["rules"] if rule["kind"] != "fast_track"]
    for number in range(rules):
        named = [f"value {number} {one}" for one in range(values)]
        term = {"field": fields[number % len(fields)], "operator": "in", "value": named}
        when = {"name": "", "all": [term], "any": [], "none": []}
        plain = {"type": "when", "kind": "fit", "label": f"List {number}", "points": 1}
        kept.append(plain | {"id": 10**6 + number, "group": None, "when": when})
    return form | {"rules": kept}


def test_of_very_many_changes_the_smallest_are_tried_and_that_is_said(
    company, form, monkeypatch, django_assert_num_queries
):
    lead, judged = company.lead("a@small.example", employer=SMALL), []
    rows = what_if.rows

    def counted(form, imagined, *, today):
        judged.append(len(imagined))
        return rows(form, imagined, today=today)

    monkeypatch.setattr(what_if, "rows", counted)
    long = long_lists(form)
    with django_assert_num_queries(4):
        found = nearest(long, lead)
    assert judged == [changes.MOST_TRIED + 1]  # and the lead as it is
    assert (found.tried, found.is_cut, found.changes) == (changes.MOST_TRIED, True, [])
    assert found.sentence == (
        f"None of the {changes.MOST_TRIED} smallest changes would do: 20 points of fit and "
        "20 points of interest are missing."
    )


def test_what_is_found_among_very_many_is_still_the_smallest(company, form):
    lead = company.lead()
    found = nearest(long_lists(form, rules=30), lead)
    assert found.is_cut
    assert found.sentence == "20 points of interest short: one more “Pricing page” would do."


def test_of_a_number_that_very_many_rules_name_only_what_was_tried_is_said(company, form):
    lead = company.lead("a@small.example", employer=SMALL)
    visit(company, lead)
    kept = [rule for rule in form["rules"] if rule["kind"] not in ("fast_track", "fit")]
    edges = [("none", "company.employees", "is", str(10_000 + 9 * one)) for one in range(100)]
    asked = asking(form | {"rules": kept}, ("all", "company.employees", "at_least", "200"), *edges)
    assert nearest(asked, lead).sentence == "An MQL if Company employees were 200."


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=plain.plans, person=plain.people, history=histories)
def test_nothing_smaller_would_do(company, signals, plan, person, history):
    keys = [signals.pricing.pk, signals.demo.pk, signals.opened.pk]
    days: dict = {}
    for signal, ago, n in history:
        days[signal, ago] = days.get((signal, ago), 0) + n
    lead = real(company, keys, person, days)
    needed = plain.thresholds(plan, person, days)
    form = plain.compiled(plan, keys, needed)

    def passes(person, days):
        return plain.verdict(plan, person, days, needed)

    found = nearest(form, lead)
    if passes(person, days):
        assert found is None
        return
    tried = plain.every_change(plan, person, days)
    smallest = min((size for size, *changed in tried if passes(*changed)), default=None)
    assert smallest == (found.changes[0].size if found.changes else None)
    copy = what_if.imagine(lead.pk)
    for change in found.changes:
        (step,) = (
            step
            for step in changes.possible(form, copy, today=TODAY)
            if (step.subject, step.value) == (change.subject, change.value)
        )
        (judged,) = what_if.judge(form, [step.applied(copy, today=TODAY)], today=TODAY)
        assert judged["qualifies"], change
        assert passes(*plain.told(change, keys, person, days)), change
        if change.kind == "touchpoints":
            fewer = [
                plain.more(days, keys.index(change.subject), n) for n in range(1, change.value)
            ]
            assert not any(passes(person, less) for less in fewer), change
        for employees in plain.stated(change.sentence):
            assert passes(person | {"employees": employees}, days), (employees, change)


def real(company, keys, person, days):
    """The lead of the test, once, with these attributes and this history."""
    lead = Lead.objects.filter(email="h@acme.example").first() or company.lead("h@acme.example")
    rate = {} if person["rate"] is None else {"rate": person["rate"]}
    Lead.objects.filter(pk=lead.pk).update(
        country=person["country"], job_title=person["title"], attributes=rate
    )
    Employer.objects.filter(pk=lead.company_id).update(employees=person["employees"])
    SignalDay.objects.filter(lead=lead).delete()
    SignalDay.objects.bulk_create(
        SignalDay(lead=lead, signal_id=keys[signal], day=TODAY - timedelta(days=ago), n=n)
        for (signal, ago), n in days.items()
    )
    return lead
