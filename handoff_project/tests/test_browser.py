"""Ana's first minute, in a real browser."""

import os

import pytest

from conftest import PASSWORD
from handoff_project.browser import chromium, find_chromium, log_in
from handoff_project.tests.conftest import eventually
from routing.models import Handoff

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(
        find_chromium() is None and os.environ.get("HANDOFF_REQUIRE_BROWSER") != "1",
        reason="No Chromium on this machine.",
    ),
]


@pytest.fixture
def page(running):
    running.web()
    with chromium() as browser:
        context = browser.new_context(
            viewport={"width": 1280, "height": 900}, locale="en-US", timezone_id="UTC"
        )
        yield context.new_page()


def test_ana_logs_in_accepts_calls_and_sees_the_clock_met(running, company, page):
    handoff = company.handoff_of(company.cast.ana)
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    log_in(page, running.url, company.cast.ana.email, PASSWORD)
    row = page.get_by_role("row").filter(has_text="Lena Berg").first
    row.get_by_role("button", name="Accept").click()
    eventually(lambda: Handoff.objects.get(pk=handoff.pk).state == "accepted")
    page.goto(f"{running.url}/leads/{handoff.lead_id}/")
    page.get_by_role("link", name="Log touch").first.click()
    page.get_by_label("Channel").select_option("call")
    page.get_by_label("Outcome").select_option("connected")
    page.get_by_role("button", name="Log touch").click()
    page.get_by_text("First touch").first.wait_for()
    assert "Met" in page.locator("main").inner_text()
    assert Handoff.objects.get(pk=handoff.pk).touches.count() == 1
    assert complaints == []
