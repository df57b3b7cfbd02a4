from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from leads.models import Duplicate, Lead
from routing import cleaning
from routing.models import CleanUpItem

LATER = NOW + timedelta(days=91)
PAGE = "admin:routing_cleanupitem_changelist"


@pytest.fixture
def item(offered, at):
    at(LATER)
    cleaning.propose(now=LATER)
    return CleanUpItem.objects.get(lead=offered.lead)


def test_a_marketer_confirms_in_bulk_and_takes_it_back(read, item):
    assert "Lena Berg Acme" in text(read.mark.get(PAGE))
    chosen = {"_selected_action": [item.pk]}
    told = read.mark.post(PAGE, data=chosen | {"action": "let_rest"}, follow=True)
    assert "At rest: 1 lead." in text(told)
    again = read.mark.post(PAGE, data=chosen | {"action": "let_rest"}, follow=True)
    assert "no longer without activity" in text(again)
    told = read.mark.post(PAGE, data=chosen | {"action": "undo"}, follow=True)
    assert "Put back: 1 lead." in text(told)


def test_a_manager_reads_and_does_not_answer(read, item):
    assert "Lena Berg" in text(read.mia.get(PAGE))
    read.mia.post(PAGE, data={"_selected_action": [item.pk], "action": "let_rest"})
    item.refresh_from_db()
    assert item.state == "proposed"


def test_pairs_are_merged_and_dismissed_in_bulk(read, company):
    leads = [company.lead(f"{name}@acme.example") for name in "abcd"]
    for first, second in (leads[:2], leads[2:]):
        Duplicate.objects.create(first=first, second=second, score=90, found_at=NOW)
    page = "admin:leads_duplicate_changelist"
    merged, dismissed = Duplicate.objects.order_by("pk")
    for row, action in ((merged, "merge_selected"), (dismissed, "dismiss_selected")):
        read.mark.post(page, data={"_selected_action": [row.pk], "action": action})
        row.refresh_from_db()
    assert (merged.state, dismissed.state) == ("merged", "dismissed")
    assert Lead.objects.get(pk=leads[1].pk).merged_into == leads[0]
    assert Lead.objects.get(pk=leads[3].pk).merged_into is None
