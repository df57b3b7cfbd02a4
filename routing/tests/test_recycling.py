"""A good lead rests, wakes by its date or by itself, and is handed over anew."""

from datetime import timedelta

import pytest

from conftest import NOW
from leads import kinds
from leads.intake import receive
from leads.models import Delivery, NurtureTrack, Score
from routing import nurture, recycling, router
from routing.models import (
    ChecklistAnswer,
    ChecklistQuestion,
    FollowUp,
    Handoff,
    Recycling,
    Refused,
    RejectionReason,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK = 7 * DAY


@pytest.fixture
def ana(company):
    return company.cast.ana


@pytest.fixture
def accepted(company, ana):
    offer = company.handoff_of(ana)
    offer.accept(by=ana, now=NOW)
    return offer


@pytest.fixture
def track(db):
    return NurtureTrack.objects.get()


@pytest.fixture
def rest(ana, track):
    def recycle(handoff, *, now=NOW, **said):
        said = {"reason": "timing", "track": track} | said
        handoff.recycle(by=ana, now=now, **said)
        return handoff

    return recycle


def next_of(handoff):
    return Handoff.objects.filter(previous=handoff).first()


def visit(company, lead, *, at):
    """Have the lead ask for a demo once more."""
    company.lead(lead.email, at=at, conversion={"kind": "demo_request", "form": "Demo"})


def test_marketing_hears_of_it_unless_the_rep_takes_it_back(company, accepted, ana, rest):
    rest(accepted, note="After the fair.")
    mark = company.cast.mark
    told = Delivery.objects.filter(event__kind="routing.recycled", recipient=mark)
    words = told.get(channel="in_app").payload["body"]
    assert words.startswith("The time is wrong, by Ana Ruiz. They say: After the fair. Track: ")
    assert kinds.settled(told) == set()
    recycling.undo(accepted, by=ana, now=NOW + HOUR)
    assert kinds.settled(told) == set(told.values_list("pk", flat=True))


def see_pricing(company, lead, *, at):
    item = {"kind": "page_view", "url": "/pricing", "email": lead.email}
    item |= {"message_id": f"{lead.pk}-{at}", "occurred_at": at.isoformat()}
    result = receive.receive_touchpoints([item], source=company.source, now=at)
    assert result.stored == 1
    company.score(at=at)


def test_a_recycled_lead_rests_and_nothing_is_owed(accepted, ana, rest, track):
    FollowUp.objects.plan(accepted, kind="call", by=ana, due_at=NOW + HOUR, now=NOW)
    rest(accepted, wake_at=NOW + WEEK, note="After their fair", cool_down_days=10)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.closed_at, accepted.next_due_at) == ("recycled", NOW, None)
    assert (accepted.lead.stage_id, accepted.lead.status) == ("mql", "nurturing")
    assert accepted.recycling.cool_down_until == NOW + 10 * DAY
    assert not accepted.follow_ups.open().exists()
    assert not accepted.clocks.filter(state="running").exists()
    event = accepted.lead.events.get(kind="routing.recycled")
    assert (event.actor, event.data["track"]) == (ana, track.name)
    assert event.data["wake_at"] == (NOW + WEEK).isoformat()


def test_on_its_date_it_is_handed_over_anew_with_what_was_said(company, accepted, rest):
    rest(accepted, wake_at=NOW + WEEK)
    assert recycling.wake(now=NOW + WEEK - HOUR) == 0
    assert recycling.wake(now=NOW + WEEK) == 1
    again = next_of(accepted)
    assert (again.state, again.opened_at) == ("new", NOW + WEEK)
    assert again.qualification.cause == "woken"
    (earlier,) = again.packet["earlier"]
    assert (earlier["handoff"], earlier["reason"]) == (accepted.pk, "The time is wrong")
    router.route_new(now=NOW + WEEK)
    again.refresh_from_db()
    assert again.state == "offered" and again.clocks.exists()
    woken = accepted.lead.events.get(kind="routing.woken")
    assert (woken.cause, woken.data["woken_by"]) == ("Its date had come", "date")
    assert accepted.lead.transitions.filter(to_stage="mql").count() == 1


def test_it_wakes_once_however_often_the_sweep_looks(accepted, rest):
    rest(accepted, wake_at=NOW + HOUR)
    assert [recycling.wake(now=NOW + WEEK) for _ in range(3)] == [1, 0, 0]
    assert Handoff.objects.filter(previous=accepted).count() == 1


def test_the_date_counts_whatever_the_score(accepted, rest):
    rest(accepted, wake_at=NOW + 60 * DAY)
    recycling.wake(now=NOW + 60 * DAY)  # the demo request counts for seven days
    assert next_of(accepted).qualification.cause == "woken"


