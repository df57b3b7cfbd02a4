"""The preview of a draft on its page: estimate, progress, result, lists, and one lead's trace."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import NOW, publish
from handoff_project.tests.portal.conftest import text
from leads.models import MQLDefinition, Rescoring
from reporting.models import PreviewLead, PreviewRun
from reporting.work import work

PAGE, RUN, LISTS = "portal:definition-version", "portal:preview", "portal:preview-leads"
CANCEL, ESTIMATE = "portal:preview-cancellation", "portal:preview-estimate"
EXPORT = "portal:preview-export"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def draft(company):
    """A draft that gains Wanda; Lena passes already."""
    company.handoff()
    company.lead("wanda@acme.example", job_title="VP Sales", name="Wanda Warm")
    made = MQLDefinition.draft_from_live(by=company.cast.mark)
    made.interest_threshold = 0
    made.save()
    company.rescore()
    return made


@pytest.fixture
def asked(draft, cast):
    return PreviewRun.objects.ask(draft, by=cast.mark, now=NOW)


@pytest.fixture
def found(asked):
    """The run, worked out."""
    work(now=NOW, seconds=60)
    asked.refresh_from_db()
    assert asked.is_done, asked.error
    return asked


def in_review(draft, by):
    draft.decider, draft.cool_down_days = "automatic", 30
    draft.save()
    draft.submit(by=by, now=NOW)
    return draft


def test_the_estimate_is_there_at_once(read, draft):
    words = text(read.mark.get(PAGE, 2))
    assert "2 of 2 leads would pass; 1 pass now." in words
    assert "1 gained, 0 lost. With so few leads every one was judged" in words
    assert "Work it out exactly" in words


def test_an_estimate_from_a_sample_says_how_sure_it_is(read, draft, company, monkeypatch):
    monkeypatch.setattr("reporting.estimate.OTHERS", 20)
    for _ in range(40):
        company.lead(job_title="VP")
    words = text(read.mark.get(PAGE, 2))
    assert re.search(r"About 42 \(\d+ to 42\) of 42 leads would pass; 1 pass now", words)
    assert "Judged by a random sample of" in words


def test_while_leads_are_rescored_no_estimate_pretends_to_know_who_passes_now(read, draft, company):
    publish(MQLDefinition.draft_from_live(by=None))
    page = read.mark.get(PAGE, 2)
    assert "The live scores are about to be brought up to date." in text(page)
    assert "would pass;" not in text(page)
    assert f'hx-get="{reverse(ESTIMATE, args=[2])}"' in page.content.decode()
    assert "the estimate follows" in text(read.mark.get(ESTIMATE, 2, **HTMX))
    company.rescore()
    answer = read.mark.get(ESTIMATE, 2, **HTMX)
    assert "2 of 2 leads would pass; 1 pass now." in text(answer)
    assert "hx-get" not in answer.content.decode()
    assert read.mark.get(ESTIMATE, 2).url == reverse(PAGE, args=[2])


def test_asking_starts_a_run_that_a_worker_finishes(read, draft):
    page = read.mark.post(RUN, 2, follow=True)
    assert "Waiting for a worker" in text(page)
    assert PreviewRun.objects.get().requested_by.email == "mark@handoff.example"
    work(now=NOW, seconds=60)
    assert "1 → 2" in text(read.mark.get(PAGE, 2))


def test_opening_the_page_starts_nothing(read, draft):
    read.mark.get(PAGE, 2)
    read.mark.get(RUN, 2)
    assert not PreviewRun.objects.exists()


def test_progress_is_polled_until_the_result_is_there(read, asked):
    work(now=NOW, seconds=0)
    page = read.mark.get(RUN, 2, **HTMX)
    assert "step 2 of 30" in text(page)
    assert 'hx-trigger="every 2s, look"' in page.content.decode()
    work(now=NOW, seconds=60)
    page = read.mark.get(RUN, 2, **HTMX)
    body = page.content.decode()
    assert "hx-trigger" not in body and "1 → 2" in text(page)
    assert '<div id="estimate" hx-swap-oob="delete">' in body
    assert "The exact preview is ready." in body


def test_without_javascript_the_address_of_the_poll_leads_to_the_page(read, asked):
    assert read.mark.get(RUN, 2).url == reverse(PAGE, args=[2])


def test_cancelling_is_a_button_and_says_what_it_did(read, asked):
    page = read.mark.post(CANCEL, 2, follow=True)
    assert "The preview is cancelled. Nothing was changed." in text(page)
    assert "The last preview was cancelled" in text(page)
    again = read.mark.post(CANCEL, 2, follow=True)
    assert "There was nothing to cancel" in text(again)


def test_the_result_is_stamped_and_replaces_the_estimate(read, found):
    page = read.mark.get(PAGE, 2)
    words = text(page)
    assert "would pass;" not in words and "Stale" not in words
    assert "Exact, of version 2 beside version 1, as of 4 Mar 2026 10:00" in words
    assert f"content {found.content_hash[:8]}" in words
    assert "Of 2 leads: 1 - 0 + 1 = 2." in words
    assert "Gained: all 1 Wanda Warm" in words


def test_an_edit_marks_the_result_stale_and_shows_the_estimate_again(read, draft, found):
    draft.rules.filter(label="ICP company").update(points=5)
    words = text(read.mark.get(PAGE, 2))
    assert "Stale: the draft has changed since" in words
    assert "leads would pass; 1 pass now" in words and "Work it out exactly" in words
    draft.rules.filter(label="ICP company").update(points=25)
    assert "Stale" not in text(read.mark.get(PAGE, 2))


def test_an_edit_while_it_runs_offers_to_begin_again(read, draft, asked):
    assert "Begin again" not in text(read.mark.get(PAGE, 2))
    draft.rules.filter(label="ICP company").update(points=5)
    page = read.mark.get(PAGE, 2)
    assert "The draft has changed since. This run judges the older text." in text(page)
    read.mark.post(RUN, 2)
    assert draft.preview_runs.waiting_or_running().get() != asked
    assert "Begin again" not in text(read.mark.get(PAGE, 2))


def test_another_live_version_makes_it_stale_too(read, found):
    publish(MQLDefinition.draft_from_live(by=None))
    assert "Stale: another version has been published since" in text(read.mark.get(PAGE, 2))


def test_a_failed_run_says_so_and_can_be_asked_for_again(read, asked):
    asked.fail("ValueError: no such week", now=NOW)
    words = text(read.mark.get(PAGE, 2))
    assert "The last preview did not get to its end." in words and "no such week" in words
    assert "Work it out exactly" in words


def test_a_version_in_review_has_its_preview_and_its_result_stays_fresh(read, draft, cast):
    draft.decider, draft.cool_down_days = "automatic", 30
    draft.save()
    PreviewRun.objects.ask(draft, by=cast.mark, now=NOW)
    work(now=NOW, seconds=60)
    in_review(draft, cast.mark)
    for reader in (read.tess, read.mark, read.mia):
        words = text(reader.get(PAGE, 2))
        assert "What this version would change" in words
        assert "1 → 2" in words and "Stale" not in words


def test_live_and_retired_versions_have_no_preview(read, draft):
    assert "would change" not in text(read.mark.get(PAGE, 1))
    for name in (RUN, LISTS):
        assert read.mark.get(name, 1).status_code == 404
    assert read.mark.post(RUN, 1).status_code == 404


def test_a_page_that_was_open_when_the_version_went_live_is_shown_anew(read, draft, asked, cast):
    publish(draft, by=cast.mark)
    for name in (RUN, ESTIMATE):
        answer = read.mark.get(name, 2, **HTMX)
        assert (answer.status_code, answer.headers["HX-Refresh"]) == (200, "true")


def test_who_only_reads_cannot_ask(read, draft):
    assert read.ren.post(RUN, 2).status_code == 403
    assert read.ren.post(CANCEL, 2).status_code == 403
    assert "Work it out" not in text(read.ren.get(PAGE, 2))
    assert not PreviewRun.objects.exists()


def test_an_incomplete_draft_is_not_asked_for(read, draft):
    draft.rules.filter(label="Decision maker").update(operator="between")
    assert "Not complete yet." in text(read.mark.post(RUN, 2, follow=True))
    assert not PreviewRun.objects.exists()


def test_tiers_add_up_on_the_page(read, found):
    words = text(read.mark.get(PAGE, 2))
    assert "Now A B C D All now A 0 0 0 0 0 B 0 0 0 0 0 C 0 0 2 0 2 D 0 0 0 0 0" in words
    assert "With the draft 0 0 2 0 2" in words


def test_weeks_are_a_chart_and_a_table(read, found):
    page = read.mark.get(PAGE, 2)
    assert page.content.decode().count('<rect class="week-draft" x=') == 13 + 1  # and the legend
    assert "Week to 4 Mar: 2 with the draft" in text(page)
    assert "4 Mar 2026 1 2 All 13 weeks 1 2" in text(page)


def test_the_load_is_told_for_each_pool(read, found):
    assert "EMEA pool 2 0.3 0.5 0.1 0.3" in text(read.mark.get(PAGE, 2))


def test_outcomes_are_told_with_how_many_and_how_sure(read, company, draft, cast):
    handoff = company.cast.ana.rep.handoffs.first() or company.cast.bo.rep.handoffs.first()
    handoff.accept(by=handoff.owner.user, now=NOW)
    draft.rules.filter(kind="fast_track").delete()
    draft.interest_threshold = 50
    draft.save()
    PreviewRun.objects.ask(draft, by=cast.mark, now=NOW)
    work(now=NOW, seconds=60)
    words = text(read.mark.get(PAGE, 2))
    assert (
        "-1 Lost Of their 1 past handoff (n 1): accepted 1, 100 % (21 % to 100 %); "
        "rejected 0, 0 % (0 % to 79 %); SQL 0, 0 % (0 % to 79 %); won 0, 0 % (0 % to 79 %)."
        in words
    )


def test_the_first_twenty_lead_to_all_of_them(read, company, draft, cast):
    for number in range(30):
        company.lead(job_title="VP", name=f"Guest {number}")
    PreviewRun.objects.ask(draft, by=cast.mark, now=NOW)
    work(now=NOW, seconds=60)
    page = read.mark.get(PAGE, 2)
    assert "Gained: the first 20 of 31" in text(page)
    assert f'href="{reverse(LISTS, args=[2])}?kind=gained">All 31' in page.content.decode()
    listed = read.mark.get(LISTS, 2, query={"kind": "gained"})
    assert listed.context["page"].paginator.count == 31
    assert "Wanda Warm wanda@acme.example Acme" in text(listed)


def test_a_list_that_was_cut_says_so(read, found, monkeypatch):
    monkeypatch.setattr("handoff_project.portal.views.previews.LISTED", 0)
    assert "The first 0 of 1" in text(read.mark.get(LISTS, 2))


def test_the_list_to_download_has_all_of_them_and_says_what_changes(read, company, found):
    company.lead("ann@acme.example", job_title="VP", name="=Ann()")
    for kind, rows in (("gained", 2), ("lost", 0)):
        answer = read.mark.get(EXPORT, 2, query={"kind": kind})
        lines = b"".join(answer).decode("utf-8-sig").splitlines()
        assert lines[0].startswith("Name,E-mail,Company,Score now,Tier now,Score with the draft")
        assert len(lines) == 1 + rows
        assert f"v2-{kind}.csv" in answer["Content-Disposition"]
    everybody = b"".join(read.mark.get(EXPORT, 2)).decode("utf-8-sig").splitlines()
    assert "Wanda Warm,wanda@acme.example,Acme,40,C,40,C" in everybody
    assert "'=Ann(),ann@acme.example,Acme,40,C,40,C" in everybody


def test_the_list_to_download_holds_only_leads_that_the_reader_may_see(read, draft, cast):
    in_review(draft, cast.mark)
    PreviewRun.objects.ask(draft, by=cast.mark, now=NOW)
    work(now=NOW, seconds=60)
    assert len(b"".join(read.tess.get(EXPORT, 2)).splitlines()) == 1
    assert len(b"".join(read.mia.get(EXPORT, 2)).splitlines()) == 2


def test_without_a_result_or_while_scores_are_behind_nothing_is_downloaded(read, draft, cast):
    assert "Work the exact preview out first" in text(follow(read.mark, EXPORT, 2))
    PreviewRun.objects.ask(draft, by=cast.mark, now=NOW)
    work(now=NOW, seconds=60)
    Rescoring.objects.update(state="running", ended_at=None)
    assert "being brought up to date" in text(follow(read.mark, EXPORT, 2))


def follow(reader, name, *args):
    return reader.client.get(reverse(name, args=args), follow=True)


def test_a_list_before_any_result_says_how_to_get_one(read, draft):
    assert "It was not worked out yet." in text(read.mark.get(LISTS, 2, query={"kind": "x"}))


def test_samples_and_lists_hold_only_leads_that_the_reader_may_see(read, company, draft, cast):
    in_review(draft, cast.mark)
    PreviewRun.objects.ask(draft, by=cast.mark, now=NOW)
    work(now=NOW, seconds=60)
    page = read.tess.get(PAGE, 2)
    assert "+1 Gained" in text(page) and "Wanda" not in text(page)
    assert "None of them is yours to see" in text(page)
    assert "Wanda" not in text(read.tess.get(LISTS, 2))
    assert PreviewLead.objects.get(kind="gained").lead.name == "Wanda Warm"


@pytest.mark.parametrize(("name", "most"), [(PAGE, 40), (RUN, 25), (LISTS, 12)])
def test_a_page_costs_the_same_however_many_leads_change(read, company, asked, name, most):
    def cost():
        """The queries of the page after its preview was worked out anew."""
        work(now=NOW, seconds=60)
        PreviewRun.objects.ask(asked.definition, by=company.cast.mark, now=NOW)
        work(now=NOW, seconds=60)
        read.mark.get(name, 2, **HTMX)
        with CaptureQueriesContext(connection) as queries:
            page = read.mark.get(name, 2, **HTMX)
        return len(queries), page

    few, _ = cost()
    for _ in range(5):
        company.lead(job_title="VP")
    many, page = cost()
    assert "Gained" in text(page) and "6" in text(page)
    assert few == many <= most


def test_a_poll_while_it_runs_is_cheap(read, asked, django_assert_max_num_queries):
    read.mark.get(RUN, 2, **HTMX)
    with django_assert_max_num_queries(15):
        read.mark.get(RUN, 2, **HTMX)


def test_the_page_has_no_inline_style_or_script(read, found):
    body = read.mark.get(PAGE, 2).content.decode()
    assert "style=" not in body and "<script>" not in body and " onclick" not in body
