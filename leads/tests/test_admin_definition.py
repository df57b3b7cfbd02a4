"""Marketing edits the definition: a draft of what is live, in rows and in words, then published."""

import pytest
from django.urls import reverse

from leads.models import MQLDefinition
from leads.tests.pages import add_row, fields

EDIT = {"is_active": "on", "kind": "interest", "position": 7, "label": "", "points": 0, "per": 1}


def change(version):
    return reverse("admin:leads_mqldefinition_change", args=[version.pk])


@pytest.fixture
def mark(client, company):
    client.force_login(company.cast.mark)
    return client


@pytest.fixture
def draft(company):
    return MQLDefinition.draft_from_live(by=company.cast.mark)


def test_the_published_version_is_read_in_words(mark, definition):
    page = mark.get(change(definition))
    text = page.content.decode()
    assert "When fit is at least 20 and interest is at least 20" in text
    assert "Never pass when Company domain is one of rival.example" in text
    assert "+20 points: Pricing page, each time in 30 days, at most 40" in text
    assert "A from 80 points, B from 60, C from 40, D below." in text
    assert page.context["inline_admin_formsets"] == []
    assert "_publish" not in text


def test_the_published_version_cannot_be_changed_or_deleted(mark, definition):
    assert mark.post(change(definition), {"note": "Sneaky"}).status_code == 403
    gone = mark.post(reverse("admin:leads_mqldefinition_delete", args=[definition.pk]))
    assert gone.status_code == 403
    definition.refresh_from_db()
    assert definition.note == ""


def test_a_button_makes_a_draft_with_the_same_rules(mark, definition):
    url = reverse("admin:leads_mqldefinition_draft", args=[definition.pk])
    assert mark.get(url).status_code == 405
    response = mark.post(url)
    draft = MQLDefinition.objects.get(version=2)
    assert response.url == change(draft)
    assert (draft.state, str(draft.created_by)) == ("draft", "Mark Lind")
    assert draft.rules.count() == definition.rules.count()


def test_adding_asks_first_and_then_drafts_from_the_live_version(mark, definition):
    url = reverse("admin:leads_mqldefinition_add")
    assert b"MQL definition v1" in mark.get(url).content
    assert MQLDefinition.objects.count() == 1
    mark.post(url)
    assert MQLDefinition.objects.get(version=2).fit_threshold == 20


def test_the_first_definition_begins_as_an_empty_draft(client, cast):
    client.force_login(cast.mark)
    client.post(reverse("admin:leads_mqldefinition_add"))
    first = MQLDefinition.objects.get()
    assert (first.version, first.state, first.rules.count()) == (1, "draft", 0)


def test_what_both_sides_sign_is_what_scoring_reads(mark, company, definition, draft, signals):
    data = fields(mark.get(change(draft))) | {"fit_threshold": "15", "_publish": ""}
    row = EDIT | {"label": "Opened a lot", "signal": signals.opened.pk, "window_days": 14}
    add_row(data, "rules", **row | {"points": 12, "per": 5})
    response = mark.post(change(draft), data)
    assert response.url == f"/definition/{draft.version}/"
    for person in ("mark", "mia"):
        mark.force_login(getattr(company.cast, person))
        mark.post(f"/definition/{draft.version}/approval/")
    mark.force_login(company.cast.mark)
    page = mark.post(f"/definition/{draft.version}/publication/", {"now": "1"}, follow=True)
    assert "It holds from now on" in page.content.decode()
    live = MQLDefinition.objects.live()
    assert live == draft
    assert live.compiled["thresholds"]["fit"] == 15
    assert live.compiled["rules"][-1]["label"] == "Opened a lot"
    assert (live.compiled["rules"][-1]["points"], live.compiled["rules"][-1]["per"]) == (12, 5)
    assert str(live.published_by) == "Mark Lind"
    definition.refresh_from_db()
    assert definition.state == "retired"


def test_saving_alone_publishes_nothing_and_shows_the_words(mark, definition, draft):
    data = fields(mark.get(change(draft))) | {"interest_threshold": "35", "_continue": ""}
    page = mark.post(change(draft), data, follow=True)
    assert "interest is at least 35" in page.content.decode()
    assert MQLDefinition.objects.live() == definition


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"field": "company.employees", "operator": "between", "value": "2000, 200"}, "value"),
        ({"field": "job_title", "operator": "at_least", "value": "3"}, "operator"),
        ({"field": "behaviour", "operator": "happened", "value": "1"}, "signal"),
        ({"field": "job_title", "operator": "is", "value": "VP", "per": 0}, "per"),
        ({}, "__all__"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_column(mark, draft, row, column):
    data = fields(mark.get(change(draft)))
    number = add_row(data, "rules", **EDIT | {"label": "Odd"} | row)
    page = mark.post(change(draft), data)
    formsets = (inline.formset for inline in page.context["inline_admin_formsets"])
    (formset,) = (found for found in formsets if found.prefix == "rules")
    assert list(formset.forms[number].errors) == [column]
    assert page.content.decode().count("errorlist") > 0


def test_a_definition_that_nothing_could_reach_is_saved_and_not_put_up_for_sign_off(mark, draft):
    draft.rules.filter(kind="fast_track").delete()
    data = fields(mark.get(change(draft)))
    data |= {"fit_threshold": "", "interest_threshold": "", "_publish": ""}
    page = mark.post(change(draft), data, follow=True)
    assert "Saved, but not put up for sign-off. Set a threshold" in page.content.decode()
    draft.refresh_from_db()
    assert (draft.state, draft.fit_threshold) == ("draft", None)


def test_a_draft_may_be_thrown_away(mark, draft):
    mark.post(reverse("admin:leads_mqldefinition_delete", args=[draft.pk]), {"post": "yes"})
    assert not MQLDefinition.objects.filter(pk=draft.pk).exists()


@pytest.mark.parametrize("who", ["mia", "ren"])
def test_nobody_else_edits_drafts_or_publishes(client, company, draft, who):
    client.force_login(getattr(company.cast, who))
    page = client.get(change(draft))
    assert b"In words" in page.content and b"_publish" not in page.content
    assert client.post(change(draft), {"_publish": ""}).status_code == 403
    live = MQLDefinition.objects.live()
    again = client.post(reverse("admin:leads_mqldefinition_draft", args=[live.pk]))
    assert again.status_code == 403
