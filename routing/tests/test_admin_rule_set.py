"""RevOps edits who gets which lead."""

import pytest
from django.urls import reverse

from leads.models import Segment
from leads.tests.pages import add_row, fields
from routing.models import Pool, RuleSet

ADD = "admin:routing_ruleset_add"


def change(version):
    return reverse("admin:routing_ruleset_change", args=[version.pk])


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


def test_the_first_rule_set_needs_a_catch_all(ren, cast):
    data = fields(ren.get(reverse(ADD)))
    page = ren.post(reverse(ADD), data)
    assert "catch_all" in page.context["adminform"].form.errors
    pool = Pool.objects.create(name="Everyone", team=cast.emea)
    ren.post(reverse(ADD), data | {"catch_all": pool.pk, "_continue": ""})
    first = RuleSet.objects.get()
    ren.post(change(first), fields(ren.get(change(first))) | {"_publish": ""})
    assert RuleSet.objects.live() == first


def test_a_draft_of_the_live_set_is_edited_and_published(ren, rule_set):
    ren.post(reverse("admin:routing_ruleset_draft", args=[rule_set.pk]))
    draft = RuleSet.objects.get(state="draft")
    data = fields(ren.get(change(draft))) | {"_publish": ""}
    emea = Pool.objects.get(name="EMEA pool")
    rule = {"label": "Claimed", "position": 2, "pool": emea.pk, "method": "claim"}
    segment = Segment.objects.create(name="Everyone else")
    add_row(data, "rules", segment=segment.pk, **rule)
    ren.post(change(draft), data)
    live = RuleSet.objects.live()
    assert live == draft
    assert [rule["label"] for rule in live.compiled["rules"]] == [
        "United States",
        "Claimed",
        "Catch-all",
    ]


def test_it_is_read_in_words(client, cast, rule_set):
    client.force_login(cast.mia)
    page = client.get(change(rule_set)).content.decode()
    assert "United States: Country is US. Americas pool, round robin." in page
    assert "Catch-all: every lead. EMEA pool, round robin." in page


def test_the_published_set_stays_as_it_is(ren, rule_set):
    assert ren.post(change(rule_set), {"note": "x"}).status_code == 403
    gone = ren.post(reverse("admin:routing_ruleset_delete", args=[rule_set.pk]))
    assert gone.status_code == 403


@pytest.mark.parametrize("who", ["mark", "mia"])
def test_nobody_else_edits_it(client, cast, rule_set, who):
    client.force_login(getattr(cast, who))
    draft = RuleSet.draft_from_live()
    assert client.post(change(draft), {"_publish": ""}).status_code == 403
    assert client.post(reverse(ADD)).status_code == 403
