"""A draft of an older version says what reads otherwise today than it did then."""

import pytest
from django.urls import reverse

from conftest import NOW, publish, segment
from leads.models import MQLDefinition, Segment, Signal, ValueList
from leads.scoring.since import changed_since


@pytest.fixture
def first(company, definition):
    """A version with a segment, a list and a signal, which another one has replaced."""
    ValueList.objects.create(name="Near", values=["DE", "AT"])
    near = segment("Neighbours", ("all", "country", "in_list", "Near"))
    draft = MQLDefinition.draft_from_live(by=None)
    draft.rules.create(kind="fit", label="Near", points=3, segment=near)
    publish(draft, now=NOW)
    publish(MQLDefinition.draft_from_live(by=None), now=NOW)
    return MQLDefinition.objects.get(pk=draft.pk)


@pytest.fixture
def roll_back(client, company, first):
    client.force_login(company.cast.mark)
    url = reverse("admin:leads_mqldefinition_draft", args=[first.pk])

    def draft():
        return client.post(url, follow=True).content.decode()

    return draft


def test_nothing_is_said_where_all_reads_as_it_did(roll_back, first):
    assert changed_since(first) == []
    page = roll_back()
    assert MQLDefinition.objects.first().drafted_from == first
    assert "read otherwise" not in page and "reads otherwise" not in page


def test_a_segment_is_named_with_both_sentences_and_a_link(roll_back):
    icp = Segment.objects.get(name="ICP")
    icp.conditions.update(value="10, 20")
    page = roll_back()
    assert "“ICP” reads otherwise today." in page
    assert "MQL definition v2: Company employees is between 200 and 2000." in page
    assert "Today: Company employees is between 10 and 20." in page
    assert reverse("admin:leads_segment_change", args=[icp.pk]) in page


def test_it_stands_there_until_the_draft_is_published(roll_back, client):
    Segment.objects.get(name="ICP").conditions.update(value="10, 20")
    roll_back()
    draft = MQLDefinition.objects.get(state="draft")
    page = client.get(reverse("admin:leads_mqldefinition_change", args=[draft.pk]))
    assert "Not as in MQL definition v2" in page.content.decode()


def test_a_list_says_what_came_and_what_went(first):
    ValueList.objects.update(values=["DE", "CH"])
    segment_, list_ = changed_since(first)
    assert (segment_.row.name, list_.row.name) == ("Neighbours", "Near")
    assert (list_.then, list_.now) == ("2 values: DE, AT.", "2 values; CH is new; AT is gone.")


def test_a_signal_says_what_it_was_looked_for_by(first, signals):
    signals.pricing.path_prefix = "/prices"
    signals.pricing.keep(now=NOW)
    (changed,) = changed_since(first)
    assert changed.row == Signal.objects.current().get(key="pricing")
    assert changed.then == "Page view, page /pricing."
    assert changed.now == "Page view, page /prices."


def test_a_segment_that_makes_no_sense_any_more_says_why(first):
    near = Segment.objects.get(name="Neighbours")
    ValueList.objects.all().delete()
    (changed,) = changed_since(first)
    assert changed.row == near
    assert changed.now == "There is no list 'Near'."
