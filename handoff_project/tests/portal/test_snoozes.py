"""A rep snoozes a lead: it leaves the queue, comes back by itself, and is never late unseen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing import work_next
from routing.models import Handoff, Refused, Snooze

MINUTE = timedelta(minutes=1)


def said(moment, zone):
    return {"until": moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")}


def listed(response):
    return [row.handoff.pk for row in response.context["rows"]]


@pytest.fixture
def snoozed(offered, cast):
    Snooze.objects.begin(offered, by=cast.ana, until=NOW + 10 * MINUTE, now=NOW)
    return offered


def test_a_snoozed_lead_leaves_the_queue_and_comes_back_by_itself(read, offered, cast, at):
    data = said(NOW + 10 * MINUTE, cast.ana.tzinfo)
    for _ in range(2):  # a double click snoozes once
        page = read.ana.post("portal:snooze", offered.pk, data=data, follow=True)
    assert "Lena Berg is snoozed and comes back" in text(page)
    assert offered.lead.events.filter(kind="routing.snoozed").count() == 1
    assert offered.pk not in listed(page)
    assert offered.pk in listed(read.ana.get("portal:queue", query={"tab": "snoozed"}))
    assert work_next.current(cast.ana.rep, now=NOW)[0] != offered
    at(NOW + 10 * MINUTE)
    assert offered.pk in listed(read.ana.get("portal:queue"))
    assert not listed(read.ana.get("portal:queue", query={"tab": "snoozed"}))


def test_an_open_page_is_told_that_it_went_and_that_it_is_back(read, offered, cast, at):
    page = read.ana.get("portal:queue")
    Snooze.objects.begin(offered, by=cast.ana, until=NOW + 10 * MINUTE, now=NOW)
    gone = read.ana.get("portal:queue-changes", query=page.context["changes"])
    assert "You snoozed this lead." in gone.content.decode()
    at(NOW + 10 * MINUTE)
    back = read.ana.get("portal:queue-changes", query=gone.context["changes"])
    assert "1 new lead - show" in text(back)


def test_its_page_says_so_and_brings_it_back(read, snoozed):
    page = text(read.ana.get("portal:lead", snoozed.lead_id))
    assert "Snoozed until" in page and "Its clocks run on." in page
    page = text(read.ana.post("portal:snooze-end", snoozed.pk, follow=True))
    assert "Lena Berg is back in your queue." in page and "No longer snoozed" in page
    assert snoozed.pk in listed(read.ana.get("portal:queue"))
    again = read.ana.post("portal:snooze-end", snoozed.pk, follow=True)
    assert "This lead is not snoozed." in text(again)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (-5, "This moment has passed."),
        (31, "Its deadline is Wed"),  # due 30 minutes after it was offered
        (60 * 24 * 31, "Snooze it for 30 days at most"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_at_its_field(read, offered, cast, minutes, words):
    data = said(NOW + minutes * MINUTE, cast.ana.tzinfo)
    page = read.ana.post("portal:snooze", offered.pk, data=data)
    assert page.status_code == 422 and words in text(page)
    assert not Snooze.objects.exists()


def test_a_snooze_does_not_outlast_the_deadline_nor_the_rep(snoozed, cast):
    Snooze.objects.update(until=NOW + 60 * MINUTE)  # as if the deadline had come nearer
    assert snoozed in Handoff.objects.snoozed(now=NOW)
    assert snoozed in Handoff.objects.awake(now=NOW + 30 * MINUTE)
    Handoff.objects.filter(pk=snoozed.pk).update(owner=cast.bo.rep)
    assert snoozed in Handoff.objects.awake(now=NOW)


def test_one_that_is_accepted_after_all_is_back(snoozed, cast):
    snoozed.accept(by=cast.ana, now=NOW + MINUTE)
    assert snoozed in Handoff.objects.awake(now=NOW + MINUTE)


def test_nobody_snoozes_a_colleagues_lead(snoozed, cast):
    with pytest.raises(Refused, match="offered to Ana Ruiz"):
        Snooze.objects.begin(snoozed, by=cast.tess, until=NOW + MINUTE, now=NOW)
    with pytest.raises(Refused, match="not snoozed"):
        Snooze.objects.end(snoozed, by=cast.bo, now=NOW)


def test_the_form_offers_a_time_well_before_the_deadline(read, offered, cast):
    form = read.ana.get("portal:snooze", offered.pk).context["form"]
    half = NOW + (offered.next_due_at - NOW) / 2
    assert form["until"].initial == timezone.localtime(half, cast.ana.tzinfo)
