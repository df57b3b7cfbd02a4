"""A lead that waits for a marketer says so, and leads those who decide to the question."""

import pytest
from django.urls import reverse

from conftest import NOW, publish
from handoff_project.tests.portal.conftest import text
from leads.intake import receive
from leads.models import MQLDefinition


@pytest.fixture
def waiting(company):
    """A lead that passed where a marketer has the last word."""
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.decider, draft.cool_down_days = MQLDefinition.Decider.MARKETER, 30
    draft.save()
    publish(draft)
    lead = company.lead(job_title="VP Operations")
    looked = {"message_id": "w1", "kind": "page_view", "url": "/pricing", "email": lead.email}
    receive.receive_touchpoints([looked], source=company.source, now=NOW)
    company.score()
    return lead.qualifications.get()


@pytest.mark.parametrize(
    ("person", "link"), [("mark", "Confirm or decline it"), ("mia", "See the question")]
)
def test_the_page_says_that_it_waits_and_where_it_is_answered(read, waiting, person, link):
    page = getattr(read, person).get("portal:lead", waiting.lead_id)
    shown = text(page)
    assert "Waits for a marketer Reached the thresholds; asked Wed 10:00 ." in shown
    assert "No clock before it is confirmed." in shown and "Why a marketer is asked" in shown
    assert link in shown
    address = reverse("admin:leads_qualification_change", args=[waiting.pk])
    assert f'href="{address}"' in page.content.decode()


def test_the_timeline_tells_who_declined_it_and_why(read, company, waiting):
    waiting.decline(by=company.cast.mark, note="A student project.", now=NOW)
    shown = text(read.mia.get("portal:lead", waiting.lead_id))
    assert "A marketer is asked" in shown
    assert "Declined by a marketer Mark Lind A student project." in shown
    assert "Waits for a marketer" not in shown
