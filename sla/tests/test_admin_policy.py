"""Managers edit how soon a lead is accepted and touched."""

import pytest
from django.urls import reverse

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
    mia.post(reverse(ADD), data)
    made = Policy.objects.get(name="Enterprise")
    page = mia.post(change(made), fields(mia.get(change(made))) | {"_publish": ""}, follow=True)
    text = page.content.decode()
    assert "Leads for which Country is DE." in text
    assert "Accept within 15 business minutes, with a reminder 5 before." in text
    made.refresh_from_db()
    assert made.compiled["targets"] == {"accept": {"minutes": 15, "warn_minutes": 5}}
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
    [({"minutes": "0"}, "minutes"), ({"minutes": "86401"}, "minutes"), ({"clock": ""}, "clock")],
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
    add_row(data, "targets", clock="accept", minutes=5, warn_minutes=1)
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
