"""Follow-ups and clocks through the API, by people and by sources."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from conftest import NOW
from leads.models import Lead
from routing.models import FollowUp, Touch

HOUR = timedelta(hours=1)
URL = "/api/v1/follow-ups/"


@pytest.fixture(autouse=True)
def clock(monkeypatch, settings):
    settings.SESSION_COOKIE_AGE = 10**9
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.fixture
def accepted(company):
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    return offer


@pytest.fixture
def planned(company, accepted):
    return FollowUp.objects.plan(
        accepted, kind="call", by=company.cast.ana, due_at=NOW + HOUR, now=NOW
    )


def client_of(person):
    client = Client()
    client.force_login(person)
    return client


def post(person, url, body, **headers):
    return client_of(person).post(url, body, content_type="application/json", headers=headers)


def ids(person, query="", url=URL):
    answer = client_of(person).get(f"{url}?{query}")
    assert answer.status_code == 200, answer.content
    return {one["id"] for one in answer.json()["results"]}


def test_a_rep_plans_and_does_a_follow_up(company, accepted):
    ana = company.cast.ana
    body = {"handoff": accepted.pk, "kind": "call", "note": "Ask about the budget"}
    made = post(ana, URL, body)
    assert made.status_code == 201
    said = made.json()
    assert (said["kind"], said["owner"], said["late"]) == ("call", "ana@handoff.example", False)
    assert datetime.fromisoformat(said["due_at"]) > NOW
    done = post(ana, f"{URL}{said['id']}/completion/", {"outcome": "voicemail"})
    assert done.status_code == 200 and done.json()["state"] == "done"
    assert done.json()["touch"] == Touch.objects.get().pk


def test_the_same_key_plans_once_and_another_body_is_refused(company, accepted):
    ana, key = company.cast.ana, {"idempotency-key": "k1"}
    body = {"handoff": accepted.pk, "kind": "call"}
    one, two = (post(ana, URL, body, **key) for _ in range(2))
    assert one.json() == two.json() and two.headers["Idempotent-Replayed"] == "true"
    assert accepted.follow_ups.filter(kind="call").count() == 1
    assert post(ana, URL, body | {"kind": "email"}, **key).status_code == 422
    # A key belongs to whoever sent it.
    assert post(company.cast.tess, URL, body, **key).json()["id"] != one.json()["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "handoff"),
        ({"kind": "first_contact"}, "kind"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_read_names_its_field(company, accepted, body, field):
    whole = {"handoff": accepted.pk, "kind": "call"} | body if body else {}
    said = post(company.cast.ana, URL, whole)
    assert said.status_code == 400 and field in said.json()["errors"]


def test_a_handoff_that_is_not_theirs_does_not_exist_for_them(company, accepted, planned):
    said = post(company.cast.bo, URL, {"handoff": accepted.pk, "kind": "call"})
    assert said.status_code == 400 and "handoff" in said.json()["errors"]
    for verb in ("completion", "time", "cancellation"):
        assert post(company.cast.bo, f"{URL}{planned.pk}/{verb}/", {}).status_code == 404


def test_what_the_domain_refuses_is_a_conflict_in_its_words(company, accepted, planned):
    cast, url = company.cast, f"{URL}{planned.pk}/"
    said = post(cast.mark, f"{url}cancellation/", {"reason": "No"})
    assert said.status_code == 409 and "Ana Ruiz accepted this lead" in said.json()["title"]
    late = {"due_at": "2027-01-01T10:00:00Z", "reason": "No"}
    assert "the policy allows" in post(cast.ana, f"{url}time/", late).json()["title"]
    post(cast.ana, f"{url}cancellation/", {"reason": "They signed"})
    again = post(cast.ana, f"{url}completion/", {"outcome": "sent"})
    assert again.status_code == 409 and "cancelled: they signed" in again.json()["title"]


def test_a_lead_that_wants_no_calls_is_called_only_if_they_asked(company, accepted, planned):
    Lead.objects.filter(pk=accepted.lead_id).update(phone_consent="withdrawn")
    url, body = f"{URL}{planned.pk}/completion/", {"outcome": "voicemail"}
    said = post(company.cast.ana, url, body)
    assert said.status_code == 400 and "they_asked" in said.json()["errors"]
    assert post(company.cast.ana, url, body | {"they_asked": True}).status_code == 200


def test_a_first_contact_says_its_channel(company, accepted):
    first = accepted.follow_ups.get()
    url, body = f"{URL}{first.pk}/completion/", {"outcome": "connected"}
    said = post(company.cast.ana, url, body)
    assert said.status_code == 400 and "channel" in said.json()["errors"]
    assert post(company.cast.ana, url, body | {"channel": "call"}).json()["state"] == "done"


def test_lists_are_narrowed(company, accepted, planned, monkeypatch):
    ana, first = company.cast.ana, accepted.follow_ups.get(kind="first_contact").pk
    both = {first, planned.pk}
    later = (NOW + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
    for query, found in {
        "": both,
        "owner=ANA@handoff.example": both,
        "owner=bo@handoff.example": set(),
        "team=emea": both,
        "team=Americas": set(),
        "kind=call": {planned.pk},
        "state=done": set(),
        f"handoff={accepted.pk}": both,
        f"lead={accepted.lead_id}": both,
        f"due_before={later}": set(),
        f"due_after={later}": both,
        "due_after=0401-05-12T07:36:39%2B18:19": both,
        "late=true": set(),
        "late=false": both,
    }.items():
        assert ids(ana, query) == found, query
    monkeypatch.setattr(timezone, "now", lambda: NOW + 2 * HOUR)
    assert ids(ana, "late=true") == both
    assert client_of(ana).get(f"{URL}?colour=red").status_code == 400


def test_clocks_are_narrowed_and_say_what_they_show(company, accepted, planned):
    ana, url = company.cast.ana, "/api/v1/clocks/"
    kinds = dict(accepted.clocks.values_list("kind", "pk"))
    assert ids(ana, url=url) == set(kinds.values())
    for query, found in {
        "kind=follow_up": {kinds["follow_up"]},
        "state=stopped": {kinds["accept"]},
        "policy=standard": set(kinds.values()),
        "policy=Other": set(),
        "late=true": set(),
        "team=EMEA": set(kinds.values()),
        "owner=bo@handoff.example": set(),
        "due_before=2026-03-04T10:45:00Z": {kinds["accept"]},
    }.items():
        assert ids(ana, query, url=url) == found, query
    said = client_of(ana).get(f"{url}{kinds['follow_up']}/").json()
    assert said["reads"] == "1 h left" and said["follow_up"] == planned.pk
    assert not ids(company.cast.bo, url=url)


def test_a_source_reads_with_one_scope_and_plans_for_somebody_with_another(
    client, company, accepted, planned
):
    token = {"authorization": f"Bearer {company.source.token}"}
    body = {"handoff": accepted.pk, "kind": "call", "by": "ana@handoff.example"}

    def plan(sent):
        return client.post(URL, sent, content_type="application/json", headers=token)

    company.source.scopes = ["leads:read"]
    company.source.save()
    assert client.get(URL, headers=token).status_code == 403
    company.source.scopes = ["routing:read"]
    company.source.save()
    for url in (URL, f"{URL}{planned.pk}/", "/api/v1/clocks/"):
        assert client.get(url, headers=token).status_code == 200
    assert plan(body).status_code == 403
    company.source.scopes = ["routing:write"]
    company.source.save()
    assert plan(body).json()["created_by"] == "ana@handoff.example"
    assert plan({**body, "by": ""}).json()["errors"].keys() == {"by"}
    assert plan({**body, "by": "carl@handoff.example"}).json()["errors"].keys() == {"handoff"}


def test_lists_ask_the_same_whatever_their_length(
    company, accepted, planned, django_assert_max_num_queries
):
    client = client_of(company.cast.ana)
    with django_assert_max_num_queries(12) as few:
        client.get(URL)
    for _ in range(3):
        FollowUp.objects.plan(accepted, kind="call", by=company.cast.ana, now=NOW)
    with django_assert_max_num_queries(len(few)):
        client.get(URL)
