import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from conftest import NOW
from leads.models import Event
from routing.models import Handoff, Refused, RejectionReason, Rep, Touch

LATER = NOW + timedelta(minutes=5)


def reason(code):
    return RejectionReason.objects.get(code=code)


@pytest.fixture
def offer(company):
    return company.handoff_of(company.cast.ana)


@pytest.fixture
def pooled(company):
    Rep.objects.update(in_rotation=False)
    return company.handoff()


def test_a_rep_accepts_their_offer(company, offer):
    offer.accept(by=company.cast.ana, now=LATER)
    assert (offer.state, offer.accepted_at) == ("accepted", LATER)
    event = offer.lead.events.get(kind="routing.accepted")
    assert (event.actor, event.happened_at) == (company.cast.ana, LATER)


def test_accepting_twice_is_refused_in_words(company, offer):
    offer.accept(by=company.cast.ana, now=LATER)
    with pytest.raises(Refused, match="Ana Ruiz accepted this lead 3 min ago"):
        offer.accept(by=company.cast.ana, now=LATER + timedelta(minutes=3))
    assert offer.lead.events.filter(kind="routing.accepted").count() == 1


def test_another_reps_offer_is_refused(company, offer):
    with pytest.raises(Refused, match="offered to Ana Ruiz"):
        offer.accept(by=company.cast.bo, now=LATER)
    offer.refresh_from_db()
    assert offer.state == "offered"


def test_a_stale_page_is_told_who_won(company, pooled):
    stale = Handoff.objects.get(pk=pooled.pk)
    pooled.accept(by=company.cast.bo, now=LATER)
    with pytest.raises(Refused, match="Bo Chen accepted this lead 4 s ago"):
        stale.accept(by=company.cast.ana, now=LATER + timedelta(seconds=4))
    assert Handoff.objects.get(pk=pooled.pk).owner.user == company.cast.bo


def test_a_claim_from_the_pool_makes_an_assignment(company, pooled):
    pooled.accept(by=company.cast.bo, now=LATER)
    assert (pooled.state, pooled.pool) == ("accepted", None)
    held = pooled.assignments.get()
    assert (held.rep.user, held.cause) == (company.cast.bo, "Claimed from the pool")


@pytest.mark.parametrize("who", ["carl", "tess", "mark", "mia"])
def test_the_pool_is_for_the_reps_of_its_team(company, pooled, who):
    with pytest.raises(Refused):
        pooled.accept(by=getattr(company.cast, who), now=LATER)


def test_a_rejection_needs_its_reason_and_names_the_next_place(company, offer):
    offer.reject(by=company.cast.ana, reason=reason("too_early"), now=LATER)
    offer.lead.refresh_from_db()
    assert (offer.state, offer.closed_at) == ("rejected", LATER)
    assert (offer.lead.stage_id, offer.lead.status) == ("mql", "sales_unready")
    assert offer.rejection.destination == "nurture"
    assert offer.assignments.get().ended_at == LATER
    assert offer.owner.user == company.cast.ana


def test_some_reasons_disqualify(company, offer):
    offer.accept(by=company.cast.ana, now=LATER)
    offer.reject(by=company.cast.ana, reason=reason("student"), now=LATER)
    offer.lead.refresh_from_db()
    assert offer.lead.status == "unqualified"


def test_other_needs_a_note(company, offer):
    with pytest.raises(Refused, match="needs a note"):
        offer.reject(by=company.cast.ana, reason=reason("other"), note=" ", now=LATER)


def test_nobody_else_rejects_and_nobody_rejects_twice(company, offer):
    with pytest.raises(Refused):
        offer.reject(by=company.cast.bo, reason=reason("too_early"), now=LATER)
    offer.reject(by=company.cast.ana, reason=reason("too_early"), now=LATER)
    with pytest.raises(Refused, match="rejected"):
        offer.reject(by=company.cast.ana, reason=reason("too_early"), now=LATER)
    assert offer.lead.events.filter(kind="routing.rejected").count() == 1


def log(handoff, by, **kwargs):
    given = {"channel": "call", "outcome": "voicemail", "now": LATER} | kwargs
    return Touch.objects.log(handoff, by=by, **given)


def test_a_touch_needs_an_accepted_lead_and_its_owner(company, offer):
    with pytest.raises(Refused, match="Accept the lead first"):
        log(offer, company.cast.ana)
    offer.accept(by=company.cast.ana, now=LATER)
    with pytest.raises(Refused):
        log(offer, company.cast.bo)


def test_a_touch_moves_the_working_status(company, offer):
    offer.accept(by=company.cast.ana, now=LATER)
    for outcome, status in [
        ("voicemail", "attempting"),
        ("connected", "connected"),
        ("no_answer", "connected"),
    ]:
        log(offer, company.cast.ana, outcome=outcome)
        offer.lead.refresh_from_db()
        assert offer.lead.status == status


def test_the_same_form_logs_one_touch(company, offer):
    offer.accept(by=company.cast.ana, now=LATER)
    nonce = uuid.uuid4()
    assert log(offer, company.cast.ana, nonce=nonce) == log(offer, company.cast.ana, nonce=nonce)
    assert offer.touches.count() == 1


def test_a_back_dated_touch_keeps_both_times(company, offer):
    offer.accept(by=company.cast.ana, now=LATER)
    when = NOW + timedelta(minutes=2)
    touch = log(offer, company.cast.ana, occurred_at=when)
    assert (touch.occurred_at, touch.entered_at, touch.is_back_dated) == (when, LATER, True)


@pytest.mark.parametrize("minutes", [-1, 60])
def test_a_touch_lies_between_the_handoff_and_now(company, offer, minutes):
    offer.accept(by=company.cast.ana, now=LATER)
    with pytest.raises(Refused, match="cannot lie"):
        log(offer, company.cast.ana, occurred_at=NOW + timedelta(minutes=minutes))


def test_the_database_keeps_one_open_handoff_per_lead(company, offer):
    copy = Handoff.objects.get(pk=offer.pk)
    copy.pk, copy.qualification, copy.previous = None, None, offer
    copy.kind, copy._state.adding = "closing", True
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save()


@pytest.mark.parametrize("state", ["offered", "pooled", "new", "accepted"])
def test_the_database_keeps_owner_and_pool_with_the_state(company, offer, state):
    wrong = {"offered": {"owner": None}, "pooled": {}, "new": {}, "accepted": {"owner": None}}
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.filter(pk=offer.pk).update(state=state, **wrong[state])


def test_events_cannot_be_changed_or_deleted(company, offer):
    for act in (lambda rows: rows.update(kind="x"), lambda rows: rows._raw_delete("default")):
        with pytest.raises(Exception, match="never changed"), transaction.atomic():
            act(Event.objects.filter(lead=offer.lead))
