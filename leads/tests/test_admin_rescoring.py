"""How far everybody's scores are, on the pages of definitions in the admin."""

import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from conftest import NOW, publish
from leads.models import MQLDefinition, Rescoring
from leads.scoring import scorer

LIST = reverse("admin:leads_mqldefinition_changelist")
REFRESH = 'data-again="5"'


@pytest.fixture
def mark(client, company, monkeypatch, settings):
    settings.SESSION_COOKIE_AGE = 10**9
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    monkeypatch.setattr(scorer, "SLICE", 2)
    monkeypatch.setattr(scorer, "WIDEST", 2)
    client.force_login(company.cast.mark)
    return client


@pytest.fixture
def published(company, mark):
    """Five leads, and a version that Mark published a moment ago and nobody is scored by yet."""
    for _ in range(5):
        company.lead(job_title="VP Sales")
    company.rescore()
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.rules.filter(label="Decision maker").update(points=1)
    return publish(draft, by=company.cast.mark)


def page_of(version):
    return reverse("admin:leads_mqldefinition_change", args=[version.pk])


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_list_and_the_page_of_the_live_version_show_how_far_it_is(mark, published):
    for url in (LIST, page_of(published)):
        page = mark.get(url).content.decode()
        assert "The live scores are about to be brought up to date." in page
        assert REFRESH in page
    scorer.rescore_outdated(now=NOW)
    for url in (LIST, page_of(published)):
        page = mark.get(url).content.decode()
        assert "2 of 5 leads rescored; 2 scores changed so far" in words(page)
        assert 'value="0.400"' in page and REFRESH in page
        assert "Because MQL definition v2 was published by Mark Lind." in words(page)


def test_afterwards_the_figures_stay(mark, company, published):
    company.rescore()
    for url in (LIST, page_of(published)):
        page = mark.get(url).content.decode()
        assert REFRESH not in page
        assert (
            "as of 4 Mar 2026 10:00 : 5 leads rescored, 5 scores changed, because MQL definition "
            "v2 was published by Mark Lind." in words(page)
        )


def test_the_page_of_a_version_lists_its_passes_and_of_the_daily_ones_the_latest(
    mark, company, published
):
    company.rescore()
    for days in (1, 2, 3):
        company.rescore(at=NOW + timedelta(days=days))
    page = words(mark.get(page_of(published)).content.decode())
    daily = "A new day began, so windows moved on 7 Mar 2026 10:00 7 Mar 2026 10:00 5 of 5 0"
    assert page.count("A new day began") == 1 and daily in page
    was = "MQL definition v2 was published by Mark Lind 4 Mar 2026 10:00 4 Mar 2026 10:00 5 of 5 5"
    assert was in page


def test_the_page_of_a_retired_version_does_not_look_again(mark, company, published):
    first = MQLDefinition.objects.get(version=1)
    page = mark.get(page_of(first)).content.decode()
    assert REFRESH not in page and "5 of 5" in words(page)


def test_the_page_of_a_draft_is_never_taken_from_under_the_hands(mark, company, published):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    page = mark.get(page_of(draft)).content.decode()
    assert REFRESH not in page and "rescoring-title" not in page


def test_a_pass_that_was_overtaken_says_so(mark, company, published):
    scorer.rescore_outdated(now=NOW)
    publish(MQLDefinition.draft_from_live(by=company.cast.mark))
    company.rescore()
    assert "overtaken by the next one 2 of 5" in words(
        mark.get(page_of(published)).content.decode()
    )


def test_before_any_version_is_live_nothing_is_behind(mark, company):
    MQLDefinition.objects.update(state="retired")
    Rescoring.objects.all().delete()
    assert REFRESH not in mark.get(LIST).content.decode()
