"""Two people, one of each side, sign a definition before it holds; an edit voids that."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from conftest import NOW, publish, segment, sign, user
from leads import roles, tasks
from leads.models import (
    CustomField,
    Delivery,
    MQLDefinition,
    NotApprovable,
    NotPublishable,
    Side,
    side_of,
)


@pytest.fixture
def draft(company):
    made = MQLDefinition.draft_from_live(by=company.cast.mark)
    made.interest_threshold = 10
    made.save()
    return made


@pytest.fixture
def waiting(company, draft):
    draft.submit(by=company.cast.mark, now=NOW)
    return draft


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"decider": ""}, "Say who decides"),
        ({"reject_track": None}, "where rejected leads go"),
        ({"cool_down_days": None}, "where rejected leads go"),
        ({"fit_threshold": None, "interest_threshold": None}, "nothing could qualify"),
    ],
)
def test_what_every_definition_has_is_asked_for_before_anybody_signs(draft, change, told):
    draft.rules.filter(kind="fast_track").delete()
    for name, value in change.items():
        setattr(draft, name, value)
    draft.save()
    with pytest.raises(NotPublishable, match=told):
        draft.submit(by=None, now=NOW)
    draft.refresh_from_db()
    assert draft.is_draft


def test_it_holds_only_after_both_sides_have_signed(company, definition, waiting):
    with pytest.raises(NotPublishable, match="Marketing and sales have not signed"):
        waiting.publish(by=company.cast.mark, now=NOW)
    waiting.approve(by=company.cast.mark, now=NOW)
    with pytest.raises(NotPublishable, match="Sales has not signed"):
        waiting.publish(by=company.cast.mark, now=NOW)
    waiting.approve(by=company.cast.tess, now=NOW)
    waiting.publish(by=company.cast.mark, now=NOW)
    assert MQLDefinition.objects.live() == waiting
    assert [(a.side, a.user) for a in waiting.approvals.all()] == [
        ("marketing", company.cast.mark),
        ("sales", company.cast.tess),
    ]


def test_nobody_signs_for_both_sides_or_for_a_side_that_has_signed(company, waiting):
    waiting.approve(by=company.cast.mark, now=NOW)
    with pytest.raises(NotApprovable, match="Marketing has signed already"):
        waiting.approve(by=company.cast.mark, now=NOW)
    company.cast.mark.groups.add(Group.objects.get(name=roles.MANAGER))
    with pytest.raises(NotApprovable, match="neither side"):
        waiting.approve(by=company.cast.mark, now=NOW)
    assert waiting.missing_sides() == [Side.SALES]


@pytest.mark.parametrize("who", ["ana", "ren"])
def test_the_other_roles_stand_on_neither_side(company, waiting, who):
    with pytest.raises(NotApprovable):
        waiting.approve(by=getattr(company.cast, who), now=NOW)


def test_a_superuser_signs_by_their_group_like_everybody(company):
    root = user("root@handoff.example", "Root", roles.REVOPS)
    root.is_superuser = True
    root.save()
    assert side_of(root) is None
    root.groups.add(Group.objects.get(name=roles.MARKETER))
    assert side_of(root) == Side.MARKETING


def test_taking_it_back_voids_what_was_signed_and_says_why(company, waiting):
    waiting.approve(by=company.cast.mark, now=NOW)
    waiting.withdraw(by=company.cast.mia, note="Too low for us.", now=NOW)
    assert (waiting.is_draft, waiting.approvals.count(), waiting.compiled) == (True, 0, None)
    told = Delivery.objects.get(
        recipient=company.cast.mark, channel="in_app", event__kind="leads.definition_withdrawn"
    )
    assert told.payload["body"] == "Too low for us."


def test_what_is_signed_is_what_holds_whatever_is_edited_meanwhile(company, waiting):
    waiting.rules.filter(label="Decision maker").update(points=99)
    for person in (company.cast.mark, company.cast.mia):
        waiting.approve(by=person, now=NOW)
    waiting.publish(by=None, now=NOW)
    (rule,) = [r for r in waiting.compiled["rules"] if r["label"] == "Decision maker"]
    assert rule["points"] == 15


def test_both_sides_are_told_where_to_sign_and_the_author_when_they_have(company, waiting):
    url = f"/definition/{waiting.version}/"

    def told(person):
        found = Delivery.objects.filter(recipient=person, channel="in_app", payload__url=url)
        return [delivery.payload["subject"] for delivery in found]

    assert told(company.cast.tess) == told(company.cast.mia)
    assert told(company.cast.tess)[0].endswith("waits for your signature")
    waiting.approve(by=company.cast.mark, now=NOW)
    assert told(company.cast.mark) == []
    waiting.approve(by=company.cast.mia, now=NOW)
    assert told(company.cast.mark)[0].startswith("Both sides have signed")


def test_a_signed_version_goes_live_at_its_time_and_not_before(company, waiting, monkeypatch):
    waiting.schedule(at=NOW + timedelta(hours=1), by=None, now=NOW)
    moments = iter([NOW, NOW + timedelta(hours=2), NOW + timedelta(hours=2)])
    monkeypatch.setattr(tasks.timezone, "now", lambda: next(moments))
    for person in (company.cast.mark, company.cast.mia):
        waiting.approve(by=person, now=NOW)
        if person == company.cast.mark:
            tasks.publish_due()
    assert MQLDefinition.objects.live().version == 1
    tasks.publish_due()
    assert MQLDefinition.objects.live() == waiting


def test_an_unsigned_version_does_not_go_live_by_itself(company, waiting):
    waiting.schedule(at=NOW + timedelta(hours=1), by=None, now=NOW)
    assert not waiting.publish_as_planned(now=NOW + timedelta(days=9))
    assert MQLDefinition.objects.live().version == 1
    with pytest.raises(NotPublishable, match="still to come"):
        waiting.schedule(at=NOW, by=None, now=NOW)


def test_a_signature_that_comes_after_the_time_publishes_nothing_by_itself(company, waiting):
    waiting.schedule(at=NOW + timedelta(hours=1), by=None, now=NOW)
    waiting.approve(by=company.cast.mark, now=NOW)
    late = NOW + timedelta(days=3)
    waiting.approve(by=company.cast.mia, now=late)
    assert waiting.publish_at is None
    assert not waiting.publish_as_planned(now=late)


def test_a_plan_that_was_taken_back_meanwhile_is_not_carried_out(company, waiting):
    sign_both(company, waiting)
    waiting.schedule(at=NOW + timedelta(hours=1), by=None, now=NOW)
    (due,) = MQLDefinition.due(now=NOW + timedelta(hours=2))
    waiting.schedule(at=None, by=None, now=NOW)
    assert not due.publish_as_planned(now=NOW + timedelta(hours=2))


def test_a_change_to_what_no_longer_holds_is_signed_again(company, draft):
    other = MQLDefinition.draft_from_live(by=company.cast.mark)
    for one in (draft, other):
        one.decider, one.cool_down_days = MQLDefinition.Decider.AUTOMATIC, 30
        one.save()
        one.submit(by=None, now=NOW)
        sign_both(company, one)
    draft.publish(by=None, now=NOW + timedelta(minutes=1))
    with pytest.raises(NotPublishable, match="went live after"):
        other.publish(by=None, now=NOW + timedelta(minutes=2))


def sign_both(company, version):
    for person in (company.cast.mark, company.cast.mia):
        version.approve(by=person, now=NOW)


def test_somebody_who_changes_sides_signs_but_once(company, waiting):
    waiting.approve(by=company.cast.mark, now=NOW)
    company.cast.mark.groups.set([Group.objects.get(name=roles.MANAGER)])
    with pytest.raises(NotApprovable, match="for the other side"):
        waiting.approve(by=company.cast.mark, now=NOW)


def test_going_back_is_a_new_version_that_both_sides_sign(company, definition, draft):
    publish(draft)
    definition.refresh_from_db()
    again = definition.draft_from_this(by=company.cast.mark)
    publish(again)
    assert again.version == 3
    assert again.compiled["thresholds"] == definition.compiled["thresholds"]


def test_a_red_example_blocks_the_sign_off_by_name(draft):
    small = {"fields": {"company.employees": 3}, "did": []}
    asked = {"fields": {}, "did": [{"signal": "demo", "times": 1, "days_ago": 2}]}
    draft.examples.create(name="Corner shop", expected="pass", facts=small)
    draft.examples.create(name="Asks for a demo", expected="pass", facts=asked)
    with pytest.raises(NotPublishable, match="The example “Corner shop” is red"):
        draft.submit(by=None, now=NOW)
    draft.examples.filter(name="Corner shop").update(expected="fail")
    assert sign(draft).in_review


def test_a_rule_on_a_field_that_was_switched_off_is_named_whatever_asks_for_it(company, draft):
    field = CustomField.objects.create(key="budget", label="Budget", kind="number")
    asked = segment("Rich", ("all", "custom.budget", "at_least", "10"))
    draft.rules.create(kind="fit", label="Money", segment=asked, points=5)
    field.is_active = False
    field.save()
    with pytest.raises(NotPublishable, match="“Money” asks for “Budget”, which is switched off"):
        draft.submit(by=None, now=NOW)
    draft.rules.filter(label="Money").update(is_active=False)
    draft.submit(by=None, now=NOW)
    assert draft.in_review
