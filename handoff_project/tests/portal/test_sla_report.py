import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from leads.models import Delivery, MQLDefinition
from routing.models import Touch
from sla.watch import watch

MINUTE = timedelta(minutes=1)


def touched(company, after, **contact):
    handoff = company.handoff(**contact)
    user = handoff.owner.user
    handoff.accept(by=user, now=NOW)
    Touch.objects.log(handoff, by=user, channel="call", outcome="sent", now=NOW + after * MINUTE)


@pytest.fixture
def week(company, at):
    """Two touched in time, one touched late, one never, one in the future's hands."""
    for after in (10, 30, 90):
        touched(company, after)
    company.handoff(at=NOW - timedelta(days=1))
    company.handoff(at=NOW + 110 * MINUTE)
    at(NOW + 120 * MINUTE)


def test_numbers_come_with_numerator_denominator_and_words(read, week):
    shown = text(read.mia.get("portal:sla-report"))
    assert "50 % MQLs with a first attempt inside SLA 2 of 4 MQLs" in shown
    assert "30 min Median, in working time" in shown
    assert "1 done late and 1 past the deadline and not done." in shown
    assert "(UTC, your zone), as of 4 Mar 2026 12:00:00" in shown
    assert "Past the deadline and not done, also if the handoff ended later without it." in shown


@pytest.mark.parametrize(
    ("report", "prefix", "fewest"),
    [("sla-report", "sla", 9), ("funnel", "funnel", 6), ("feedback", "feedback", 5)],
)
def test_every_number_opens_as_many_rows_and_the_file_has_the_same(
    read, week, report, prefix, fewest
):
    page = read.mia.get(f"portal:{report}", query={"by": "rep"})
    address = reverse(f"portal:{prefix}-rows")
    links = re.findall(rf'<a href="({address}[^"]*)">(\d+)<', page.content.decode())
    assert len(links) >= fewest
    for link, number in links:
        rows = read.mia.client.get(link.replace("&amp;", "&"))
        assert rows.context["page"].paginator.count == int(number), link
        query = link.partition("?")[2].replace("&amp;", "&")
        export = f"{reverse(f'portal:{prefix}-export')}?{query}"
        file = read.mia.client.get(export).content.decode()
        assert len(list(csv.reader(io.StringIO(file)))) - 1 == int(number), link


def test_the_list_of_missed_promises_says_why_and_who_was_told(read, company, at):
    company.handoff_of(company.cast.ana)
    watch(now=NOW + 61 * MINUTE)
    at(NOW + 70 * MINUTE)
    words = text(read.mia.get("portal:sla-rows", query={"show": "missed"}))
    assert "Nobody acted Told: " in words
    assert "Ana Ruiz Wed 11:01" in words and "Tess Vogel Wed 11:01" in words


def test_a_rep_has_their_own_numbers_and_no_choice_of_others(read, week):
    mine = read.ana.get("portal:sla-report")
    everybodys = read.mia.get("portal:sla-report")
    assert 0 < mine.context["total"].handed_off < everybodys.context["total"].handed_off
    assert 'name="rep"' not in mine.content.decode()


@pytest.mark.parametrize(
    ("report", "prefix"),
    [("sla-report", "sla"), ("funnel", "funnel"), ("feedback", "feedback")],
)
def test_what_cannot_be_read_is_said_at_its_field(read, company, report, prefix):
    page = read.mia.get(f"portal:{report}", query={"period": "dates"})
    assert page.status_code == 422
    assert "Say the day, as in 2026-03-31." in text(page)
    for name in (f"portal:{prefix}-rows", f"portal:{prefix}-export"):
        assert read.mia.get(name, query={"tier": "Z"}).status_code == 404


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("sla-report", "Nothing of this was promised in this period."),
        ("funnel", "No lead became an MQL in this period."),
        ("feedback", "Reps answered nothing in this period."),
    ],
)
def test_an_empty_period_says_so(read, company, report, words):
    assert words in text(read.mia.get(f"portal:{report}", query={"period": "7"}))


