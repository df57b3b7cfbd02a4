"""The top bar of whoever has most places fits a laptop and a telephone."""

import os

import pytest
from django.urls import reverse

from handoff_project.browser import chromium, find_chromium
from handoff_project.tests.conftest import session_of

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES = ("portal:board", "portal:audit", "portal:health", "portal:escalations")


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(
    find_chromium() is None and os.environ.get("HANDOFF_REQUIRE_BROWSER") != "1",
    reason="No Chromium on this machine.",
)
def test_the_menu_is_within_reach_of_those_with_most_places(running, company):
    running.web()
    with chromium() as browser:
        for width in (1280, 800, 390):
            context = browser.new_context(viewport={"width": width, "height": 900})
            session = session_of(company.cast.ren)
            context.add_cookies([{"name": "sessionid", "value": session, "url": running.url}])
            page = context.new_page()
            for name in PAGES:
                assert page.goto(running.url + reverse(name)).ok, name
                assert page.evaluate(WIDER) <= 1, (name, width)
                box = page.locator(".menu > summary").bounding_box()
                assert box["x"] + box["width"] <= width, (name, width)
            page.locator(".menu > summary").click()
            page.get_by_role("link", name="Health", exact=True).click()
            assert page.url == running.url + reverse("portal:health")
