"""Managers edit how soon a lead is accepted and touched."""

import pytest
from django.urls import reverse

from conftest import NOW
from leads.models import Segment
from leads.tests.pages import add_row, fields
from sla.models import Policy

ADD = "admin:sla_policy_add"


def change(version):
    return reverse("admin:sla_policy_change", args=[version.pk])


@pytest.fixture
def mia(client, cast):
    client.force_login(cast.mia)
    return client


def test_a_manager_makes_a_policy_and_publishes_it(mia):
    enterprise = Segment.objects.create(name="Enterprise")
    country = {"field": "country", "operator": "is", "value": "DE"}
    enterprise.conditions.create(**country)
    data = fields(mia.get(reverse(ADD))) | {"name": "Enterprise", "segment": enterprise.pk}
    data |= {"targets-0-clock": "accept", "targets-0-minutes": "15", "_continue": ""}
    add_row(
        data, "steps", clock="accept", when="before", minutes=5, unit="business", action="remind"
    )
    add_row(data, "steps", clock="accept", when="at", unit="business", action="manager")
    mia.post(reverse(ADD), data)
    made = Policy.objects.get(name="Enterprise")
    page = mia.post(change(made), fields(mia.get(change(made))) | {"_publish": ""}, follow=True)
    text = page.content.decode()
    assert "Leads for which Country is DE." in text
    assert (
        "Accept within 15 business minutes, at latest 24 h after the start, days off not counted; "
        "5 business minutes before: remind the owner; when late: tell the manager." in text
    )
    made.refresh_from_db()
    target = made.compiled["targets"]["accept"]
    assert (target["unit"], target["minutes"]) == ("business", 15)
    assert target["bound"] == {"unit": "working_days", "minutes": 1440}
    assert [step["key"] for step in target["steps"]] == [
        "before-5-business-remind", "at-0-business-manager"
    ]  # fmt: skip
    assert str(made.published_by) == "Mia Okafor"


def test_a_published_policy_is_edited_as_a_new_draft(mia, policy):
    assert mia.post(change(policy), {"name": "x"}).status_code == 403
    mia.post(reverse("admin:sla_policy_draft", args=[policy.pk]))
    draft = Policy.objects.get(state="draft")
    data = fields(mia.get(change(draft)))
    assert "name" not in data  # it is what makes the versions one policy
    mia.post(change(draft), data | {"targets-0-minutes": "20", "_publish": ""})
    policy.refresh_from_db()
    live = Policy.objects.live().get()
    assert (live.version, live.compiled["targets"]["accept"]["minutes"]) == (2, 20)
    assert policy.state == "retired" and policy.compiled["targets"]["accept"]["minutes"] == 30


def test_a_second_policy_of_the_same_name_is_refused_in_words(mia, policy):
    data = fields(mia.get(reverse(ADD))) | {"name": "Standard"}
    page = mia.post(reverse(ADD), data | {"targets-0-clock": "accept", "targets-0-minutes": "1"})
    assert "There is a policy of this name" in page.content.decode()


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "5256000"}, "minutes"),  # ten years
        ({"minutes": ""}, "minutes"),
        ({"bound_hours": "0"}, "bound_hours"),
        ({"clock": ""}, "clock"),
    ],
)
def test_a_promise_that_makes_no_sense_is_refused_at_its_column(mia, policy, row, column):
    draft = policy.draft_from_this()
    data = fields(mia.get(change(draft)))
    data |= {f"targets-0-{name}": value for name, value in row.items()}
    page = mia.post(change(draft), data)
    form = page.context["inline_admin_formsets"][0].formset.forms[0]
    assert list(form.errors) == [column]


def test_one_clock_is_promised_once(mia, policy):
    draft = policy.draft_from_this()
    data = fields(mia.get(change(draft)))
    more = {"unit": "business", "cut_off": 120, "bound_hours": 24, "bound_unit": "none"}
    add_row(data, "targets", clock="accept", minutes=5, **more)
    assert "duplicate" in mia.post(change(draft), data).content.decode()


@pytest.mark.parametrize("who", ["mark", "ren"])
def test_nobody_else_edits_policies(client, cast, policy, who):
    client.force_login(getattr(cast, who))
    draft = policy.draft_from_this()
    assert b"In words" in client.get(change(draft)).content
    assert client.post(change(draft), {"_publish": ""}).status_code == 403
    assert client.post(reverse("admin:sla_policy_draft", args=[policy.pk])).status_code == 403


