"""How much a sender may send before it is asked to wait."""

import json
from datetime import timedelta

import pytest

from leads.api import limits
from leads.models import RateLimit, Touchpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def slow(source):
    """A source that may send ten items a minute."""
    source.scopes = ["events:write", "touchpoints:write", "leads:read", "leads:write"]
    source.items_per_minute = 10
    source.save()
    return source


def batch(client, source, *numbers):
    body = {
        "batch": [
            {"type": "track", "event": "Played", "userId": "u1", "messageId": f"m{n}"}
            for n in numbers
        ]
    }
    return client.post(
        "/v1/batch",
        json.dumps(body),
        content_type="application/json",
        headers={"authorization": f"Bearer {source.token}"},
    )


def get_leads(client, token):
    return client.get("/api/v1/leads/", headers={"authorization": f"Bearer {token}"})


def test_a_client_that_sends_too_much_is_told_when_to_try_again(client, slow):
    assert batch(client, slow, *range(10)).status_code == 200
    assert batch(client, slow, *range(10, 15)).status_code == 200  # the minute's last one is whole
    answer = batch(client, slow, 20)
    assert answer.status_code == 429
    assert 20 <= int(answer["Retry-After"]) <= 30  # five too many, at six seconds each
    assert answer.json()["code"] == "too_many_requests"
    assert "Try again" in answer.json()["message"]
    assert Touchpoint.objects.count() == 15


def test_waiting_helps(client, slow):
    batch(client, slow, *range(15))
    assert batch(client, slow, 16).status_code == 429
    row = RateLimit.objects.get()
    row.busy_until -= timedelta(seconds=31)
    row.save()
    assert batch(client, slow, 16).status_code == 200


def test_the_api_has_the_same_limit(client, slow):
    headers = {"authorization": f"Bearer {slow.token}"}
    body = [{"message_id": str(n), "kind": "page_view", "email": "a@b.example"} for n in range(30)]
    sent = client.post(
        "/api/v1/touchpoints/", body, content_type="application/json", headers=headers
    )
    assert sent.status_code == 200
    answer = get_leads(client, slow.token)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 60
    assert answer["Content-Type"] == "application/problem+json"


def test_one_source_does_not_use_up_what_another_may_send(client, slow, source):
    other = type(source).objects.create(name="Other", scopes=["leads:read"])
    token = other.issue_token()
    batch(client, slow, *range(30))
    assert get_leads(client, token).status_code == 200


def test_zero_is_no_limit(client, slow):
    slow.items_per_minute = 0
    slow.save()
    for n in range(20):
        assert batch(client, slow, n).status_code == 200
    assert not RateLimit.objects.exists()


def test_whoever_has_no_token_is_not_answered_for_ever(client, monkeypatch, db):
    monkeypatch.setattr(limits, "STRANGERS", 2)
    answers = [get_leads(client, "wrong") for _ in range(4)]
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1]["Retry-After"]) >= 1
    wrong = client.post("/v1/track", "{}", content_type="application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (429, "too_many_requests")


def test_where_no_address_is_known_a_wrong_token_is_still_a_problem_detail(client, db):
    wrong = client.get("/api/v1/leads/", headers={"Authorization": "Bearer wrong"}, REMOTE_ADDR="")
    assert (wrong.status_code, wrong["Content-Type"]) == (401, "application/problem+json")


def test_a_stranger_does_not_hold_up_a_source_at_the_same_address(client, slow, monkeypatch):
    monkeypatch.setattr(limits, "STRANGERS", 1)
    for _ in range(4):
        get_leads(client, "wrong")
    assert get_leads(client, slow.token).status_code == 200


def test_people_who_are_logged_in_are_not_counted(client, cast):
    client.force_login(cast.ana)
    assert client.get("/api/v1/leads/").status_code == 200
    assert not RateLimit.objects.exists()


def test_a_list_with_a_key_is_counted_and_answered_once(client, slow):
    headers = {"authorization": f"Bearer {slow.token}", "idempotency-key": "k1"}
    body = [{"message_id": str(n), "kind": "page_view", "email": "a@b.example"} for n in range(3)]

    def send():
        return client.post(
            "/api/v1/touchpoints/", body, content_type="application/json", headers=headers
        )

    assert send().json() == send().json() == {"stored": 3, "duplicates": 0, "errors": []}
    assert Touchpoint.objects.count() == 3
