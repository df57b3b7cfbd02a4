"""A rep's own numbers are those of the reports, and each opens its leads."""

import html
import re

from django.test import Client

from handoff_project.tests.portal.conftest import text
from handoff_project.tests.portal.test_sla_report import week  # noqa: F401


def test_they_are_those_of_the_reports_and_open_as_many_leads(read, week):  # noqa: F811
    page = read.ana.get("portal:my-numbers", query={"period": "7"})
    touches = page.context["touches"][1]
    report = read.ana.get("portal:sla-report", query={"period": "7"}).context["total"]
    assert touches == report and touches.handed_off > 0
    links = re.findall(r'<a href="([^"]+)">(\d+)<', page.content.decode())
    assert len(links) >= 5
    for url, count in links:
        rows = read.ana.client.get(html.unescape(url))
        assert rows.context["page"].paginator.count == int(count)


def test_whoever_is_no_rep_has_none_and_nobody_sees_anothers(read, week):  # noqa: F811
    assert read.mark.get("portal:my-numbers").status_code == 404
    assert read.ana.get("portal:my-numbers", query={"period": "12"}).status_code == 404
    assert "My numbers" in text(read.ana.get("portal:queue"))
    assert read.carl.get("portal:my-numbers").context["touches"][1].handed_off == 0
    assert Client().get("/my-numbers/").status_code == 302
