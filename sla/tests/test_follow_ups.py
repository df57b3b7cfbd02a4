from datetime import timedelta

import pytest

from conftest import NOW
from routing import absences
from routing.models import (
    Absence,
    Cadence,
    ChecklistQuestion,
    FollowUp,
    Handoff,
    Reassignment,
    Refused,
    RejectionReason,
    Rep,
    Touch,
)
from sla import pauses, reminding
from sla.models import Clock
from sla.watch import watch

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def minutes(n):
    return NOW + timedelta(minutes=n)


@pytest.fixture
def offer(company):
    return company.handoff_of(company.cast.ana)


@pytest.fixture
def accepted(company, offer):
    offer.accept(by=company.cast.ana, now=minutes(1))
    return offer


@pytest.fixture
def promise(policy):
    """From now on follow-ups are due in 4 business hours, and at latest in 10 working days."""
    draft = policy.draft_from_this()
    draft.targets.create(clock="follow_up", minutes=240, bound_hours=240)
    draft.steps.create(clock="follow_up", when="before", minutes=15, action="remind")
    draft.steps.create(clock="follow_up", action="remind")
    draft.steps.create(clock="follow_up", when="after", minutes=60, action="manager")
    draft.steps.create(clock="follow_up", when="after", minutes=90, action="backup")
    draft.publish(by=None, now=NOW)
    return draft


@pytest.fixture
def cadence(db):
    made = Cadence.objects.create(name="Three mails and a call")
    for hours, kind in ((1, "email"), (8, "call"), (12, "email"), (16, "email")):
        made.steps.create(hours=hours, kind=kind, text=f"Say this after {hours} h")
    return made


def plan(handoff, by, **said):
    return FollowUp.objects.plan(handoff, by=by, now=minutes(2), **{"kind": "call"} | said)


def first(handoff):
    return handoff.follow_ups.get(kind="first_contact")


def touch(handoff, by, outcome="no_answer", *, at=20, **said):
    return Touch.objects.log(
        handoff, by=by, channel="call", outcome=outcome, now=minutes(at), **said
    )


def events(handoff):
    kinds = handoff.lead.events.filter(kind__contains="follow_up").order_by("pk")
    return list(kinds.values_list("kind", flat=True))


def test_a_handoff_opens_with_its_first_contact_which_waits_for_its_rep(company):
    waiting = company.handoff(route=False)
    assert first(waiting).due_at is None and first(waiting).created_at == waiting.opened_at
    assert events(waiting) == ["routing.follow_up_created"]


def test_the_first_contact_is_due_with_the_first_touch_clock(offer):
    assert first(offer).due_at == offer.clocks.get(kind="first_touch").due_at == minutes(60)


def test_in_a_pool_it_waits_for_whoever_claims_the_lead(company):
    Rep.objects.update(in_rotation=False)
    pooled = company.handoff()
    assert not FollowUp.objects.owned_by(company.cast.bo).exists()
    pooled.accept(by=company.cast.bo, now=minutes(3))
    assert FollowUp.objects.owned_by(company.cast.bo).get() == first(pooled)


def test_the_first_touch_makes_the_first_contact(company, accepted):
    made = touch(accepted, company.cast.ana)
    done = first(accepted)
    assert (done.state, done.touch, done.outcome) == ("done", made, "no_answer")
    assert done.closed_by == company.cast.ana
    assert events(accepted)[-1] == "routing.follow_up_done"


def test_the_first_contact_is_neither_put_off_nor_cancelled(company, accepted):
    for verb in ("reschedule", "cancel"):
        more = {"due_at": NOW + DAY} if verb == "reschedule" else {}
        with pytest.raises(Refused, match="The first contact is owed"):
            getattr(first(accepted), verb)(by=company.cast.ana, reason="No", now=NOW, **more)


def test_while_the_lead_is_waited_for_the_first_contact_has_no_time(company, accepted):
    ana = company.cast.ana
    pauses.pause(accepted, by=ana, cause="Ill", now=minutes(20))
    assert first(accepted).due_at is None
    pauses.resume(accepted, by=ana, now=minutes(50))
    assert first(accepted).due_at == minutes(90)


def test_a_follow_up_takes_the_policys_time(company, accepted, promise):
    made = plan(accepted, company.cast.ana, note="Ask about the budget")
    # 11:02 in Berlin and four hours more.
    assert made.due_at == minutes(242)
    clock = made.clocks.get()
    assert (clock.kind, clock.due_at, clock.policy) == ("follow_up", minutes(242), promise)
    accepted.refresh_from_db()
    assert accepted.next_due_at == minutes(60)  # the first touch comes first