@pytest.mark.parametrize("report", ["sla-report", "funnel", "feedback"])
def test_on_a_phone_each_number_stands_beside_its_name(read, week, report):
    body = read.mia.get(f"portal:{report}", query={"by": "rep"}).content.decode()
    body = body.partition("</tfoot>")[0]
    heads = re.findall(r'<th scope="col" class="number">(.*?)</th>', body)
    labels = re.findall(r'data-label="(.*?)"', body)
    assert labels[: len(heads)] == heads and len(labels) % len(heads) == 0


@pytest.mark.parametrize(
    ("page", "most"), [("sla-report", 20), ("funnel", 15), ("funnel-rows", 12), ("feedback", 19)]
)
def test_a_report_costs_the_same_however_much_it_counts(
    read, company, django_assert_num_queries, page, most
):
    touched(company, 10)
    read.mia.get(f"portal:{page}")
    with CaptureQueriesContext(connection) as few:
        read.mia.get(f"portal:{page}")
    for after in (20, 25):
        touched(company, after)
    with django_assert_num_queries(len(few)):
        read.mia.get(f"portal:{page}")
    assert len(few) <= most


def test_a_marketer_drafts_the_definition_without_a_clause(read, week):
    asked = {"by": "clause", "period": "7"}
    shown = text(read.mark.get("portal:feedback", query=asked))
    assert "Demo request Pass at once when Demo requested happened" in shown
    assert "Draft without it" not in text(read.mia.get("portal:feedback", query=asked))
    sent = {"query": "by=clause&period=7", "clause": "Demo request"}
    answer = read.mark.client.post(reverse("portal:clause-draft"), sent, follow=True)
    assert "Without “Demo request”: of 3 leads it let in, 0 were sent back, 25 Feb" in text(answer)
    assert MQLDefinition.objects.live().version == 1
    told = read.mark.client.post(reverse("portal:clause-draft"), sent | {"clause": "Unheard of"})
    assert told.status_code == 404


def test_the_api_has_the_pages_numbers(read, week, company, client):
    url, query = reverse("api-sla-report"), {"by": "team", "clock": "all"}
    page = read.mia.get("portal:sla-report", query=query).context
    answer = read.mia.client.get(url, query).json()
    token = {"Authorization": f"Bearer {company.source.token}"}
    by_source = client.get(url, query, headers=token).json()
    for found in (answer, by_source):
        assert found["total"]["handed_off"] == page["total"].handed_off
        assert [line["numbers"]["met"] for line in found["lines"]] == [
            line.numbers.met for line in page["lines"]
        ]
    mine = read.ana.client.get(url, query).json()
    assert mine["total"]["handed_off"] < answer["total"]["handed_off"]
    funnel = read.mia.client.get(reverse("api-funnel"), {"by": "team"}).json()
    assert [one["count"] for one in funnel["total"]["steps"]] == [5, 3, 0, 0]
    assert [line["numbers"]["endings"]["open"] for line in funnel["lines"]] == [5]
    feedback = read.mia.client.get(reverse("api-feedback"), {"by": "team"}).json()
    answered = {"answered": 3, "accepted": 3, "rejected": 0, "share": 0.0}
    assert feedback["total"] == answered
    assert feedback["lines"][0]["numbers"] == answered | {"excess": None}
    clauses = read.mia.client.get(reverse("api-feedback"), {"by": "clause"}).json()["lines"]
    assert {"others", "alone", "excess", "difference", "is_worse"} < set(clauses[0]["numbers"])
    refused = read.mia.client.get(url, {"tier": "Z"})
    assert refused.status_code == 400 and "tier" in refused.json()["errors"]


# --- What we promised --------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ana", "tess", "mark", "mia", "ren"])
def test_everybody_reads_what_is_promised(read, company, who):
    words = text(getattr(read, who).get("portal:promised"))
    assert "1. Standard Version 1, since 2 Feb 2026 10:00" in words
    assert "Every lead that no earlier policy fits." in words
    assert (
        "First touch within 1 business hour 24 h after the start, days off not counted "
        "10 business minutes before: remind the owner When late: remind the owner "
        "When late: tell the manager" in words
    )
    assert "Monday to Friday 09:00 to 17:00 Saturday to Sunday closed" in words


