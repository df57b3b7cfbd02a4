"""Leads end with a rep through the API: as an SQL, or recycled."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import NOW
from leads.models import Identity, NurtureTrack

ENOUGH = [
    {"question": code, "answer": "confirmed"}
    for code in ("budget", "authority", "need", "timeline")
]


@pytest.fixture
def accepted(company, monkeypatch, settings):
    settings.SESSION_COOKIE_AGE = 10**9
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    return offer


@pytest.fixture
def api(company):
    """POST as a person by name, or with a token and `by`."""

    def call(person, path, data, token=None, **headers):
        client = Client()
        if person:
            client.force_login(getattr(company.cast, person))
        if token:
            headers["authorization"] = f"Bearer {token}"
        url = f"/api/v1/{path}/"
        return client.post(url, data, content_type="application/json", headers=headers)

    return call


def test_a_rep_answers_and_qualifies(accepted, api):
    early = api("ana", "qualifications", {"handoff": accepted.pk})
    assert early.status_code == 409 and "Not an SQL yet" in early.json()["title"]
    known = api("ana", "checklists", {"handoff": accepted.pk, "answers": ENOUGH[:3]})
    assert known.status_code == 200
    assert (known.json()["confirmed"], known.json()["gaps"]) == (3, ["Timeline must be answered"])
    api("ana", "checklists", {"handoff": accepted.pk, "answers": ENOUGH[3:]})
    done = api("ana", "qualifications", {"handoff": accepted.pk})
    assert (done.status_code, done.json()["state"]) == (201, "qualified")
    assert api("ana", "qualifications", {"handoff": accepted.pk}).status_code == 200
    late = api("ana", "checklists", {"handoff": accepted.pk, "answers": ENOUGH[:1]})
    assert late.status_code == 409
    other = api("mia", "qualifications", {"handoff": accepted.pk})
    assert other.status_code == 409 and "qualified (sql)" in other.json()["title"]


def test_a_source_acts_for_the_rep_and_a_repeated_key_acts_once(accepted, api, source):
    said, key = {"by": "ana@handoff.example", "handoff": accepted.pk}, {"idempotency-key": "q1"}
    api(None, "checklists", said | {"answers": ENOUGH}, token=source.token)
    one, two = (api(None, "qualifications", said, token=source.token, **key) for _ in range(2))
    assert one.status_code == two.status_code == 201
    assert two.headers["Idempotent-Replayed"] == "true"
    assert accepted.lead.events.get(kind="routing.qualified").actor.email == "ana@handoff.example"
    nobody = api(None, "qualifications", {"handoff": accepted.pk}, token=source.token)
    assert nobody.status_code == 400 and "by" in nobody.json()["errors"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "answers"),
        ({"answers": []}, "answers"),
        ({"answers": [{"question": "shoe_size", "answer": "confirmed"}]}, "answers"),
        ({"answers": [{"question": "need", "answer": "perhaps"}]}, "answers"),
        ({"answers": ENOUGH, "state": "qualified"}, "state"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(accepted, api, body, field):
    answer = api("ana", "checklists", {"handoff": accepted.pk, **body})
    assert answer.status_code == 400
    assert any(name.startswith(field) for name in answer.json()["errors"])
    assert not accepted.checklist.exists()


def test_strangers_find_nothing(accepted, api):
    assert api("carl", "qualifications", {"handoff": accepted.pk}).status_code == 404
    body = {"handoff": accepted.pk, "answers": ENOUGH}
    assert api("carl", "checklists", body).status_code == 404


@pytest.fixture
def read(cast):
    def get(who, name, query):
        client = Client()
        client.force_login(getattr(cast, who))
        return client.get(reverse(f"routing-api:{name}"), query).json()["results"]

    return get


def test_a_rep_recycles_a_lead(accepted, api, read):
    track = NurtureTrack.objects.get()
    body = {"handoff": accepted.pk, "reason": "timing", "track": track.name}
    past = api("ana", "recyclings", body | {"wake_at": NOW.isoformat()})
    assert past.status_code == 409 and "lies in the future" in past.json()["title"]
    later = body | {"wake_at": (NOW + timedelta(days=3)).isoformat(), "cool_down_days": 7}
    later |= {"wake_signal": "pricing", "wake_field": "job_title"}
    done = api("ana", "recyclings", later)
    assert (done.status_code, done.json()["state"]) == (201, "recycled")
    assert accepted.recycling.wake_at == NOW + timedelta(days=3)
    assert api("ana", "recyclings", later).status_code == 200
    assert api("mia", "recyclings", later).status_code == 409
    assert api("ana", "qualifications", {"handoff": accepted.pk}).status_code == 409
    lead = accepted.lead
    Identity.objects.create(kind="external", value="crm-7", lead=lead)
    (told,) = read("mark", "recyclings", {"rests": "true"})
    assert (told["lead"], told["external_ids"], told["track"]) == (lead.pk, ["crm-7"], track.name)
    assert (told["wake_signal"], told["wake_field"]) == ("pricing", "job_title")
    assert read("mark", "recyclings", {"rests": "false"}) == []
    assert read("carl", "recyclings", {}) == []
    assert api("carl", "recyclings", later).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": "bored"}, "reason"),
        ({"track": "Nowhere"}, "track"),
        ({"wake_at": "tomorrow"}, "wake_at"),
        ({"wake_signal": "none"}, "wake_signal"),
        ({"wake_field": "email"}, "wake_field"),
        ({"cool_down_days": 366}, "cool_down_days"),
        ({"until": "2027"}, "until"),
    ],
)
def test_a_recycling_that_cannot_be_read_is_refused_by_its_field(accepted, api, change, field):
    body = {"handoff": accepted.pk, "reason": "timing", "track": NurtureTrack.objects.get().name}
    answer = api("ana", "recyclings", body | change)
    assert answer.status_code == 400 and field in answer.json()["errors"]
    assert not hasattr(accepted, "recycling")