def test_where_the_policy_says_nothing_two_business_days_hold(company, accepted):
    made = plan(accepted, company.cast.ana)
    assert made.due_at == (NOW + 2 * DAY).replace(minute=2)
    assert made.clocks.get().reading(now=minutes(3)).state == "running"


def test_a_rep_may_set_a_time_of_their_own(company, accepted, promise):
    at = (NOW + 3 * DAY).replace(hour=14, minute=30)
    made = plan(accepted, company.cast.ana, due_at=at)
    assert made.due_at == at == made.clocks.get().due_at
    assert made.clocks.get().get_unit_display() == "a time set by hand"


@pytest.mark.parametrize(
    ("due_at", "words"),
    [(NOW, "lies in the future"), (NOW + 40 * DAY, "the policy allows follow-ups until")],
)
def test_a_time_that_cannot_be_is_refused(company, accepted, promise, due_at, words):
    with pytest.raises(Refused, match=words):
        plan(accepted, company.cast.ana, due_at=due_at)
    assert accepted.follow_ups.count() == 1
    assert Clock.objects.filter(kind="follow_up").count() == 0


@pytest.mark.parametrize("who", ["bo", "carl", "mark"])
def test_whoever_does_not_work_the_lead_plans_nothing(company, accepted, who):
    with pytest.raises(Refused, match="Ana Ruiz accepted this lead"):
        plan(accepted, getattr(company.cast, who))


def test_an_offer_is_accepted_before_it_is_planned(company, offer):
    with pytest.raises(Refused, match="Accept the lead first"):
        plan(offer, company.cast.ana)


def test_a_manager_plans_for_their_rep_but_does_nothing_in_their_name(company, accepted):
    made = plan(accepted, company.cast.tess)
    assert FollowUp.objects.owned_by(company.cast.ana).filter(pk=made.pk).exists()
    with pytest.raises(Refused, match="Accept the lead first"):
        made.complete(by=company.cast.tess, outcome="sent", now=minutes(9))
    made.refresh_from_db()
    assert made.is_open


def test_a_form_that_is_sent_twice_plans_once(company, accepted):
    nonce = "0d9a2b7e-6a55-4c6e-9c3e-3a8f0c6a7c11"
    one, two = (plan(accepted, company.cast.ana, nonce=nonce) for _ in range(2))
    assert one == two


def test_what_is_done_becomes_a_touch_and_stops_its_clock(company, accepted, promise):
    made = plan(accepted, company.cast.ana)
    done = made.complete(
        by=company.cast.ana, outcome="voicemail", note="Called twice", now=minutes(30)
    )
    made.refresh_from_db()
    assert (done.channel, done.note, made.state, made.touch) == (
        *("call", "Called twice", "done", done),
    )
    assert made.clocks.get().was_met
    # It was the first contact, too.
    assert first(accepted).touch == done
    assert events(accepted)[-1] == "routing.follow_up_done"


def test_done_twice_names_who_did_it_and_logs_one_touch(company, accepted):
    made = plan(accepted, company.cast.ana)
    made.complete(by=company.cast.ana, outcome="voicemail", now=minutes(30))
    with pytest.raises(Refused, match="Ana Ruiz did this already: left a voicemail"):
        FollowUp.objects.get(pk=made.pk).complete(
            by=company.cast.ana, outcome="sent", now=minutes(31)
        )
    assert Touch.objects.count() == 1


def test_put_off_it_is_watched_by_its_new_time(company, accepted, promise):
    made, ana = plan(accepted, company.cast.ana), company.cast.ana
    at = NOW + DAY
    made.reschedule(by=ana, due_at=at, reason="They asked for it", now=minutes(30))
    made.refresh_from_db()
    assert (made.due_at, made.reason) == (at, "They asked for it")
    old, new = made.clocks.order_by("pk")
    assert old.reading(now=minutes(31)).text == "No clock"
    assert (new.due_at, new.state) == (at, "running")
    assert events(accepted)[-1] == "routing.follow_up_rescheduled"


def test_a_promise_that_was_missed_stays_missed_when_it_is_put_off(company, accepted, promise):
    made = plan(accepted, company.cast.ana)
    made.reschedule(by=company.cast.ana, due_at=NOW + DAY, reason="Forgot", now=minutes(300))
    old, _ = made.clocks.order_by("pk")
    assert old.reading(now=minutes(301)).text == "Late 58 min"
    assert old in Clock.objects.late(now=minutes(301))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"reason": " "}, "Say why."),
        ({"due_at": minutes(29)}, "lies in the future"),
        ({"due_at": NOW + 40 * DAY}, "the policy allows"),
    ],
)
def test_a_change_that_cannot_be_is_refused(company, accepted, promise, said, words):
    made = plan(accepted, company.cast.ana)
    said = {"reason": "Later", "due_at": NOW + DAY} | said
    with pytest.raises(Refused, match=words):
        made.reschedule(by=company.cast.ana, now=minutes(30), **said)
    assert FollowUp.objects.get(pk=made.pk).due_at == minutes(242)


