"""RevOps makes somebody a rep on the user's own page."""

import pytest
from django.urls import reverse

from leads.models import User
from leads.tests.pages import fields
from routing.models import Rep


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


def test_a_new_user_becomes_a_rep_of_a_team_in_one_form(ren, cast):
    url = reverse("admin:leads_user_add")
    data = fields(ren.get(url)) | {"email": "nia@handoff.example", "rep-0-team": cast.emea.pk}
    ren.post(url, data)
    rep = Rep.objects.get(user__email="nia@handoff.example")
    assert rep.team == cast.emea and rep.in_rotation


def test_a_user_without_a_team_is_no_rep(ren, cast):
    url = reverse("admin:leads_user_add")
    ren.post(url, fields(ren.get(url)) | {"email": "nia@handoff.example"})
    assert not hasattr(User.objects.get(email="nia@handoff.example"), "rep")


def test_a_rep_is_taken_out_of_rotation(ren, cast):
    url = reverse("admin:leads_user_change", args=[cast.ana.pk])
    data = fields(ren.get(url))
    del data["rep-0-in_rotation"]
    ren.post(url, data)
    cast.ana.rep.refresh_from_db()
    assert not cast.ana.rep.in_rotation


def test_the_list_of_people_asks_the_same_however_many_they_are(
    ren, cast, django_assert_max_num_queries
):
    with django_assert_max_num_queries(12):
        ren.get(reverse("admin:leads_user_changelist"))


@pytest.mark.parametrize("noun", ["team", "rep", "pool", "calendar", "rejectionreason"])
def test_what_the_past_points_at_is_never_deleted(ren, company, noun):
    root = User.objects.create_superuser("root@handoff.example", "an even longer password")
    ren.force_login(root)
    assert ren.post(reverse(f"admin:routing_{noun}_delete", args=[1])).status_code in (302, 403)
    gone = {"team": company.cast.emea, "rep": company.cast.ana.rep}.get(noun)
    if gone:
        assert ren.post(reverse(f"admin:routing_{noun}_delete", args=[gone.pk])).status_code == 403


def test_a_decision_says_why(ren, company):
    handoff = company.handoff(country="US")
    decision = handoff.decisions.get()
    page = ren.get(reverse("admin:routing_decision_change", args=[decision.pk])).content.decode()
    assert "United States" in page and "Fits, so it decides." in page
    assert "Carl Diaz: Took the turn" in page
