"""What happens to leads that stay too long in a stage: once for each stay."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from conftest import NOW
from leads.models import Delivery, Lead, NurtureTrack, User
from leads.models.lifecycle import in_stage_since
from routing import recycling, router, stays
from routing.models import Handoff, Pool, StageRule
from routing.models.stage_rule import stuck

DAY = timedelta(days=1)
LATER = NOW + 31 * DAY


@pytest.fixture
def accepted(company):
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    return offer


def rule(action, **said):
    made = StageRule(stage_id="mql", days=30, action=action, **said)
    made.full_clean()
    made.save()
    return made


def follow_ups(handoff):
    return handoff.follow_ups.exclude(kind="first_contact")


def test_a_follow_up_is_planned_once_for_a_stay_that_is_too_long(accepted):
    rule("follow_up", kind="call", note="Ask whether it is still on.")
    assert stays.sweep(now=NOW + 30 * DAY - timedelta(seconds=1)) == 0
    assert stays.sweep(now=LATER) == 1
    assert stays.sweep(now=LATER + DAY) == 0
    planned = follow_ups(accepted).get()
    assert (planned.kind, planned.note) == ("call", "Ask whether it is still on.")
    assert planned.cause == "In MQL for more than 30 days"


def test_a_later_stay_is_another_one(company, accepted):
    rule("follow_up", kind="call")
    stays.sweep(now=LATER)
    track = NurtureTrack.objects.get()
    accepted.recycle(
        by=company.cast.ana, reason="timing", track=track, wake_at=LATER + DAY, now=LATER
    )
    assert stays.sweep(now=LATER + DAY) == 0  # it rests
    recycling.wake(now=LATER + DAY)
    router.route_new(now=LATER + DAY)
    again = Handoff.objects.get(previous=accepted)
    assert stays.sweep(now=LATER + 2 * DAY) == 0
    assert stays.sweep(now=LATER + 33 * DAY) == 1
    assert follow_ups(again).count() == 1


def test_the_lead_goes_to_whom_the_rule_names(company, accepted):
    bo = company.cast.bo.rep
    rule("move", to_rep=bo, note="Second voice.")
    User.objects.filter(pk=bo.user_id).update(is_active=False)
    assert stays.sweep(now=LATER) == 0  # nobody who has left gets a lead
    User.objects.filter(pk=bo.user_id).update(is_active=True)
    assert stays.sweep(now=LATER) == 1
    accepted.refresh_from_db()
    assert (accepted.state, accepted.owner) == ("offered", bo)
    row = accepted.reassignments.get()
    assert (row.by, row.reason) == (None, "In MQL for more than 30 days. Second voice.")
    assert stays.sweep(now=LATER) == 0


@pytest.mark.parametrize(
    ("told", "people"), [("owner", {"ana"}), ("managers", {"mia", "ren"}), ("marketing", {"mark"})]
)
def test_each_person_is_told_once_of_all_leads(company, accepted, told, people):
    rule("notify", told=told)
    assert stays.sweep(now=LATER) == Lead.objects.filter(stage="mql").count()
    assert stays.sweep(now=LATER) == 0
    notices = Delivery.objects.filter(event__kind="routing.stays_noticed", channel="in_app")
    got = {one.recipient.email.partition("@")[0] for one in notices}
    assert people <= got and "carl" not in got
    assert len(got) == notices.count()
    assert "/leads/stuck/?stage=mql&days=30" in notices.first().payload["url"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"action": "follow_up"}, "kind"),
        ({"action": "notify"}, "told"),
        ({"action": "move"}, "to_rep"),
        ({"action": "notify", "told": "owner", "days": 0}, "days"),
    ],
)
def test_a_rule_says_all_that_it_needs(db, said, field):
    with pytest.raises(ValidationError) as refused:
        StageRule(**{"stage_id": "mql", "days": 30} | said).full_clean()
    assert set(refused.value.message_dict) == {field}


def test_a_rule_gives_to_a_rep_or_to_a_pool_and_not_to_both(company):
    both = {"to_rep": company.cast.bo.rep, "to_pool": Pool.objects.first()}
    with pytest.raises(ValidationError):
        StageRule(stage_id="mql", days=30, action="move", **both).full_clean()


def test_both_ways_of_asking_for_the_stay_agree(company, accepted):
    company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    since = {one.pk: one.stage_since for one in Lead.objects.annotate(stage_since=in_stage_since())}
    for stage in ("lead", "mql"):
        leads = Lead.objects.filter(stage=stage)
        for days, at in ((30, NOW + 30 * DAY), (30, NOW + 29 * DAY), (0, NOW)):
            found = set(stuck(leads, stage, days=days, now=at))
            assert found == {one for one in leads if since[one.pk] <= at - days * DAY}