def test_of_two_who_set_another_time_the_second_looks_again(company, accepted, promise):
    made = plan(accepted, company.cast.ana)
    seen = FollowUp.objects.get(pk=made.pk)
    made.reschedule(by=company.cast.ana, due_at=NOW + DAY, reason="Later", now=minutes(3))
    with pytest.raises(Refused, match="another time for it meanwhile"):
        seen.reschedule(by=company.cast.tess, due_at=NOW + 2 * DAY, reason="No", now=minutes(4))


def test_cancelled_it_says_why_and_no_clock_runs(company, accepted, promise):
    made = plan(accepted, company.cast.ana)
    made.cancel(by=company.cast.ana, reason="They signed elsewhere", now=minutes(5))
    assert made.clocks.get().state == "cancelled"
    with pytest.raises(Refused, match="cancelled: they signed elsewhere"):
        FollowUp.objects.get(pk=made.pk).cancel(by=company.cast.ana, reason="x", now=minutes(6))


def test_an_overdue_one_is_reminded_told_and_covered(company, accepted, promise):
    touch(accepted, company.cast.ana, at=5)
    made = plan(accepted, company.cast.ana)
    for at in (228, 243, 303, 333):
        watch(now=minutes(at))
    assert [step.words for step in made.clocks.get().escalations.all()] == [
        *("Owner reminded", "Late", "Owner reminded", "Manager told"),
        "Moved from Ana Ruiz to Bo Chen",
    ]
    assert FollowUp.objects.owned_by(company.cast.bo).get(state="open") == made


def test_open_ones_move_with_the_work(company, accepted):
    made, cast = plan(accepted, company.cast.ana), company.cast
    Reassignment.objects.reassign(
        accepted, to=cast.bo.rep, by=cast.tess, reason="Ill", now=minutes(3)
    )
    assert made in FollowUp.objects.owned_by(cast.bo)
    with pytest.raises(Refused, match="Accept the lead first"):
        made.complete(by=cast.bo, outcome="sent", now=minutes(4))
    Handoff.objects.get(pk=accepted.pk).accept(by=cast.bo, now=minutes(5))
    made.complete(by=cast.bo, outcome="connected", now=minutes(6))
    assert made.closed_by == cast.bo


def test_an_absence_moves_open_ones_to_the_cover(company, accepted):
    made, cast = plan(accepted, company.cast.ana), company.cast
    Absence.objects.create(
        rep=cast.ana.rep,
        starts_at=minutes(10),
        ends_at=NOW + DAY,
        cover=cast.bo.rep,
        on_open_work="cover",
    )
    absences.begin(now=minutes(10))
    assert made in FollowUp.objects.owned_by(cast.bo)
    assert not FollowUp.objects.owned_by(cast.ana).exists()


def test_a_rejection_settles_what_was_planned(company, accepted, promise):
    made = plan(accepted, company.cast.ana)
    reason = RejectionReason.objects.get(code="too_early")
    accepted.reject(by=company.cast.ana, reason=reason, note="Next year", now=minutes(9))
    assert set(accepted.follow_ups.values_list("state", flat=True)) == {"cancelled"}
    assert FollowUp.objects.get(pk=made.pk).reason == f"Rejected: {reason}"
    assert not accepted.clocks.open().exists()


def test_qualifying_is_decided_by_a_rejection(company, policy):
    draft = policy.draft_from_this()
    draft.targets.create(clock="qualify", minutes=600, bound_unit="none")
    draft.publish(by=None, now=NOW)
    offer = company.handoff_of(company.cast.ana)
    reason = RejectionReason.objects.get(code="too_early")
    offer.reject(by=company.cast.ana, reason=reason, note="Next year", now=minutes(9))
    assert offer.clocks.get(kind="qualify").was_met


def test_follow_ups_are_not_paused(company, accepted, promise):
    made = plan(accepted, company.cast.ana)
    pauses.pause(accepted, by=company.cast.ana, cause="Ill", now=minutes(9))
    assert made.clocks.get().state == "running"


def test_a_cadence_plans_its_steps_in_the_reps_hours(company, accepted, cadence):
    made = cadence.start(accepted, by=company.cast.ana, now=minutes(0))
    # 11:00 in Berlin on Wednesday; the office closes at 17:00 or opens at 9:00.
    assert [one.due_at for one in made] == [
        accepted.owner.working_calendar.current().hours().due_at(NOW, n * HOUR)
        for n in (1, 8, 12, 16)
    ]
    assert [one.kind for one in made] == ["email", "call", "email", "email"]
    assert made[0].cause == "Three mails and a call, step 1 of 4"
    assert Clock.objects.running().filter(follow_up__in=made).count() == 4