def test_something_new_brings_it_back_after_the_cool_down_alone(company, accepted, rest):
    rest(accepted, cool_down_days=5)
    visit(company, accepted.lead, at=NOW + 3 * DAY)
    assert recycling.wake(now=NOW + 4 * DAY) == 0
    recycling.wake(now=NOW + 5 * DAY)
    assert next_of(accepted).qualification.cause == "fast_track"
    assert Recycling.objects.get().woken_by == "score"


def test_a_score_that_stays_as_it_was_brings_nobody_back(accepted, rest):
    rest(accepted, cool_down_days=0)
    assert Score.objects.get(lead=accepted.lead).qualifies
    assert recycling.wake(now=NOW + DAY) == 0
    assert next_of(accepted) is None


def test_what_sales_rejects_to_nurture_rests_as_the_definition_says(company, accepted, ana):
    accepted.reject(by=ana, reason=RejectionReason.objects.get(code="too_early"), now=NOW)
    rests, agreed = Recycling.objects.get(), accepted.qualification.definition
    assert (rests.handoff, rests.reason, rests.track) == (accepted, "rejected", agreed.reject_track)
    assert rests.cool_down_until == NOW + agreed.cool_down_days * DAY
    assert (accepted.lead.stage_id, accepted.lead.status) == ("mql", "sales_unready")
    told = accepted.lead.events.filter(kind__in=["routing.rejected", "routing.recycled"])
    assert set(told.values_list("data__reason", flat=True)) == {"too_early", "rejected"}


def test_what_sales_rejected_comes_back_by_something_new(company, accepted, ana):
    accepted.reject(by=ana, reason=RejectionReason.objects.get(code="too_early"), now=NOW)
    ready = Recycling.objects.get().cool_down_until
    visit(company, accepted.lead, at=ready - DAY)
    assert recycling.wake(now=ready - HOUR) == 0
    assert recycling.wake(now=ready) == 1
    again = next_of(accepted)
    assert [one["reason"] for one in again.packet["earlier"]] == ["Only looking around"]
    assert recycling.wake(now=ready + DAY) == 0


def test_what_is_disqualified_rests_nowhere(accepted, ana):
    lost = RejectionReason.objects.filter(destination="disqualify", needs_note=False).first()
    accepted.reject(by=ana, reason=lost, note="No.", now=NOW)
    assert not Recycling.objects.exists()


def test_what_must_never_pass_stays_where_it_is(company, accepted, rest):
    rest(accepted, wake_at=NOW + DAY)
    lead = accepted.lead
    lead.company.domain = "rival.example"
    lead.company.save()
    lead.ask_for_score()
    company.score(at=NOW + DAY)
    assert recycling.wake(now=NOW + 2 * DAY) == 0
    # Nor does it pass by a score that nobody has counted anew yet.
    Score.objects.filter(lead=lead).update(do_not_pass=False)
    recycling.wake(now=NOW + 2 * DAY)
    assert next_of(accepted) is None and Recycling.objects.get().is_waiting


def test_what_it_does_brings_it_back_at_any_score(company, signals, accepted, rest):
    rest(accepted, wake_signal=signals.pricing)
    visit(company, accepted.lead, at=NOW + HOUR)  # something else than what was waited for
    assert recycling.wake(now=NOW + HOUR) == 0
    see_pricing(company, accepted.lead, at=NOW + 2 * HOUR)
    assert recycling.wake(now=NOW + 2 * HOUR) == 1
    assert next_of(accepted).qualification.cause == "woken"
    assert Recycling.objects.get().woken_by == "event"


@pytest.mark.parametrize(
    ("field", "other", "news"),
    [
        ("job_title", {"department": "Sales"}, {"job_title": "CEO"}),
        ("company.employees", {"industry": "Paper"}, {"employees": 900}),
    ],
)
def test_what_changes_brings_it_back(accepted, rest, field, other, news):
    rest(accepted, wake_field=field)
    about = accepted.lead.company if field.startswith("company.") else accepted.lead
    about.learn(other, now=NOW + HOUR)
    assert recycling.wake(now=NOW + HOUR) == 0
    about.learn(news, now=NOW + 2 * HOUR)
    assert recycling.wake(now=NOW + 2 * HOUR) == 1
    event = accepted.lead.events.get(kind="routing.woken")
    assert (event.data["woken_by"], event.data["reason"]) == ("field", "timing")


def test_the_yield_by_reason_counts_what_happened_after_the_rest(company, accepted, ana, rest):
    rest(accepted, wake_at=NOW + DAY)
    other = company.handoff_of(ana)
    other.accept(by=ana, now=NOW)
    rest(other, reason="budget")
    recycling.wake(now=NOW + DAY)
    again = next_of(accepted)
    again.state, again.closed_at = Handoff.State.QUALIFIED, NOW + DAY
    again.save()
    found = {one["reason"]: one for one in nurture.yields(Recycling.objects.all())}
    steps = ("n", "mql", "sql", "won")
    said = {reason: tuple(one[step] for step in steps) for reason, one in found.items()}
    assert said == {"timing": (1, 1, 1, 0), "budget": (1, 0, 0, 0)}


