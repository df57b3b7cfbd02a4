"""A draft of many rules: as many queries as for a few, and no more rules than can be scored."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import CustomField, MQLDefinition, Segment
from leads.tests.pages import fields

DID = {"times": 1, "days_ago": 2}


def page_of(draft):
    return reverse("admin:leads_mqldefinition_change", args=[draft.pk])


@pytest.fixture
def mark(client, company):
    client.force_login(company.cast.mark)
    return client


@pytest.fixture
def draft(company):
    return MQLDefinition.draft_from_live(by=company.cast.mark)


def more_rules(draft, n):
    CustomField.objects.get_or_create(key="budget", defaults={"label": "B", "kind": "number"})
    icp, signal = Segment.objects.get(name="ICP"), draft.rules.get(label="Pricing page").signal
    for number in range(n):
        make = {"position": 10 + number, "kind": "fit", "label": f"More {number}", "points": 1}
        draft.rules.create(**make, segment=icp)
        draft.rules.create(**make, field="custom.budget", operator="is", value="5")
        draft.rules.create(**make | {"kind": "interest"}, signal=signal, window_days=9)
        said = {"fields": {"custom.budget": number}, "did": [{**DID, "signal": signal.key}]}
        name = f"Lead {draft.examples.count()}"
        draft.examples.create(name=name, expected="fail", facts=said)


def test_a_page_asks_the_database_as_often_however_many_rules_and_examples_there_are(mark, draft):
    def queries(ask):
        with CaptureQueriesContext(connection) as asked:
            ask()
        return len(asked)

    def read():
        return mark.get(page_of(draft))

    def save():
        return mark.post(page_of(draft), data | {"_continue": ""})

    more_rules(draft, 2)
    data = fields(read()) | {"_continue": ""}
    save()
    few = queries(read), queries(save)
    more_rules(draft, 20)
    data = fields(read())
    save()
    assert (queries(read), queries(save)) == few
    assert max(few) <= 52, few


def test_too_many_rules_are_refused_at_the_sign_off_with_words(mark, draft, monkeypatch):
    for module in ("leads.models.definition", "leads.scoring.checks", "leads.admin.definition"):
        monkeypatch.setattr(f"{module}.MOST_RULES", 5)
    data = fields(mark.get(page_of(draft))) | {"_publish": ""}
    page = mark.post(page_of(draft), data, follow=True)
    text = page.content.decode()
    assert "6 rules are in force, and a version can have at most 5." in text
    assert "6 rules are in force; it can be put up for sign-off with 5." in text
    draft.refresh_from_db()
    assert draft.is_draft
