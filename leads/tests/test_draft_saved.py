"""News of a draft: whoever saves it in the admin tells the apps above, in the same transaction."""

import pytest
from django.urls import reverse

from leads.models import MQLDefinition
from leads.signals import draft_saved
from leads.tests.pages import fields


@pytest.fixture
def told():
    """What is told of drafts while a test runs."""
    found = []

    def tell(sender, definition, by, now, **kwargs):
        order = list(definition.rules.order_by("position").values_list("label", flat=True))
        found.append((definition.version, definition.state, str(by), order[-1]))

    draft_saved.connect(tell)
    yield found
    draft_saved.disconnect(tell)


@pytest.fixture
def page(client, company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    client.force_login(company.cast.mark)
    url = reverse("admin:leads_mqldefinition_change", args=[draft.pk])
    data = fields(client.get(url))

    def press(**button):
        return client.post(url, data | button)

    press.draft = draft
    return press


def test_saving_is_told(page, told):
    page(_continue="1")
    assert told == [(2, "draft", "Mark Lind", "Opens our mails")]


def test_a_rule_that_was_moved_is_told_where_it_stands_now(page, told):
    rule = page.draft.rules.get(label="Opens our mails")
    page(_move_up=str(rule.pk))
    assert [last for *_, last in told] == ["Pricing page"]


def test_putting_it_up_for_sign_off_is_told_of_the_version_in_review(page, told):
    page(_publish="1")
    assert [state for _, state, *_ in told] == ["in_review"]


def test_what_was_refused_is_not_told(page, told):
    assert page(_continue="1", fit_threshold="many").status_code == 200
    assert told == []