def test_a_cadence_by_the_wall_clock_counts_nights(company, accepted, cadence):
    cadence.unit = Cadence.Unit.WALL
    made = cadence.start(accepted, by=company.cast.ana, now=minutes(0))
    assert [one.due_at for one in made] == [NOW + n * HOUR for n in (1, 8, 12, 16)]


def test_a_cadence_runs_once_at_a_time(company, accepted, cadence):
    cadence.start(accepted, by=company.cast.ana, now=minutes(2))
    with pytest.raises(Refused, match="runs on this lead already"):
        cadence.start(accepted, by=company.cast.ana, now=minutes(3))


@pytest.mark.parametrize("outcome", ["replied", "booked", "connected"])
def test_an_answer_stops_the_rest_of_a_cadence_with_words(company, accepted, cadence, outcome):
    own = plan(accepted, company.cast.ana)
    step, *rest = cadence.start(accepted, by=company.cast.ana, now=minutes(2))
    step.complete(by=company.cast.ana, outcome=outcome, now=minutes(20))
    for one in rest:
        one.refresh_from_db()
        assert one.state == "cancelled" and "the rest of the cadence is not needed" in one.reason
        assert one.clocks.get().state == "cancelled"
    own.refresh_from_db()
    assert own.is_open


def test_no_answer_leaves_the_rest_as_it_is(company, accepted, cadence):
    step, *rest = cadence.start(accepted, by=company.cast.ana, now=minutes(2))
    step.complete(by=company.cast.ana, outcome="sent", now=minutes(20))
    assert accepted.follow_ups.open().count() == len(rest)


def test_a_tier_starts_its_cadence_on_acceptance_once(company, cadence):
    offer = company.handoff_of(company.cast.ana)
    Cadence.objects.update(tiers=[offer.tier])
    offer.accept(by=company.cast.ana, now=minutes(1))
    assert offer.follow_ups.filter(cadence=cadence, created_by=None).count() == 4
    Reassignment.objects.reassign(
        offer, to=company.cast.bo.rep, by=company.cast.tess, reason="Ill", now=minutes(3)
    )
    offer.accept(by=company.cast.bo, now=minutes(5))
    assert offer.follow_ups.filter(cadence=cadence).count() == 4


@pytest.fixture
def sql(company, accepted, promise):
    ChecklistQuestion.objects.update(gate="none")
    touch(accepted, company.cast.ana, at=5)
    accepted.qualify(by=company.cast.ana, now=minutes(10))
    return accepted


def test_an_sql_has_its_next_follow_up_which_is_watched(company, sql):
    made, cast = sql.follow_ups.open().get(), company.cast
    assert (made.kind, made.due_at) == ("meeting", minutes(250))
    assert made in FollowUp.objects.owned_by(cast.ana)
    for at in (236, 251, 311):
        watch(now=minutes(at))
    steps = made.clocks.get().escalations.all()
    assert [step.words for step in steps][-1] == "Manager told"
    made.complete(by=cast.ana, outcome="booked", now=minutes(320))
    assert made.clocks.get().stopped_at == minutes(320) and not sql.clocks.open().exists()


def test_whoever_answers_for_an_sql_puts_off_or_cancels_what_is_next(company, sql):
    made, cast = sql.follow_ups.open().get(), company.cast
    with pytest.raises(Refused, match="qualified"):
        made.cancel(by=cast.bo, reason="Mine?", now=minutes(12))
    made.reschedule(by=cast.tess, due_at=minutes(300), reason="She is ill", now=minutes(12))
    assert made.clocks.open().get().due_at == minutes(300)
    assert reminding.remind(made.clocks.open().get(), by=cast.tess, now=minutes(13)) == ["Ana Ruiz"]
    made.cancel(by=cast.tess, reason="They signed", now=minutes(13))
    assert not sql.clocks.open().exists()


def test_a_policy_may_leave_an_sql_to_its_owner(company, accepted, promise):
    ChecklistQuestion.objects.update(gate="none")
    draft = promise.draft_from_this()
    draft.after_sql = ""
    draft.save()
    draft.publish(by=None, now=minutes(3))
    accepted.qualify(by=company.cast.ana, now=minutes(10))
    assert not accepted.follow_ups.open().exists() and not accepted.clocks.open().exists()
    made = plan(accepted, company.cast.ana)
    assert made.clocks.get().state == "running"
