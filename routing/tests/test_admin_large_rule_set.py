"""A rule set of 200 rules: a page of bounded weight, with as many queries as for a few."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import segment
from leads.tests.pages import fields
from routing.models import Pool, Rule, RuleSet

LARGEST = 400_000  # bytes of a page with 200 rules


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


@pytest.fixture
def draft(rule_set):
    return rule_set.draft_from_this()


def add_rules(draft, count):
    """Rules for a segment each, to pools and a named rep in turn."""
    emea = Pool.objects.get(name="EMEA pool")
    rep, first = emea.team.reps.first(), draft.rules.count()
    for number in range(first, first + count):
        asked = segment(f"Band {number}", ("all", "company.employees", "at_least", str(number)))
        to = {"target": "rep", "rep": rep} if number % 5 == 0 else {"pool": emea}
        draft.rules.create(label=f"Rule {number}", position=number, segment=asked, **to)


def page_of(version):
    return reverse("admin:routing_ruleset_change", args=[version.pk])


def test_a_page_asks_the_database_as_often_however_many_rules_there_are(ren, draft):
    def queries(version):
        with CaptureQueriesContext(connection) as asked:
            page = ren.get(page_of(version))
        assert page.status_code == 200
        return len(asked), len(page.content)

    add_rules(draft, 4)
    assert b"_unfold" not in ren.get(page_of(draft)).content
    few, _ = queries(draft)
    add_rules(draft, 50)
    queries(draft)
    few, _ = queries(draft)
    add_rules(draft, 145)
    many, size = queries(draft)
    assert draft.rules.count() == 200
    assert many == few <= 40, (few, many)
    assert b"_unfold" in ren.get(page_of(draft)).content
    assert size <= LARGEST, size
    draft.publish(by=None, now=draft.published_at or RuleSet.objects.live().published_at)
    _, size = queries(draft)
    assert size <= LARGEST, size


def test_of_many_rules_one_is_unfolded_and_saving_keeps_the_others_as_they_are(ren, draft):
    add_rules(draft, 49)
    draft.rules.filter(label="Rule 7").update(
        skills=["banks", "health"], open_cap=4, working_hours=True, is_active=False
    )
    columns = [field.attname for field in Rule._meta.concrete_fields]
    before = list(draft.rules.order_by("position", "pk").values_list(*columns))
    rule = draft.rules.get(label="Rule 9")
    page = ren.get(page_of(draft))
    asked = ren.post(page_of(draft), fields(page) | {"_unfold": rule.pk})
    assert asked.url == f"{page_of(draft)}?unfold={rule.pk}#rule-{rule.pk}"
    renumbered = list(draft.rules.order_by("position", "pk").values_list(*columns))
    at = columns.index("position")
    assert [row[:at] + row[at + 1 :] for row in renumbered] == [
        row[:at] + row[at + 1 :] for row in before
    ]
    page = ren.get(asked.url)
    text = page.content.decode()
    assert f'id="rule-{rule.pk}"' in text and text.count("<select") < 15
    data = fields(page)
    (name,) = [name for name, value in data.items() if value == "Rule 9"]
    ren.post(asked.url, data | {name: "Another", "_continue": ""})
    rule.refresh_from_db()
    assert rule.label == "Another"
    assert draft.rules.get(label="Rule 7").skills == ["banks", "health"]
