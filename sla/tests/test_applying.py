"""A new version of a policy reaches open clocks only by an explicit act that was seen before."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from conftest import NOW
from sla import applying, pauses
from sla.models import Clock
from sla.watch import watch


def minutes(n):
    return NOW + timedelta(minutes=n)


@pytest.fixture
def newer(policy):
    """Publish the next version, with other minutes for the clocks."""

    def publish(**minutes_of):
        draft = policy.draft_from_this()
        for clock, promised in minutes_of.items():
            if promised is None:
                draft.targets.filter(clock=clock).delete()
                draft.steps.filter(clock=clock).delete()
            else:
                draft.targets.filter(clock=clock).update(minutes=promised)
        draft.publish(by=None, now=minutes(10))
        draft.refresh_from_db()
        return draft

    return publish


def apply(policy, by, *, at):
    seen = applying.seal(applying.foresee(policy))
    return applying.apply(policy, seen=seen, by=by, now=minutes(at))


def test_time_already_used_is_credited(company, policy, newer):
    offer = company.handoff_of(company.cast.ana)
    live = newer(accept=50, first_touch=60)
    assert offer.clocks.get(kind="accept").due_at == minutes(30)
    shown = {one.clock.kind: one.target for one in applying.foresee(live)}
    assert shown == {"accept": minutes(50), "first_touch": minutes(60)}
    apply(live, company.cast.mia, at=20)
    clock = offer.clocks.get(kind="accept")
    assert (clock.due_at, clock.target_minutes, clock.policy) == (minutes(50), 50, live)
    offer.refresh_from_db()
    assert offer.next_due_at == minutes(50)
    event = offer.lead.events.get(kind="sla.policy_applied", data__clock="accept")
    assert event.actor == company.cast.mia
    assert event.data["was_due_at"] == minutes(30).isoformat()
    assert not applying.foresee(live)


def test_steps_that_were_taken_are_not_taken_again(company, policy, newer):
    offer = company.handoff_of(company.cast.ana)
    watch(now=minutes(26))
    live = newer(accept=60)
    apply(live, company.cast.mia, at=27)
    clock = offer.clocks.get(kind="accept")
    assert clock.next_step_at == minutes(60) + timedelta(microseconds=1)
    watch(now=minutes(61))
    steps = clock.escalations.values_list("step", flat=True)
    assert sorted(steps) == [
        "at-0-business-manager", "at-0-business-remind", "before-5-business-remind", "late"
    ]  # fmt: skip


def test_pauses_count_in_the_new_deadline(company, policy, newer):
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=minutes(1))
    pauses.pause(offer, by=company.cast.ana, cause="Call back", now=minutes(20))
    pauses.resume(offer, by=company.cast.ana, now=minutes(50))
    live = newer(first_touch=80)
    apply(live, company.cast.mia, at=60)
    assert offer.clocks.get(kind="first_touch").due_at == minutes(110)


def test_what_is_no_longer_promised_is_no_longer_owed(company, policy, newer):
    offer = company.handoff_of(company.cast.ana)
    live = newer(first_touch=None)
    apply(live, company.cast.mia, at=20)
    assert offer.clocks.get(kind="first_touch").state == Clock.State.CANCELLED


def test_nothing_is_applied_that_was_not_shown(company, policy, newer):
    company.handoff_of(company.cast.ana)
    live = newer(accept=50)
    seen = applying.seal(applying.foresee(live))
    company.handoff_of(company.cast.ana).clocks.update(policy=policy)
    with pytest.raises(applying.Overtaken):
        applying.apply(live, seen=seen, by=company.cast.mia, now=minutes(20))


def test_a_manager_sees_the_clocks_and_applies(client, company, policy, newer):
    offer = company.handoff_of(company.cast.ana)
    live = newer(accept=50)
    client.force_login(company.cast.mia)
    page = client.get(reverse("admin:sla_policy_change", args=[live.pk])).content.decode()
    assert "Apply to 2 open clocks" in page
    url = reverse("admin:sla_policy_application", args=[live.pk])
    shown = client.get(url)
    assert str(offer.lead) in shown.content.decode()
    assert client.post(url, {"seen": "old"}, follow=True).status_code == 200
    assert offer.clocks.get(kind="accept").policy == policy
    client.post(url, {"seen": shown.context["seen"]})
    assert offer.clocks.get(kind="accept").policy == live
    assert LogEntry.objects.filter(change_message__contains="Applied to 2").exists()