def test_an_erased_lead_rests_for_ever(accepted, rest):
    rest(accepted, wake_at=NOW + DAY)
    type(accepted.lead).objects.filter(pk=accepted.lead_id).update(erased_at=NOW)
    assert recycling.wake(now=NOW + WEEK) == 0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"wake_at": NOW}, "lies in the future"),
        ({"wake_at": NOW - DAY}, "lies in the future"),
        ({"wake_at": NOW + 731 * DAY}, "at most two years"),
        ({"cool_down_days": -1}, "0 to 365 days"),
        ({"cool_down_days": 366}, "0 to 365 days"),
        ({"wake_field": "email"}, "wakes nobody"),
        ({"reason": "other", "note": " "}, "needs a note"),
    ],
)
def test_what_cannot_be_is_refused(accepted, rest, said, why):
    with pytest.raises(Refused, match=why):
        rest(accepted, **said)
    assert Handoff.objects.get(pk=accepted.pk).state == "accepted"


@pytest.mark.parametrize("state", ["rejected", "withdrawn", "qualified", "recycled"])
def test_what_has_ended_is_not_recycled(accepted, ana, rest, state):
    Handoff.objects.filter(pk=accepted.pk).update(state=state, closed_at=NOW)
    with pytest.raises(Refused, match="no longer waiting"):
        rest(accepted)


def test_an_offer_is_accepted_first_and_others_do_not_recycle(company, ana, accepted, track):
    offer = company.handoff_of(ana)
    with pytest.raises(Refused, match="Accept the lead first"):
        offer.recycle(by=ana, reason="timing", track=track, now=NOW)
    for who in ("bo", "mia"):
        with pytest.raises(Refused, match="Ana Ruiz accepted this lead"):
            accepted.recycle(by=getattr(company.cast, who), reason="timing", track=track, now=NOW)


def test_the_rep_takes_it_back_with_its_deadlines_and_plans(accepted, ana, rest):
    FollowUp.objects.plan(accepted, kind="call", by=ana, due_at=NOW + HOUR, now=NOW)
    accepted.refresh_from_db()
    due, status = accepted.next_due_at, accepted.lead.status
    rest(accepted)
    recycling.undo(accepted, by=ana, now=NOW + timedelta(minutes=1))
    accepted.refresh_from_db()
    assert (accepted.state, accepted.next_due_at) == ("accepted", due)
    assert (accepted.closed_at, accepted.lead.status) == (None, status)
    assert accepted.follow_ups.open().filter(kind="call").exists()
    assert accepted.assignments.filter(ended_at=None).count() == 1
    kinds = list(accepted.lead.events.values_list("kind", flat=True))
    assert "routing.recycled" in kinds and "routing.reinstated" in kinds
    rest(accepted, wake_at=NOW + DAY)  # and it can rest again
    assert recycling.wake(now=NOW + DAY) == 1


def test_nobody_else_takes_it_back_and_nobody_once_it_woke(company, accepted, ana, rest):
    rest(accepted, wake_at=NOW + DAY)
    with pytest.raises(Refused, match="no longer waiting: recycled"):
        recycling.undo(accepted, by=company.cast.bo, now=NOW)
    recycling.wake(now=NOW + DAY)
    with pytest.raises(Refused, match="no longer waiting: recycled"):
        recycling.undo(accepted, by=ana, now=NOW + DAY)


def test_a_lead_goes_round_twice_and_becomes_an_sql(company, accepted, ana, rest):
    rest(accepted, wake_at=NOW + DAY)
    recycling.wake(now=NOW + DAY)
    router.route_new(now=NOW + DAY)
    again = next_of(accepted)
    person = again.owner.user
    again.accept(by=person, now=NOW + DAY)
    said = dict.fromkeys(ChecklistQuestion.objects.all(), ("confirmed", ""))
    ChecklistAnswer.objects.note(again, by=person, said=said, now=NOW + DAY)
    again.qualify(by=person, now=NOW + DAY)
    again.refresh_from_db()
    assert (again.state, again.previous, again.lead.stage_id) == ("qualified", accepted, "sql")
    assert recycling.wake(now=NOW + WEEK) == 0


def test_a_rejected_lead_is_not_woken(accepted, ana):
    reason = RejectionReason.objects.get(code="too_early")
    accepted.reject(by=ana, reason=reason, now=NOW)
    assert recycling.wake(now=NOW + 60 * DAY) == 0
