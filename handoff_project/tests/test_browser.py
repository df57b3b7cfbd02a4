"""Ana's first minute and Mark's draft, in a real browser."""

import os

import pytest
from django.db import connection

from conftest import PASSWORD
from handoff_project.browser import chromium, find_chromium, log_in
from handoff_project.tests.conftest import eventually
from leads.models import MQLDefinition
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
        # Under the browser's event loop Django has a connection of its own; `running` ends it.
        connection.close()


def test_ana_logs_in_accepts_calls_and_sees_the_clock_met(running, company, page):
    handoff = company.handoff_of(company.cast.ana)
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    log_in(page, running.url, company.cast.ana.email, PASSWORD)
    page.keyboard.press("j")
    page.keyboard.press("a")
    eventually(lambda: Handoff.objects.get(pk=handoff.pk).state == "accepted")
    page.goto(f"{running.url}/leads/{handoff.lead_id}/")
    page.keyboard.press("q")
    page.get_by_role("heading", name="Qualify").wait_for()
    page.goto(f"{running.url}/leads/{handoff.lead_id}/")
    page.keyboard.press("Control+k")
    page.keyboard.press("t")  # typed into the search: no shortcut
    assert page.get_by_label("Search leads").input_value() == "t"
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("t")
    page.get_by_label("Channel").select_option("call")
    page.get_by_label("Outcome").select_option("connected")
    page.get_by_role("button", name="Log touch").click()
    page.get_by_text("First touch").first.wait_for()
    assert "Met" in page.locator("main").inner_text()
    assert Handoff.objects.get(pk=handoff.pk).touches.count() == 1
    assert complaints == []


def test_mark_edits_a_rule_reads_what_it_says_saves_and_moves_it(running, company, page):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    boss = draft.rules.get(label="Decision maker")
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, running.url, company.cast.mark.email, PASSWORD)
    address = f"{running.url}/admin/leads/mqldefinition/{draft.pk}/change/"
    page.goto(address)
    row = page.locator("[data-row]").filter(has_text="Decision maker")
    row.locator("summary").click()
    row.get_by_label("Operator").select_option("is")
    row.get_by_label("Value").fill("CEO")
    row.get_by_text("+15 points: Job title is CEO").wait_for()
    assert not row.get_by_label("Half-life").is_visible()
    boss.refresh_from_db()
    assert boss.value == "VP, head, chief"
    page.get_by_role("button", name="Save the draft").click()
    eventually(lambda: draft.rules.get(label="Decision maker").value == "CEO")
    page.get_by_role("button", name="Move “Decision maker” up").click()
    page.wait_for_url(f"{address}#move-{boss.pk}-up")
    assert list(draft.rules.filter(kind="fit").values_list("label", flat=True)) == [
        "Decision maker",
        "ICP company",
    ]
    page.get_by_role("button", name="Add a rule to “Interest: what they did”").click()
    new = page.locator('[data-section="interest"] [data-row]').last
    new.get_by_label("Label").fill("Mails")
    new.get_by_label("Asks for").select_option("field")
    new.get_by_label("Field").select_option("behaviour")
    new.get_by_label("Signal").select_option(label="E-mail opened")
    new.get_by_label("Times").fill("3")
    new.get_by_label("In days").fill("9")
    new.get_by_label("Points").fill("4")
    new.get_by_text("+4 points: E-mail opened happened at least 3 times in 9 days").wait_for()
    page.get_by_role("button", name="Save the draft").click()
    eventually(lambda: draft.rules.filter(label="Mails", position=7).exists())
    assert complaints == []
