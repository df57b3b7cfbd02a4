"""The monthly clean-up proposes; a person decides, and nothing is lost."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads.models import Delivery, Lead
from routing import cleaning, recycling
from routing.models import CleanUpItem, FollowUp, Handoff, Recycling, Refused, RejectionReason

DAY = timedelta(days=1)
LATER = NOW + 91 * DAY


@pytest.fixture
def accepted(company):
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    return offer


@pytest.fixture
def item(accepted):
    cleaning.propose(now=LATER)
    return CleanUpItem.objects.get(lead=accepted.lead)


def test_a_month_proposes_once_and_tells_who_decides(company, accepted):
    assert cleaning.propose(now=LATER)
    assert cleaning.propose(now=LATER + DAY) is None
    assert CleanUpItem.objects.count() == Lead.objects.filter(stage="mql").count()
    notices = Delivery.objects.filter(event__kind="routing.clean_up_proposed", channel="in_app")
    told = {one.recipient.email.partition("@")[0]: one.payload for one in notices}
    assert {"mark", "mia", "ren"} <= set(told)
    said = told["mark"]["body"]
    assert "MQLs without activity for 90 days: 1" in said and "stuck in MQL: 1" in said
    assert "/admin/routing/cleanupitem/" in told["mark"]["url"]
    assert Handoff.objects.get(pk=accepted.pk).state == "accepted"
    cleaning.propose(now=LATER + 31 * DAY)
    assert CleanUpItem.objects.values_list("clean_up__month__month", flat=True).get() == 7


@pytest.mark.parametrize("what", ["touchpoint", "touch", "plan", "too young", "rejected for good"])
def test_what_is_active_or_over_is_not_proposed(company, accepted, what):
    ana, late = company.cast.ana, LATER - DAY
    if what == "touchpoint":
        company.lead(accepted.lead.email, at=late, conversion={"kind": "form_submit", "form": "F"})
    if what == "touch":
        accepted.touches.log(accepted, by=ana, channel="call", outcome="connected", now=late)
    if what == "plan":
        planned = {"kind": "call", "created_at": NOW, "due_at": LATER + DAY}
        FollowUp.objects.create(handoff=accepted, **planned)
    if what == "rejected for good":
        reason = RejectionReason.objects.filter(destination="disqualify", needs_note=False).first()
        accepted.reject(by=ana, reason=reason, now=NOW)
    cleaning.propose(now=NOW + 89 * DAY if what == "too young" else LATER)
    assert not CleanUpItem.objects.exists()


def test_a_confirmed_lead_rests_and_undo_puts_it_back(company, accepted, item):
    mark = company.cast.mark
    cleaning.let_rest(item, by=mark, now=LATER)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.lead.status) == ("withdrawn", "nurturing")
    rests = Recycling.objects.get()
    assert (rests.reason, rests.recycled_by, rests.is_waiting) == ("quiet", mark, True)
    event = accepted.lead.events.get(kind="routing.recycled")
    assert event.data["track"] == rests.track.name
    told = Delivery.objects.filter(event__kind="routing.withdrawn", channel="in_app").get()
    assert told.recipient == company.cast.ana
    with pytest.raises(Refused, match="no longer without activity"):
        cleaning.let_rest(item, by=mark, now=LATER)
    item.refresh_from_db()
    cleaning.undo(item, by=mark, now=LATER + DAY)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.owner.user) == ("accepted", company.cast.ana)
    assert accepted.lead.status == "contact_and_qualify"
    assert accepted.clocks.filter(state="running").exists()
    assert not Recycling.objects.exists()
    item.refresh_from_db()
    assert (item.state, item.decided_by) == ("proposed", None)


def test_a_rejected_mql_rests_already(company, accepted):
    accepted.reject(
        by=company.cast.ana, reason=RejectionReason.objects.get(code="too_early"), now=NOW
    )
    cleaning.propose(now=LATER)
    assert not CleanUpItem.objects.exists()


def test_what_came_back_by_itself_is_not_put_back(company, accepted, item):
    cleaning.let_rest(item, by=company.cast.mark, now=LATER)
    later = LATER + 40 * DAY
    demo = {"kind": "demo_request", "form": "Demo"}
    company.lead(accepted.lead.email, at=later, conversion=demo)
    assert recycling.wake(now=later) == 1
    assert Handoff.objects.get(previous=accepted).state == "new"
    item.refresh_from_db()
    with pytest.raises(Refused, match="handed over again"):
        cleaning.undo(item, by=company.cast.mark, now=later)


def test_one_answer_counts(company, accepted, item):
    cleaning.keep(item, by=company.cast.mark, now=LATER)
    for verb in (cleaning.keep, cleaning.let_rest):
        with pytest.raises(Refused, match="Answered already by Mark Lind: kept as it is"):
            verb(item, by=company.cast.mark, now=LATER)
    cleaning.undo(item, by=company.cast.mark, now=LATER)
    assert item.state == "proposed"