def test_a_clock_is_read_and_never_touched(mia, company):
    clock = company.handoff().clocks.first()
    url = reverse("admin:sla_clock_change", args=[clock.pk])
    assert mia.get(url).status_code == 200
    assert mia.post(url, {"due_at": "2030-01-01"}).status_code == 403


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"when": "before", "minutes": 0}, "minutes"),
        ({"when": "at", "minutes": 5}, "minutes"),
        ({"when": "after", "minutes": 5, "action": "people"}, "people"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_at_its_column(mia, policy, row, column):
    draft = policy.draft_from_this()
    data = fields(mia.get(change(draft)))
    step = {"clock": "accept", "unit": "business", "action": "remind"} | row
    number = add_row(data, "steps", **step)
    page = mia.post(change(draft), data)
    form = page.context["inline_admin_formsets"][1].formset.forms[number]
    assert list(form.errors) == [column]


def refused(mia, draft):
    data = fields(mia.get(change(draft))) | {"_publish": ""}
    text = mia.post(change(draft), data, follow=True).content.decode()
    draft.refresh_from_db()
    assert draft.is_draft
    return text


def test_a_step_before_the_start_is_refused_in_words(mia, policy):
    draft = policy.draft_from_this()
    draft.steps.create(clock="accept", when="before", minutes=30, action="remind")
    text = refused(mia, draft)
    assert "Accept: 30 minutes before the deadline may be before the start" in text


def test_a_limit_that_always_wins_is_refused_in_words(mia, policy):
    draft = policy.draft_from_this()
    draft.targets.filter(clock="accept").update(bound_hours=1, minutes=90)
    assert "the limit of 1 hours always comes before the target" in refused(mia, draft)


def test_steps_without_their_promise_are_refused_in_words(mia, policy):
    draft = policy.draft_from_this()
    draft.targets.filter(clock="accept").delete()
    assert "There are steps for “Accept”, but no target" in refused(mia, draft)


def test_a_review_without_a_calendar_and_moves_of_a_review_are_refused(mia, policy):
    draft = policy.draft_from_this()
    draft.targets.create(clock="review", minutes=120)
    draft.steps.create(clock="review", action="backup")
    text = refused(mia, draft)
    assert "Choose the review calendar" in text
    assert "nothing that can be done with a review" in text


def dach():
    found = Segment.objects.create(name="DACH")
    found.conditions.create(field="country", operator="in", value="DE, AT, CH")
    return found


def live():
    return list(Policy.objects.live().values_list("name", flat=True))


def made(name, segment=None):
    found = Policy.objects.create(name=name, segment=segment)
    found.targets.create(clock="accept", minutes=5)
    return found


def test_policies_are_tried_in_an_order_that_buttons_change(mia, policy):
    both = [made("One", dach()), made("Two", Segment.objects.get(name="DACH"))]
    for one in both:
        one.publish(by=None, now=NOW)
    assert live() == ["One", "Two", "Standard"]
    page = mia.get(reverse("admin:sla_policy_changelist")).content.decode()
    assert reverse("admin:sla_policy_move", args=[both[1].pk]) in page
    mia.post(reverse("admin:sla_policy_move", args=[both[1].pk]), {"step": "-1"})
    assert live() == ["Two", "One", "Standard"]
    move = reverse("admin:sla_policy_move", args=[policy.pk])
    said = mia.post(move, {"step": "-1"}, follow=True)
    assert "The policy for every lead is the last one tried." in said.content.decode()
    assert live() == ["Two", "One", "Standard"]


def test_a_second_policy_for_every_lead_would_never_be_reached(mia, policy):
    assert "Standard is for every lead already" in refused(mia, made("Everybody"))


def test_a_policy_is_withdrawn_after_asking(mia, policy):
    url = reverse("admin:sla_policy_withdrawal", args=[policy.pk])
    assert "some leads would have no deadline at all" in mia.get(url).content.decode()
    mia.post(url)
    policy.refresh_from_db()
    assert policy.state == "retired" and not live()
    assert "is not live" in mia.post(url, follow=True).content.decode()


def test_a_start_time_is_tried_out(mia, policy, cast):
    url = reverse("admin:sla_policy_trial", args=[policy.pk])
    assert mia.get(url).status_code == 200
    asked = {"start": "2026-03-06T16:50", "calendar": cast.emea.calendar_id}
    text = mia.get(url, asked).content.decode()
    assert "Accept: due Mon 9 Mar 2026 09:20" in text
    assert "Mon 9 Mar 2026 09:15: Remind the owner" in text
    assert "The target comes first" in text


def test_versions_are_compared_in_words(mia, policy):
    draft = policy.draft_from_this()
    draft.targets.filter(clock="accept").update(unit="end_of_day", minutes=None)
    text = mia.get(reverse("admin:sla_policy_differences", args=[draft.pk])).content.decode()
    assert "Accept within 30 business minutes" in text
    assert "Accept by the end of the business day (the next one with under 2 hours left)" in text


@pytest.mark.parametrize("page", ["trial", "differences", "application", "withdrawal", "move"])
@pytest.mark.parametrize("who", ["mark", "ren"])
def test_who_may_not_publish_reads_only(client, cast, policy, page, who):
    client.force_login(getattr(cast, who))
    url = reverse(f"admin:sla_policy_{page}", args=[policy.pk])
    reads = page in ("trial", "differences")
    assert client.get(url).status_code == (200 if reads else 405 if page == "move" else 403)
    if not reads:
        assert client.post(url, {"step": "1"}).status_code == 403
