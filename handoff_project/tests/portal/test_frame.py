"""What all pages share: where people land, the frame, errors, and that nothing runs inline."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.template.loader import render_to_string

from handoff_project.tests.portal.conftest import Reader, text

INLINE = re.compile(r"\sstyle=|\son[a-z]+=|hx-on|javascript:|<style|<script(?![^>]*\ssrc=)", re.I)
TAGS = re.compile(r"\{%.*?%\}")  # of Django; what they are given is no attribute
TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))


@pytest.mark.parametrize(
    ("who", "url"),
    [
        ("ana", "/queue/"),
        ("tess", "/board/"),
        ("mia", "/board/"),
        ("ren", "/board/"),
        ("mark", "/admin/"),
    ],
)
def test_home_is_where_the_role_works(read, who, url):
    assert getattr(read, who).get("portal:home").url == url


@pytest.mark.parametrize(
    ("who", "places"),
    [
        ("ana", "queue follow-ups leads sla-report definition workload my-numbers"),
        ("tess", "leads follow-ups board escalations sla-report definition workload audit"),
        ("mark", "leads sla-report definition decide admin questions stuck audit"),
        (
            "mia",
            "leads follow-ups board escalations sla-report definition workload admin stuck audit "
            "health",
        ),
        (
            "ren",
            "leads follow-ups board escalations sla-report definition workload admin stuck audit "
            "health",
        ),
    ],
)
def test_the_navigation_holds_what_the_role_may_open(read, who, places):
    body = getattr(read, who).get("portal:leads").content.decode()
    assert re.findall(r'data-go="([\w-]+)"', body) == places.split()
    assert 'data-go="leads" aria-current="page"' in body


def test_the_frame_starts_with_a_skip_link_and_has_one_live_region(read):
    body = read.ana.get("portal:queue").content.decode()
    assert body.index('class="skip"') < body.index("<header")
    assert body.count('aria-live="polite"') == 1
    assert body.count("<h1") == 1


def test_signing_out_is_a_form(read):
    body = read.ana.get("portal:queue").content.decode()
    assert '<form method="post" action="/accounts/logout/">' in body


def test_pages_are_not_kept_by_browsers(read, offered):
    page = read.ana.get("portal:lead", offered.lead_id)
    assert page.headers["Cache-Control"] == "no-store"
    assert '"historyCacheSize":0' in page.content.decode()


def test_the_policy_allows_own_files_alone(read):
    policy = read.ana.get("portal:queue").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "style-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_inline_code(path):
    assert not INLINE.findall(TAGS.sub("", path.read_text()))


@pytest.mark.parametrize("reader", ["ana", None])
def test_a_missing_page_says_so(read, reader):
    found = (getattr(read, reader) if reader else Reader(None)).client.get("/nowhere")
    assert found.status_code == 404
    assert "Page not found" in text(found)


def test_a_failure_says_that_nothing_saved_is_lost(read, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("handoff_project.portal.views.queue.queues.tabs", fail)
    read.ana.client.raise_request_exception = False
    answer = read.ana.get("portal:queue")
    assert answer.status_code == 500
    assert "Nothing that was saved before is lost." in text(answer)


def away(*args):
    """Stands in for a database that is restarting, or a row that another request holds too long."""
    raise OperationalError("the connection is lost")


@pytest.mark.parametrize("path", ["/queue/", "/admin/", "/api/v1/leads/", "/v1/batch"])
def test_without_the_database_everybody_is_asked_to_come_back(read, path):
    client = read.ana.client
    client.raise_request_exception = False
    with connection.execute_wrapper(away):
        answer = client.post(path, "{}", "application/json", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    told = "Send the same again" if "/v1/" in path else "Go back and try again"
    assert told in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["403.html", "404.html", "429.html", "500.html", "503.html", "account/locked.html"]
)
def test_error_pages_need_no_request(name):
    assert "<h1>" in render_to_string(name)
