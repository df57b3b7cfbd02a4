"""The lists of the admin fit a telephone: a card for each row, labelled by the headings."""

import os

import pytest
from django.urls import reverse

from conftest import NOW, publish, segment
from handoff_project.browser import chromium, find_chromium
from handoff_project.tests.conftest import session_of
from leads.models import CustomField, MQLDefinition

LISTS = (
    "leads_mqldefinition",
    "leads_segment",
    "leads_lead",
    "leads_qualification",
    "leads_signal",
    "leads_customfield",
)
# By how much the page, or anything in it that scrolls, is wider than it is shown.
WIDER = """[document.documentElement, ...document.querySelectorAll("#result_list, .results")]
  .map(one => one.scrollWidth - one.clientWidth).reduce((a, b) => Math.max(a, b))"""


@pytest.fixture
def lists(company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.decider, draft.cool_down_days = MQLDefinition.Decider.MARKETER, 30
    draft.interest_threshold, draft.note = None, "Both sides mean this, and say it at some length."
    draft.save()
    publish(draft, now=NOW)
    for n in range(4):
        company.lead(f"nora.with.a.long.address.{n}@acme.example", job_title="VP Operations")
    CustomField.objects.create(key="budget", label="Budget", kind="number")
    segment(
        "People who decide in larger companies of the neighbourhood",
        ("all", "job_title", "contains_any", "VP, head, chief, director"),
        ("all", "country", "in", "DE, AT, CH, FR, NL, BE, LU, DK, PL, CZ"),
    )
    return [reverse(f"admin:{name}_changelist") for name in LISTS]


def test_each_cell_has_its_heading(client, company, lists):
    client.force_login(company.cast.mark)
    page = client.get(lists[1]).content.decode()
    assert '<td data-label="In words" class="field-words">' in page
    page = client.get(lists[3]).content.decode()
    assert '<td data-label="Company" class="field-company' in page
    assert '<td class="action-checkbox">' in page


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(
    find_chromium() is None and os.environ.get("HANDOFF_REQUIRE_BROWSER") != "1",
    reason="No Chromium on this machine.",
)
def test_no_list_scrolls_sideways(running, company, lists):
    running.web()
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 390, "height": 900})
        session = session_of(company.cast.mark)
        context.add_cookies([{"name": "sessionid", "value": session, "url": running.url}])
        page = context.new_page()
        for url in lists:
            assert page.goto(running.url + url).ok, url
            shoot(page, url)
            assert page.evaluate(WIDER) <= 1, url
            assert page.locator("#result_list tbody tr").count(), url


def shoot(page, url):
    """Keep pictures where `SHOTS` names a folder, to be looked at."""
    for theme in ("light", "dark") if os.environ.get("SHOTS") else ():
        page.emulate_media(color_scheme=theme)
        name = f"list-{url.strip('/').rpartition('/')[2]}-{theme}.png"
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}")
