import html
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from conftest import NOW, publish
from leads.models import MQLDefinition

LIVE = "/definition/"


@pytest.fixture
def read(client, company):
    def get(person, url=LIVE):
        client.force_login(getattr(company.cast, person))
        return client.get(url)

    return get


@pytest.fixture
def draft(company):
    company.lead("warm@acme.example", job_title="VP Sales", name="Wanda Warm")
    made = MQLDefinition.draft_from_live(by=company.cast.mark)
    made.interest_threshold = 0
    made.save()
    company.rescore(at=timezone.now())
    return made


@pytest.mark.parametrize("person", ["ana", "tess", "mark", "mia", "ren"])
def test_everybody_reads_the_definition_that_holds(read, person):
    page = read(person).content.decode()
    assert "MQL definition v1" in page
    assert "When fit is at least 20 and interest is at least 20" in page
    assert "Never pass when Company domain is one of rival.example" in page


def test_before_the_first_one_the_page_says_so(read):
    MQLDefinition.objects.update(state="retired")
    assert "No definition is published yet" in read("ana").content.decode()


def test_a_draft_shows_about_how_much_it_changes_and_every_difference(read, draft):
    page = read("mark", f"{LIVE}{draft.version}/").content.decode()
    assert "<strong>1</strong> of 1 leads would pass; 0 pass now." in page
    assert "Now: When fit is at least 20 and interest is at least 0" in page


def test_an_incomplete_draft_says_what_is_missing(read, draft):
    draft.rules.filter(label="Decision maker").update(operator="between")
    assert "Not complete yet" in read("mark", f"{LIVE}{draft.version}/").content.decode()


def test_a_retired_version_is_compared_with_the_live_one(read, draft):
    publish(draft, now=NOW)
    page = read("mia", f"{LIVE}1/").content.decode()
    assert "Different from MQL definition v2" in page
    assert "What this draft would change" not in page


@pytest.mark.parametrize("person", ["ana", "tess"])
def test_drafts_are_not_for_reps(read, draft, person):
    assert read(person, f"{LIVE}{draft.version}/").status_code == 404


def test_the_draft_in_the_admin_leads_to_its_preview(read, draft):
    url = reverse("admin:leads_mqldefinition_change", args=[draft.pk])
    assert f'href="{LIVE}{draft.version}/"' in read("mark", url).content.decode()


def test_a_version_that_never_was_does_not_exist(read):
    assert read("mark", f"{LIVE}99/").status_code == 404


class TestDifferences:
    """Version 2 is retired, 3 is live, 4 a draft of it."""

    @pytest.fixture
    def versions(self, company):
        for points in (30, 40):
            made = MQLDefinition.draft_from_live(by=company.cast.mark)
            made.interest_threshold = points
            made.save()
            publish(made, now=NOW + timedelta(minutes=points))
        draft = MQLDefinition.draft_from_live(by=company.cast.mark)
        draft.interest_threshold = 50
        draft.save()

    def words(self, read, version, against="", person="mark"):
        query = f"?against={against}" if against else ""
        return text_of(read(person, f"{LIVE}{version}/{query}").content.decode())

    @pytest.mark.parametrize(("against", "points"), [("", 40), ("1", 20), ("2", 30), ("3", 40)])
    def test_a_draft_is_compared_with_any_version_first_with_the_live_one(
        self, read, versions, against, points
    ):
        words = self.words(read, 4, against)
        assert f"Different from MQL definition v{against or 3}" in words
        assert (
            f"interest is at least {points}, unless a rule says never; at once by a fast" in words
        )
        assert "Now: When fit is at least 20 and interest is at least 50" in words

    def test_the_live_one_is_compared_with_the_one_before(self, read, versions):
        assert "Different from MQL definition v2" in self.words(read, 3)

    def test_an_older_one_can_be_compared_with_a_draft(self, read, versions):
        words = self.words(read, 1, "4")
        assert "Different from MQL definition v4" in words
        assert "Version 4, draft" in words and "Version 3, published" in words

    @pytest.mark.parametrize("against", ["99", "x", "3"])
    def test_what_is_not_there_leaves_the_usual_one(self, read, versions, against):
        assert "Different from MQL definition v2" in self.words(read, 3, against)

    def test_who_has_no_admin_cannot_compare_with_a_draft(self, read, versions):
        words = self.words(read, 3, "4", person="tess")
        assert "Different from MQL definition v2" in words and "Version 4" not in words

    def test_a_draft_that_is_not_complete_says_so(self, read, versions):
        draft = MQLDefinition.objects.get(version=4)
        draft.rules.filter(label="Decision maker").update(operator="between")
        words = self.words(read, 3, "4")
        assert "MQL definition v4 is not complete, so it cannot be compared." in words


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
