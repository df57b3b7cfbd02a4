"""Marketers decide about leads on which they have the last word, one by one or many at once."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from conftest import NOW, publish
from leads.intake import receive
from leads.models import MQLDefinition, Qualification

LIST = reverse("admin:leads_qualification_changelist")


def page(found, noun="change"):
    return reverse(f"admin:leads_qualification_{noun}", args=[found.pk])


def visit(company, lead, *, at, url="/pricing", times=1):
    items = [
        {"message_id": f"{lead.pk}{url}{n}", "kind": "page_view", "url": url, "email": lead.email}
        for n in range(times)
    ]
    receive.receive_touchpoints(items, source=company.source, now=at)
    company.score(at=at)


@pytest.fixture
def marketers_decide(company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.decider, draft.cool_down_days = MQLDefinition.Decider.MARKETER, 30
    draft.interest_threshold, draft.borderline = 25, 5
    draft.save()
    return publish(draft)


@pytest.fixture
def waiting(company, marketers_decide):
    """Two leads that passed and a borderline one, each an hour after the other."""
    for number, name in enumerate(("Lena Berg", "Ola Holm")):
        at = NOW + timedelta(hours=number)
        passing = company.lead(at=at, name=name, job_title="VP Operations")
        visit(company, passing, at=at, times=2)
    close = company.lead(at=NOW + timedelta(hours=2), name="Nora Close", job_title="VP Sales")
    visit(company, close, at=NOW + timedelta(hours=2))
    return list(Qualification.objects.waiting())


@pytest.fixture(autouse=True)
def today(monkeypatch, settings):
    """The pages are read on the evening of that day; nobody is logged out by it."""
    settings.SESSION_COOKIE_AGE = 10**9
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(hours=8))


@pytest.fixture
def mark(client, company):
    client.force_login(company.cast.mark)
    return client


def names_in(response):
    return [str(found.lead) for found in response.context["cl"].result_list]


def test_the_list_shows_who_waits_longest_first_and_why(mark, waiting):
    shown = mark.get(LIST)
    assert names_in(shown) == ["Lena Berg", "Ola Holm", "Nora Close"]
    text = shown.content.decode()
    assert "<h1>Leads to decide</h1>" in text
    assert "It passes; a marketer decides" in text and "Just below the thresholds" in text


def test_what_was_answered_is_found_by_the_filter(mark, company, waiting):
    waiting[0].confirm(by=company.cast.mark, now=NOW + timedelta(hours=3))
    waiting[1].decline(by=company.cast.mark, note="No.", now=NOW + timedelta(hours=4))
    assert names_in(mark.get(LIST)) == ["Nora Close"]
    assert names_in(mark.get(LIST, {"state": "confirmed"})) == ["Lena Berg"]
    assert names_in(mark.get(LIST, {"state": "declined"})) == ["Ola Holm"]
    assert names_in(mark.get(LIST, {"state": "all"}))[:1] != []
    assert "Mark Lind" in mark.get(LIST, {"state": "all"}).content.decode()


def test_leads_about_which_nobody_was_asked_are_not_in_the_history(mark, company):
    company.handoff()
    assert names_in(mark.get(LIST, {"state": "all"})) == []


def test_the_list_asks_no_more_of_the_database_for_more_leads(
    mark, company, waiting, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        mark.get(LIST)


def test_the_page_shows_the_score_then_and_today_and_what_it_did(mark, company, waiting):
    close = waiting[2]
    visit(company, close.lead, at=NOW + timedelta(hours=3), url="/blog")
    text = mark.get(page(close)).content.decode()
    assert "Just below the thresholds (v2)" in text
    assert "Interest 20 of 25" in text and "5 points missing" in text
    assert text.count("Pricing page") >= 2  # in the score then and in the score of today
    assert "/blog" in text
    assert reverse("portal:lead", args=[close.lead_id]) in text


def test_a_confirmed_lead_is_handed_over_with_the_note(mark, company, waiting):
    answer = mark.post(page(waiting[0], "confirmation"), {"note": "Known from the fair."})
    assert answer.url == LIST
    waiting[0].refresh_from_db()
    assert (waiting[0].state, waiting[0].actor) == ("confirmed", company.cast.mark)
    assert waiting[0].note == "Known from the fair."
    assert waiting[0].handoff.state == "new"


def test_declining_needs_a_reason_and_asks_for_it(mark, waiting):
    asked = mark.post(page(waiting[0], "refusal"), {"note": " "})
    assert asked.status_code == 422
    assert "Say why it is declined." in asked.content.decode()
    mark.post(page(waiting[0], "refusal"), {"note": "A student project."})
    waiting[0].refresh_from_db()
    assert (waiting[0].state, waiting[0].note) == ("declined", "A student project.")
    assert waiting[0].handoff.state == "withdrawn"


def test_who_comes_second_is_told_who_was_faster(mark, company, waiting):
    waiting[0].confirm(by=company.cast.mark, now=NOW)
    told = mark.post(page(waiting[0], "refusal"), {"note": "No."}, follow=True)
    assert "Mark Lind was faster: Lena Berg is confirmed." in told.content.decode()
    assert Qualification.objects.get(pk=waiting[0].pk).state == "confirmed"


def test_an_answer_is_posted(mark, waiting):
    assert mark.get(page(waiting[0], "confirmation")).status_code == 405


@pytest.mark.parametrize("person", ["mia", "ren"])
def test_managers_and_revops_read_and_do_not_decide(client, company, waiting, person):
    client.force_login(getattr(company.cast, person))
    assert names_in(client.get(LIST)) != []
    shown = client.get(page(waiting[0])).content.decode()
    assert "It waits for the answer of a marketer." in shown and "Confirm" not in shown
    for noun in ("confirmation", "refusal"):
        assert client.post(page(waiting[0], noun), {"note": "x"}).status_code == 403
    client.post(LIST, chosen(waiting, "confirm_selected") | {"answer": "1"})
    assert Qualification.objects.waiting().count() == 3


# Many at once


def chosen(found, action):
    return {"action": action, "_selected_action": [one.pk for one in found]}


def test_many_are_shown_and_asked_for_one_note_before_they_are_answered(mark, waiting):
    asked = mark.post(LIST, chosen(waiting[:2], "decline_selected"))
    text = asked.content.decode()
    assert "Decline 2 leads" in text and "Lena Berg" in text and "Nora Close" not in text
    assert Qualification.objects.waiting().count() == 3


def test_declining_many_needs_the_reason_too(mark, waiting):
    data = chosen(waiting[:2], "decline_selected") | {"answer": "1", "note": ""}
    assert mark.post(LIST, data).status_code == 422
    assert Qualification.objects.waiting().count() == 3
    told = mark.post(LIST, data | {"note": "Fair visitors."}, follow=True)
    assert "2 leads declined." in told.content.decode()
    assert names_in(told) == ["Nora Close"]


def test_of_many_those_answered_meanwhile_stay_as_they_were(mark, company, waiting):
    waiting[0].decline(by=company.cast.mark, note="No.", now=NOW)
    data = chosen(waiting, "confirm_selected") | {"answer": "1", "note": ""}
    told = mark.post(f"{LIST}?state=all", data, follow=True).content.decode()
    assert "2 leads confirmed and handed over. 1 lead had been answered already" in told
    states = Qualification.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["declined", "confirmed", "confirmed"]


# How many wait


def test_marketers_see_everywhere_how_many_wait(mark, waiting):
    for url in (reverse("admin:index"), reverse("portal:leads")):
        assert '<span class="nav-count">3</span>' in mark.get(url).content.decode()
    assert "3 leads to decide" in mark.get(reverse("admin:index")).content.decode()


def test_who_does_not_decide_is_not_bothered(client, company, waiting):
    for person in ("ana", "mia"):
        client.force_login(getattr(company.cast, person))
        text = client.get(reverse("portal:leads")).content.decode()
        assert "To decide" not in text and "nav-count" not in text


def test_the_foot_of_the_list_counts_leads(mark, waiting):
    assert "3 leads" in mark.get(LIST).content.decode()
