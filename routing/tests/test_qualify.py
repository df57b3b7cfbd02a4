"""A rep vets a lead by the checklist, and it becomes an SQL, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from conftest import NOW
from leads.models import Delivery, StageTransition
from routing.models import (
    ChecklistAnswer,
    ChecklistQuestion,
    FollowUp,
    Handoff,
    Refused,
    RejectionReason,
    checklist,
)

HOUR = timedelta(hours=1)
ENOUGH = {"budget": "no", "authority": "confirmed", "need": "confirmed", "timeline": "confirmed"}


@pytest.fixture
def ana(company):
    return company.cast.ana


@pytest.fixture
def accepted(company, ana):
    offer = company.handoff_of(ana)
    offer.accept(by=ana, now=NOW)
    return offer


def note(handoff, by, *, now=NOW, **answers):
    asked = {question.code: question for question in checklist.questions()}
    said = {asked[code]: (answer, "") for code, answer in answers.items()}
    return ChecklistAnswer.objects.note(handoff, by=by, said=said, now=now)


def test_a_vetted_lead_becomes_an_sql_and_the_handoff_ends(accepted, ana):
    FollowUp.objects.plan(accepted, kind="call", by=ana, due_at=NOW + HOUR, now=NOW)
    note(accepted, ana, **ENOUGH)
    accepted.qualify(by=ana, now=NOW + HOUR)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.closed_at) == ("qualified", NOW + HOUR)
    assert accepted.lead.stage_id == "sql"
    moved = StageTransition.objects.get(to_stage="sql")
    assert (moved.from_stage_id, moved.actor, moved.cause) == ("mql", ana, "3 of 6 confirmed")
    event = accepted.lead.events.get(kind="routing.qualified")
    assert event.data["answers"] == ENOUGH | {"contact_role": "unknown", "use_case": "unknown"}
    coming = accepted.follow_ups.open().get()
    assert (coming.kind, coming.due_at) == ("meeting", accepted.next_due_at)
    assert not accepted.assignments.filter(ended_at=None).exists()


def test_marketing_is_told_of_the_sql(company, accepted, ana):
    note(accepted, ana, **ENOUGH)
    accepted.qualify(by=ana, now=NOW)
    told = Delivery.objects.filter(event__kind="routing.qualified", recipient=company.cast.mark)
    assert told.exists()
    assert not Delivery.objects.filter(event__kind="routing.qualified", recipient=ana).exists()


def test_it_stops_the_qualify_clock_and_no_other_promise_is_owed(company, policy, ana):
    draft = policy.draft_from_this()
    draft.targets.create(clock="qualify", minutes=600)
    draft.steps.create(clock="qualify", action="manager")
    draft.publish(by=None, now=NOW - HOUR)
    offer = company.handoff_of(ana)
    offer.accept(by=ana, now=NOW)
    note(offer, ana, **ENOUGH)
    offer.qualify(by=ana, now=NOW + HOUR)
    states = {clock.kind: (clock.state, clock.stopped_at) for clock in offer.clocks.all()}
    assert states["qualify"] == ("stopped", NOW + HOUR)
    assert states["first_touch"][0] == "cancelled"
    assert states["accept"] == ("stopped", NOW)


@pytest.mark.parametrize(
    ("answers", "gaps"),
    [
        ({}, 4),
        (ENOUGH | {"need": "no"}, ["Need must be confirmed"]),
        (ENOUGH | {"budget": "unknown"}, ["Budget must be answered"]),
    ],
)
def test_a_gap_keeps_it_from_being_an_sql_and_is_named(accepted, ana, answers, gaps):
    note(accepted, ana, **answers)
    found = checklist.of(accepted).gaps
    assert len(found) == gaps if isinstance(gaps, int) else found == gaps
    with pytest.raises(Refused, match=f"Not an SQL yet: {found[0]}"):
        accepted.qualify(by=ana, now=NOW)
    assert Handoff.objects.get(pk=accepted.pk).state == accepted.state == "accepted"
    assert accepted.lead.stage_id == "mql"


def test_the_gate_follows_the_questions_that_are_asked_now(accepted, ana):
    ChecklistQuestion.objects.exclude(code="need").update(gate="none")
    note(accepted, ana, need="no")
    ChecklistQuestion.objects.filter(code="need").update(is_active=False)
    accepted.qualify(by=ana, now=NOW)
    # What was answered is still shown; what was not asked of it is not.
    assert [line.question.code for line in checklist.of(accepted).lines] == ["need"]


def test_saying_the_same_again_changes_nothing(accepted, ana):
    assert len(note(accepted, ana, need="confirmed", budget="unknown")) == 1
    assert note(accepted, ana, now=NOW + HOUR, need="confirmed") == []
    (event,) = accepted.lead.events.filter(kind="routing.checklist_answered")
    assert (event.cause, event.data["answers"]) == ("Need: confirmed", {"need": "confirmed"})
    assert ChecklistAnswer.objects.get().answered_at == NOW


def end_as(state, handoff, by):
    if state == "rejected":
        reason = RejectionReason.objects.get(code="no_need")
        handoff.reject(by=by, reason=reason, now=NOW)
    else:
        Handoff.objects.filter(pk=handoff.pk).update(state=state, closed_at=NOW)
    handoff.refresh_from_db()


@pytest.mark.parametrize("state", ["rejected", "withdrawn", "qualified", "recycled"])
@pytest.mark.parametrize("verb", ["qualify", "note"])
def test_what_has_ended_is_neither_answered_nor_qualified(accepted, ana, state, verb):
    note(accepted, ana, **ENOUGH)
    end_as(state, accepted, ana)
    with pytest.raises(Refused, match="This lead is no longer waiting"):
        if verb == "note":
            note(accepted, ana, need="no")
        else:
            accepted.qualify(by=ana, now=NOW)
    assert ChecklistAnswer.objects.get(question__code="need").answer == "confirmed"


def test_an_offer_is_accepted_first(company, ana):
    offer = company.handoff_of(ana)
    with pytest.raises(Refused, match="Accept the lead first, then qualify it"):
        offer.qualify(by=ana, now=NOW)
    with pytest.raises(Refused, match="Accept the lead first, then answer"):
        note(offer, ana, need="confirmed")


@pytest.mark.parametrize("who", ["bo", "tess", "mia"])
def test_nobody_but_its_rep_vets_a_lead(company, accepted, ana, who):
    note(accepted, ana, **ENOUGH)
    person = getattr(company.cast, who)
    with pytest.raises(Refused, match="Ana Ruiz accepted this lead"):
        accepted.qualify(by=person, now=NOW)
    with pytest.raises(Refused, match="Ana Ruiz accepted this lead"):
        note(accepted, person, need="no")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_two_verbs_at_once_one_wins(company, ana):
    offer = company.handoff_of(ana)
    offer.accept(by=ana, now=NOW)
    note(offer, ana, **ENOUGH)
    reason = RejectionReason.objects.get(code="no_need")

    def end(number):
        mine = Handoff.objects.get(pk=offer.pk)
        try:
            if number % 2:
                mine.reject(by=ana, reason=reason, now=NOW)
            else:
                mine.qualify(by=ana, now=NOW)
        except Refused:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(end, range(4))) == 1
    ends = offer.lead.events.filter(kind__in=("routing.qualified", "routing.rejected"))
    assert ends.count() == 1
