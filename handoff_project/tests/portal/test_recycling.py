from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from leads.models import NurtureTrack
from routing import recycling
from routing.models import Recycling

SOON = "2026-03-16"


@pytest.fixture
def accepted(offered):
    offered.accept(by=offered.owner.user, now=NOW)
    return offered


@pytest.fixture
def data(db):
    track = NurtureTrack.objects.get()
    return {"reason": "timing", "track": track.pk, "wake_on": SOON, "cool_down_days": "30"}


def test_a_rep_recycles_a_lead_and_reads_when_it_comes_back(read, accepted, data):
    data["note"] = "After their fair"
    page = read.ana.post("portal:recycle", accepted.pk, data=data, follow=True)
    until = "16 Mar 2026, or when it requalifies, from 3 Apr 2026"
    assert f"Recycled: Lena Berg. Comes back: {until}." in text(page)
    assert "Recycled: The time is wrong After their fair" in text(page)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.lead.status) == ("recycled", "nurturing")


def test_the_next_rep_reads_why_it_rested(read, accepted, data):
    read.ana.post("portal:recycle", accepted.pk, data=data | {"note": "After their fair"})
    recycling.wake(now=NOW + timedelta(days=14))
    page = read.mia.get("portal:lead", accepted.lead_id)
    assert "Recycled by Ana Ruiz" in text(page)
    assert ": The time is wrong After their fair" in text(page)
    assert "Left nurture" in text(page)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": ""}, "Choose a reason."),
        ({"track": ""}, "Choose a track."),
        ({"wake_on": "2026-03-04"}, "The date on which it comes back lies in the future."),
        ({"wake_on": "2029-01-01"}, "at most two years away"),
        ({"cool_down_days": "-1"}, "greater than or equal to 0"),
        ({"reason": "other"}, "this reason needs a note"),
    ],
)
def test_a_form_with_gaps_is_refused(read, accepted, data, change, message):
    page = read.ana.post("portal:recycle", accepted.pk, data=data | change)
    assert page.status_code == 422 and message in text(page)
    assert "<title>Error: Recycle Lena Berg" in page.content.decode()
    assert not Recycling.objects.exists()


def test_a_second_click_recycles_once_and_complains_of_nothing(read, accepted, data):
    for _ in range(2):
        page = read.ana.post("portal:recycle", accepted.pk, data=data, follow=True)
        assert "Recycled: Lena Berg." in text(page)
    assert accepted.lead.events.filter(kind="routing.recycled").count() == 1


def test_the_rep_takes_it_back(read, accepted, data):
    read.ana.post("portal:recycle", accepted.pk, data=data)
    other = read.mia.get("portal:lead", accepted.lead_id)
    assert "Undo</button>" not in other.content.decode()
    assert "Undo</button>" in read.ana.get("portal:lead", accepted.lead_id).content.decode()
    page = read.ana.post("portal:recycle-undo", accepted.pk, follow=True)
    assert "Lena Berg is yours again, with the deadlines it had." in text(page)
    accepted.refresh_from_db()
    assert accepted.state == "accepted"
    again = read.ana.post("portal:recycle-undo", accepted.pk, follow=True)
    assert "Ana Ruiz accepted this lead" in text(again)


def test_who_does_not_hold_it_is_refused_in_words(read, accepted, data):
    page = read.mia.post("portal:recycle", accepted.pk, data=data, follow=True)
    assert "Ana Ruiz accepted this lead" in text(page)
    assert read.carl.post("portal:recycle", accepted.pk, data=data).status_code == 404
    assert read.carl.post("portal:recycle-undo", accepted.pk).status_code == 404


def test_an_offer_is_accepted_first(read, offered, data):
    page = read.ana.post("portal:recycle", offered.pk, data=data, follow=True)
    assert "Accept the lead first, then recycle it." in text(page)


def test_marketing_finds_who_rests_and_what_each_waits_for(read, accepted, data):
    read.ana.post("portal:recycle", accepted.pk, data=data)
    assert "Lena Berg" not in text(read.mark.client.get("/admin/routing/recycling/?rests=no"))
    shown = text(read.mark.client.get("/admin/routing/recycling/?rests=yes"))
    assert "Lena Berg" in shown and "16 Mar 2026, or when it requalifies" in shown


def test_marketing_reads_what_each_lead_waits_for_and_takes_it_along(read, accepted, data, signals):
    data |= {"wake_signal": signals.pricing.pk, "wake_field": "company.employees"}
    read.ana.post("portal:recycle", accepted.pk, data=data)
    page = read.mark.get("admin:routing_recycling_changelist", query={"reason__exact": "timing"})
    ways = "or when “Pricing page” happens, or when this changes: Company employees"
    assert ways in text(page)
    assert "The time is wrong 1 0 0 0" in text(page)
    query = {"reason__exact": "timing"}
    file = b"".join(read.mark.get("admin:routing_recycling_export", query=query)).decode()
    assert "Lena Berg" in file and ",Pricing page,Company employees," in file
    other = read.mark.get("admin:routing_recycling_export", query={"reason__exact": "budget"})
    assert "Lena Berg" not in b"".join(other).decode()
    assert read.ana.get("admin:routing_recycling_export").status_code == 302  # no admin