def test_it_follows_the_live_policies_and_changes_nothing(read, company, policy):
    draft = policy.draft_from_this()
    draft.targets.filter(clock="first_touch").update(minutes=240)
    assert "within 1 business hour" in text(read.ana.get("portal:promised"))
    draft.publish(by=None, now=NOW)
    words = text(read.ana.get("portal:promised"))
    assert "Version 2, since 4 Mar 2026 10:00" in words and "within 4 business hours" in words
    assert read.mia.post("portal:promised").status_code == 405


def test_without_a_policy_it_says_so(read, cast):
    assert "Nothing is promised yet." in text(read.ana.get("portal:promised"))


# --- The board's and the inbox's forms ---------------------------------------------------------


def test_chosen_escalations_are_acknowledged_with_one_note(read, company, at):
    first, second = company.handoff(), company.handoff()
    watch(now=NOW + 61 * MINUTE)
    at(NOW + 62 * MINUTE)
    assert "Escalations 2" in text(read.mia.get("portal:board"))
    both = {"handoff": [first.pk, second.pk], "note": "On it."}
    done = read.mia.post("portal:acknowledgements", data=both, follow=True)
    assert "You look after 2 escalations." in text(done)
    assert "Mia Okafor since Wed 11:02 Comes back Wed 15:02 “On it.”" in text(
        read.mia.get("portal:escalations", query={"state": "acknowledged"})
    )
    beaten = read.tess.post("portal:acknowledgements", data=both, follow=True)
    assert "Mia Okafor looks after" in text(beaten)


def test_the_inbox_names_a_delivery_that_was_given_up(read, company, at):
    company.handoff_of(company.cast.ana)
    watch(now=NOW + 61 * MINUTE)
    Delivery.objects.filter(recipient=company.cast.tess, channel="email").update(
        state="dead", last_error="550 no such box"
    )
    at(NOW + 62 * MINUTE)
    words = text(read.mia.get("portal:escalations"))
    assert "Tess Vogel (not delivered)" in words
    assert "Tess Vogel e-mail: given up (550 no such box)" in words


def test_a_strangers_escalation_cannot_be_acknowledged(read, company, at):
    theirs = company.handoff(country="US")
    at(NOW + timedelta(hours=12))
    watch(now=NOW + timedelta(hours=12))
    answer = read.tess.post("portal:acknowledgements", data={"handoff": theirs.pk})
    assert answer.status_code == 302 and not theirs.acknowledgements.exists()


def test_a_manager_reminds_from_the_board_and_comes_back_to_it(read, offered, at):
    clock = offered.clocks.get(kind="accept")
    data = {"next": "/board/?show=near"}
    answer = read.mia.post("portal:reminder", clock.pk, data=data)
    assert answer.url == "/board/?show=near"
    elsewhere = read.mia.post("portal:reminder", clock.pk, data={"next": "//evil.example/"})
    assert elsewhere.url == "/board/"


def test_new_clocks_wait_behind_a_control(read, company, at):
    company.handoff()
    after = read.mia.get("portal:board").context["after"]
    quiet = read.mia.get("portal:board-changes", query={"after": after})
    assert quiet.status_code == 204
    company.handoff()
    news = read.mia.get("portal:board-changes", query={"after": after, "clock": "accept"})
    assert "1 new clock - show" in text(news)
    assert read.ana.get("portal:board-changes").status_code == 404


def test_the_load_by_rep_adds_up_and_opens_its_rows(read, company, at):
    for _ in range(3):
        company.handoff()
    at(NOW + 35 * MINUTE)
    page = read.mia.get("portal:board")
    loads = page.context["loads"]
    assert sum(load.total for load in loads) == page.context["page"].paginator.count == 6
    for load in loads:
        for counter in load.counters:
            query = {"with": load.key, "show": counter.key}
            rows = read.mia.get("portal:board", query=query).context["page"]
            assert rows.paginator.count == counter.count
