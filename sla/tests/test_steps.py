"""What happens before and after a promise is missed: each step at its time, once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from conftest import NOW
from leads import roles
from leads.models import Delivery, Event, User
from leads.signals import review_asked
from routing.models import Absence, Refused, Rep
from sla.clocks import start_missing
from sla.models import Clock, Escalation, Silence
from sla.watch import watch


def minutes(n):
    return NOW + timedelta(minutes=n)


@pytest.fixture
def promise(policy, company):
    """Publish the policy with these steps for the accept clock alone: (when, minutes, action)."""

    def publish(*steps, unit="business", people=()):
        draft = policy.draft_from_this()
        draft.steps.all().delete()
        draft.targets.exclude(clock="accept").delete()
        for when, after, action in steps:
            step = draft.steps.create(
                clock="accept", when=when, minutes=after, action=action, unit=unit
            )
            step.people.set(people)
        draft.publish(by=None, now=NOW)
        return company.handoff_of(company.cast.ana)

    return publish


def taken(handoff):
    found = Escalation.objects.filter(clock__handoff=handoff).order_by("pk")
    return list(found.values_list("step", flat=True))


def subjects(user):
    found = Delivery.objects.filter(
        recipient=user, channel="in_app", event__kind__startswith="sla."
    )
    return [note.payload["subject"] for note in found.order_by("pk")]


def test_reminder_breach_manager_and_move_each_at_its_time_and_once(company, promise):
    offer = promise(
        ("before", 10, "remind"), ("at", 0, "remind"), ("after", 15, "manager"),
        ("after", 30, "backup"), ("after", 60, "pool"),
    )  # fmt: skip
    log = []
    for at in range(0, 100, 5):
        watch(now=minutes(at) + timedelta(seconds=1))
        watch(now=minutes(at) + timedelta(seconds=2))
        log += [(at, step) for step in taken(offer)[len(log) :]]
    assert log == [
        (20, "before-10-business-remind"),
        (30, "late"),
        (30, "at-0-business-remind"),
        (45, "after-15-business-manager"),
        (60, "after-30-business-backup"),
        (90, "after-60-business-pool"),
    ]
    offer.refresh_from_db()
    assert offer.state == "pooled"
    kinds = offer.lead.events.filter(kind__startswith="sla.").order_by("pk")
    assert list(kinds.values_list("kind", flat=True)) == [
        "sla.reminded", "sla.breached", "sla.escalated", "sla.escalated", "sla.escalated",
    ]  # fmt: skip
    assert subjects(company.cast.tess) == ["Accept is late: Lena Berg of Acme"]


def test_after_downtime_everything_is_done_once_and_in_order(company, promise):
    offer = promise(("after", 30, "backup"), ("after", 60, "pool"), ("after", 90, "manager"))
    watch(now=minutes(300))
    assert taken(offer) == [
        "late", "after-30-business-backup", "after-60-business-pool", "after-90-business-manager"
    ]  # fmt: skip
    told = Escalation.objects.filter(clock__handoff=offer).values_list("outcome", flat=True)
    assert "Moved from Ana Ruiz to Bo Chen" in told
    assert "Moved from Bo Chen to EMEA pool" in told
    times = Escalation.objects.filter(clock__handoff=offer).order_by("pk")
    assert list(times.values_list("due_at", flat=True)) == [
        minutes(30), minutes(60), minutes(90), minutes(120)
    ]  # fmt: skip


def test_a_step_stops_with_what_was_promised(company, promise):
    offer = promise(("at", 0, "remind"), ("after", 30, "pool"))
    watch(now=minutes(31))
    offer.accept(by=company.cast.ana, now=minutes(40))
    assert watch(now=minutes(300)) == 0
    assert offer.clocks.get().reading(now=minutes(50)).text == "Met late by 10 min"


def test_the_backup_is_the_cover_of_who_is_away(company, promise):
    offer = promise(("after", 10, "backup"))
    ana, bo = company.cast.ana.rep, company.cast.bo.rep
    away = {"starts_at": minutes(1), "ends_at": minutes(500)}
    Absence.objects.create(rep=ana, cover=bo, **away)
    watch(now=minutes(40))
    offer.refresh_from_db()
    assert (offer.state, offer.owner) == ("offered", bo)


def test_without_a_colleague_the_lead_goes_to_the_pool(company, promise):
    offer = promise(("after", 10, "backup"))
    Rep.objects.filter(user=company.cast.bo).update(in_rotation=False)
    watch(now=minutes(40))
    offer.refresh_from_db()
    assert offer.state == "pooled"


def test_a_silent_rep_gets_no_more_leads_and_comes_back_by_themselves(company, promise):
    offer = promise(("after", 10, "rotation"))
    watch(now=minutes(40))
    ana = Rep.objects.get(user=company.cast.ana)
    assert not ana.in_rotation
    said = "Ana Ruiz gets no new leads for now"
    assert said in subjects(company.cast.ana) and said in subjects(company.cast.tess)
    silence = Silence.objects.get()
    with pytest.raises(Refused):
        silence.end(by=company.cast.bo, now=minutes(50))
    silence.end(by=company.cast.ana, now=minutes(50))
    ana.refresh_from_db()
    assert ana.in_rotation
    assert offer.lead.events.filter(kind="sla.back_in_rotation").exists()


def test_nobody_is_promised_to_be_told_who_has_left(company, promise):
    User.objects.filter(pk=company.cast.mark.pk).update(is_active=False)
    company.cast.mark.refresh_from_db()
    with pytest.raises(ValidationError, match=f"{company.cast.mark} is no longer active"):
        promise(("at", 0, "people"), people=[company.cast.mark])


def test_people_are_told_by_name_and_webhooks_get_an_event(company, promise):
    offer = promise(("at", 0, "people"), ("after", 5, "webhook"), people=[company.cast.mark])
    watch(now=minutes(40))
    assert subjects(company.cast.mark) == ["Accept is late: Lena Berg of Acme"]
    event = offer.lead.events.get(kind="sla.webhook_called")
    assert event.data["step"] == "after-5-business-webhook"


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ([], "tess"),
        (["tess"], "mia"),
        (["tess", "mia"], "ren"),
    ],
)
def test_the_last_level_is_never_empty(company, promise, gone, told):
    promise(("at", 0, "manager"))
    User.objects.filter(email__in=[f"{key}@handoff.example" for key in gone]).update(
        is_active=False
    )
    if "mia" in gone:
        User.objects.filter(groups__name=roles.MANAGER).update(is_active=False)
    watch(now=minutes(31))
    assert subjects(getattr(company.cast, told)) == ["Accept is late: Lena Berg of Acme"]
    for key in gone:
        assert not subjects(getattr(company.cast, key))


def test_a_missed_promise_without_any_step_is_the_managers_to_know(company, promise):
    promise()
    watch(now=minutes(31))
    assert subjects(company.cast.tess) == ["Accept is late: Lena Berg of Acme"]


def test_nobody_is_woken_at_night_by_steps_that_count_business_time(company, promise):
    promise(("after", 60, "remind"))
    evening = datetime(2026, 3, 4, 15, 15, tzinfo=UTC)  # 16:15 in Berlin, so it is late at 16:45
    Clock.objects.all().delete()
    offer = company.handoff_of(company.cast.ana, at=evening)
    watch(now=evening + timedelta(hours=9))
    assert subjects(company.cast.ana) == []
    watch(now=datetime(2026, 3, 5, 8, 45, 1, tzinfo=UTC))  # 09:45 in Berlin
    assert subjects(company.cast.ana) == ["Accept is late: Lena Berg of Acme"]
    assert taken(offer) == ["late", "after-60-business-remind"]


def test_a_storm_is_one_notice_to_each(company, policy):
    offers = [company.handoff() for _ in range(6)]
    watch(now=minutes(70))
    for person in (company.cast.ana, company.cast.bo, company.cast.tess):
        (subject,) = subjects(person)
        assert subject.startswith("Promises: ")
    assert subjects(company.cast.tess) == ["Promises: 12 late"]
    mails = Delivery.objects.filter(recipient=company.cast.tess, channel="email")
    body = mails.get(event__kind="sla.summarised").payload["body"]
    assert "Lena" not in body and body.endswith("And 7 more.")
    assert Event.objects.filter(kind="sla.breached").count() == 2 * len(offers)


def test_a_handoff_keeps_its_bound_with_both_instants(company, policy):
    draft = policy.draft_from_this()
    draft.steps.all().delete()
    draft.targets.filter(clock="first_touch").update(minutes=600)
    draft.publish(by=None, now=NOW)
    clock = company.handoff().clocks.get(kind="first_touch")
    assert clock.bound and clock.due_at == clock.bound_due_at == NOW + timedelta(days=1)
    assert clock.target_due_at == datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def test_the_teams_calendar_counts_where_the_policy_says_so(company, policy):
    draft = policy.draft_from_this()
    draft.calendar_of = "team"
    draft.save()
    draft.publish(by=None, now=NOW)
    Rep.objects.update(calendar=company.cast.americas.calendar)
    clocks = company.handoff().clocks.all()
    assert {clock.calendar.zone for clock in clocks} == {"Europe/Berlin"}


# Reviews


@pytest.fixture
def review(company, policy, definition):
    """A policy with a review clock, and a lead that waits for a marketer."""

    def wait(*steps):
        draft = policy.draft_from_this()
        draft.review_calendar = company.cast.emea.calendar
        draft.review_lead = company.cast.mark
        draft.save()
        draft.targets.create(clock="review", minutes=120)
        for when, after, action in steps:
            draft.steps.create(clock="review", when=when, minutes=after, action=action)
        draft.publish(by=None, now=NOW)
        lead = company.lead("close@acme.example", job_title="VP Operations")
        waiting = lead.qualifications.create(
            ordinal=1, state="waiting", cause="borderline", definition=definition,
            total=30, fit=20, interest=10, tier="B", explanation={}, qualified_at=NOW,
        )  # fmt: skip
        waiting.explanation = {"lines": [], "total": 30, "fit": 20, "interest": 10}
        waiting.save()
        review_asked.send(sender=type(waiting), qualification=waiting, now=NOW)
        return lead.handoffs.get()

    return wait


def test_a_review_is_promised_within_business_hours(company, review):
    handoff = review(("at", 0, "remind"), ("after", 30, "manager"))
    clock = handoff.clocks.get()
    assert (clock.kind, clock.due_at) == ("review", minutes(120))
    handoff.refresh_from_db()
    assert handoff.next_due_at == minutes(120)
    watch(now=minutes(121))
    assert subjects(company.cast.mark) == ["Review is late: close@acme.example of Acme"]
    watch(now=minutes(151))
    assert len(subjects(company.cast.mark)) == 2


def test_a_review_that_comes_in_time_meets_its_clock(company, review):
    handoff = review()
    handoff.qualification.confirm(by=company.cast.mark, now=minutes(20))
    assert handoff.clocks.get(kind="review").was_met


def test_a_decline_is_an_answer_too(company, review):
    handoff = review()
    handoff.qualification.decline(by=company.cast.mark, note="No.", now=minutes(20))
    clock = handoff.clocks.get()
    assert clock.was_met and clock.state == "stopped"


@pytest.mark.parametrize(("action", "state"), [("release", "new"), ("decline", "withdrawn")])
def test_what_nobody_reviews_is_released_or_declined(company, review, action, state):
    handoff = review(("after", 60, action))
    watch(now=minutes(181))
    handoff.refresh_from_db()
    assert handoff.state == state
    clock = handoff.clocks.get(kind="review")
    assert clock.reading(now=minutes(200)).state == "met_late"
    assert watch(now=minutes(500)) == 0
    start_missing(now=minutes(500))
