"""The matrix and the examples of a draft, and examples that are taken from leads."""

from datetime import timedelta

import pytest
from django.urls import reverse

from conftest import NOW
from leads.models import CustomField, MQLDefinition, Signal
from leads.scoring import examples, what_if
from leads.scoring.explain import explain
from leads.tests.pages import fields
from leads.tests.test_scoring import visit

TODAY = NOW.date()


@pytest.fixture
def mark(client, company):
    client.force_login(company.cast.mark)
    return client


@pytest.fixture
def draft(company):
    return MQLDefinition.draft_from_live(by=company.cast.mark)


@pytest.fixture
def send(mark, draft):
    def post(**changes):
        url = reverse("admin:leads_mqldefinition_change", args=[draft.pk])
        return mark.post(url, fields(mark.get(url)) | {"_continue": ""} | changes, follow=True)

    return post


@pytest.fixture
def lena(company):
    found = company.lead("lena@acme.example", job_title="VP Operations")
    for days_ago in (0, 3, 40):
        visit(company, found, days_ago, days_ago=days_ago)
    return found


def test_each_example_shows_its_verdict_and_score(draft, send):
    big = {"fields": {"company.employees": 800}, "did": []}
    draft.examples.create(name="Large company", expected="pass", facts=big)
    draft.examples.create(name="Unknown", expected="fail", facts={"fields": {}, "did": []})
    text = send().content.decode()
    assert "It does not pass: fit 25 + interest 0 = 25." in text
    assert (text.count("✗ Red"), text.count("✓ Green")) == (1, 1)


def test_a_draft_that_is_not_complete_judges_nothing(draft, send):
    draft.examples.create(name="Unknown", expected="fail", facts={"fields": {}, "did": []})
    draft.rules.filter(label="Decision maker").update(field="custom.gone")
    page = send()
    assert page.status_code == 200
    assert "They are judged as soon as the draft is complete." in page.content.decode()


def test_an_example_is_taken_from_a_lead_without_its_name(draft, send, lena):
    page = send(example_lead="Lena@acme.example", example_expected="pass")
    assert "“VP Operations, Acme” is an example now." in page.content.decode()
    made = draft.examples.get()
    assert made.facts["fields"]["company.employees"] == 800
    assert "lena" not in str(made.facts)
    send(example_lead="lena@acme.example")
    assert draft.examples.last().name == "VP Operations, Acme (2)"


def test_an_address_that_no_lead_has_is_refused_at_its_field(draft, send):
    page = send(example_lead="nobody@acme.example")
    assert "No lead has this e-mail address." in page.content.decode()
    assert not draft.examples.exists()


def test_saving_again_leaves_an_example_as_it_is(draft, send, lena):
    draft.examples.create(
        name="Odd", expected="fail", facts={"fields": {"company.name": "A: B"}, "did": []}
    )
    CustomField.objects.create(key="x", label="Colon: inside", kind="text")
    kept = {"fields": {"custom.x": "yes"}, "did": []}
    draft.examples.create(name="Odder", expected="fail", facts=kept)
    send()
    assert [example.facts for example in draft.examples.all()][1] == kept


def test_a_snapshot_scores_the_same_as_the_lead(company, lena, definition):
    found = examples.facts_of(lena, today=TODAY)
    ids = Signal.objects.ids_by_key()
    (judged,) = what_if.judge(
        definition.compiled, [examples.imagined(found, ids, today=TODAY)], today=TODAY
    )
    real = explain(definition.compiled, lena.pk, today=TODAY)
    assert judged == real
    assert judged["interest"] > 0


def test_a_snapshot_keeps_a_year_day_by_day_and_no_future(company, lena):
    signal = lena.signal_days.first().signal
    for days_ago, n in ((364, 2500), (365, 1), (-1, 1)):
        lena.signal_days.create(signal=signal, day=TODAY - timedelta(days=days_ago), n=n)
    did = examples.facts_of(lena, today=TODAY)["did"]
    assert [(one["days_ago"], one["times"]) for one in did][-3:] == [
        (364, 1000),
        (364, 1000),
        (364, 500),
    ]
    assert min(one["days_ago"] for one in did) >= 0


def test_the_matrix_says_what_happens_to_each_bucket_and_keeps_both_sides_words(draft, send):
    text = send(**{"guides-0-do": "Call within the hour."}).content.decode()
    assert "Handed over at once: stage MQL, status Contact and qualify." in text
    assert "Stays a lead; sales never sees it." in text
    assert draft.guides.get(bucket="good_ready").do == "Call within the hour."
    text = send(decider="marketer").content.decode()
    assert "Handed over when a marketer confirms it" in text
