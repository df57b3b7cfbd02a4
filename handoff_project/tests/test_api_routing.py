"""Routing over the API: who got what and why, pools, claims, and leads that change hands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from conftest import NOW
from leads.models import IdempotencyKey, Source
from routing import simulation
from routing.models import Handoff, Pool, Reassignment, Rep, RuleSet, Skip
from routing.tests.test_simulation import rows


@pytest.fixture(autouse=True)
def at_any_time(monkeypatch):
    """The moments of these tests stay within reach, whenever they run."""
    monkeypatch.setattr(simulation, "FAR", timedelta(days=36_500))


@pytest.fixture
def api(company):
    """Call the API as a person by name, or with a token and `by`."""

    def call(person, method, path, data=None, token=None, **headers):
        client = Client()
        if person:
            client.force_login(getattr(company.cast, person))
        if token:
            headers["authorization"] = f"Bearer {token}"
        send = getattr(client, method)
        path = f"/api/v1/{path}"
        if method == "get":
            return send(path, data, headers=headers)
        return send(path, data or {}, content_type="application/json", headers=headers)

    return call


@pytest.fixture
def pooled(company):
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    return company.handoff()


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    return answer.json()


def test_a_decision_is_read_with_its_explanation(company, api):
    handoff = company.handoff(country="US")
    (row,) = api("mia", "get", "decisions/").json()["results"]
    assert (row["handoff"], row["lead"]) == (handoff.pk, handoff.lead_id)
    assert (row["rule"], row["rule_set"], row["rep_name"]) == ("United States", 1, "Carl Diaz")
    why = api("mia", "get", f"decisions/{row['id']}/").json()["explanation"]
    assert (why["place"], why["position"]) == (1, 1)
    assert why["rules"][0]["compared"] == {"Country": "US"}
    assert why["asked"][0]["result"] == "Took the turn"
    assert why["turns"][0]["won"] is True


def test_decisions_are_narrowed_by_what_is_named_and_by_nothing_else(company, api):
    made = [company.handoff(country=country) for country in ("US", "DE", "DE")]
    carl = Rep.objects.get(user=company.cast.carl)
    for query, count in (
        ({"rep": carl.pk}, 1),
        ({"handoff": made[1].pk}, 1),
        ({"lead": made[2].lead_id}, 1),
        ({"rule": "catch-all"}, 2),
        ({"rule_set": 1}, 3),
        ({"rule_set": 2}, 0),
        ({"nobody": "true"}, 0),
        ({"until": NOW.isoformat()}, 0),
        ({"since": NOW.isoformat()}, 3),
    ):
        assert len(api("mia", "get", "decisions/", query).json()["results"]) == count, query
    assert len(api("carl", "get", "decisions/").json()["results"]) == 1
    refused = problem(api("mia", "get", "decisions/", {"trace": "x"}))
    assert (refused["status"], list(refused["errors"])) == (400, ["trace"])


def test_pools_are_read_with_who_is_in_them_and_what_waits(company, api, pooled):
    (row,) = api("bo", "get", "pools/").json()["results"]
    assert (row["name"], row["team"], row["waiting"]) == ("EMEA pool", "EMEA", 1)
    members = api("bo", "get", f"pools/{row['id']}/").json()["members"]
    assert [one["name"] for one in members] == ["Ana Ruiz", "Bo Chen"]
    assert len(api("ren", "get", "pools/").json()["results"]) == 2
    waiting = api("bo", "get", "handoffs/", {"pool": row["id"], "state": "pooled"}).json()
    assert [one["id"] for one in waiting["results"]] == [pooled.pk]


def test_one_claim_wins_and_the_other_is_told_who_was_faster(company, api, pooled):
    won = api("ana", "post", "claims/", {"handoff": pooled.pk})
    assert (won.status_code, won.json()["owner_name"]) == (201, "Ana Ruiz")
    again = api("ana", "post", "claims/", {"handoff": pooled.pk})
    assert again.status_code == 200
    lost = problem(api("bo", "post", "claims/", {"handoff": pooled.pk}))
    assert lost["status"] == 409 and lost["title"].startswith("Ana Ruiz accepted this lead")
    assert api("carl", "post", "claims/", {"handoff": pooled.pk}).status_code == 404
    assert pooled.assignments.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_claims_at_once_exactly_one_wins(company, api, pooled):
    def claim(person):
        try:
            return api(person, "post", "claims/", {"handoff": pooled.pk}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        codes = sorted(pool.map(claim, ["ana", "bo"] * 3))
    winner = Handoff.objects.get(pk=pooled.pk).owner
    assert codes.count(201) == 1 and set(codes) <= {200, 201, 409}
    assert pooled.assignments.get().rep == winner


def test_a_source_claims_for_a_rep_and_only_with_the_scope(company, api, pooled):
    token, claim = company.source.token, {"handoff": pooled.pk}
    missing = problem(api(None, "post", "claims/", claim, token=token))
    assert missing["errors"] == {"by": ["Say for whom, by their e-mail address."]}
    unknown = problem(api(None, "post", "claims/", claim | {"by": "x@y.example"}, token=token))
    assert list(unknown["errors"]) == ["by"]
    bo = claim | {"by": "BO@handoff.example"}
    Source.objects.update(scopes=["routing:read", "leads:write"])
    assert api(None, "post", "claims/", bo, token=token).status_code == 403
    Source.objects.update(scopes=["routing:write"])
    assert api(None, "get", "handoffs/", token=token).status_code == 403
    assert api(None, "post", "claims/", bo, token=token).json()["owner_name"] == "Bo Chen"
    assert pooled.lead.events.get(kind="routing.accepted").actor == company.cast.bo
    mine = problem(api("ana", "post", "claims/", claim | {"by": "bo@handoff.example"}))
    assert mine["errors"] == {"by": ["Leave this out: you act for yourself."]}


def test_a_repeat_with_the_same_key_is_one_effect_for_a_person_too(company, api):
    offer = company.handoff_of(company.cast.ana)
    said = {"handoff": offer.pk, "to_pool": Pool.objects.get(name="EMEA pool").pk, "reason": "Ill"}
    first, again = (
        api("tess", "post", "reassignments/", said, **{"idempotency-key": "k"}) for _ in "12"
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true" and again.json() == first.json()
    assert Reassignment.objects.count() == 1
    other = api(
        "tess", "post", "reassignments/", said | {"reason": "x"}, **{"idempotency-key": "k"}
    )
    assert other.status_code == 422
    other = api("mia", "post", "reassignments/", said, **{"idempotency-key": "k"})
    assert other.status_code == 200  # her own key; it is there already
    assert IdempotencyKey.objects.filter(source=None).count() == 2


def test_a_manager_gives_a_lead_to_a_rep_or_has_it_routed_again(company, api):
    offer = company.handoff_of(company.cast.ana)
    bo, carl = company.cast.bo.rep, company.cast.carl.rep
    said = {"handoff": offer.pk, "reason": "She is ill."}
    moved = api("tess", "post", "reassignments/", said | {"to_rep": bo.pk})
    assert (moved.status_code, moved.json()["owner_name"]) == (201, "Bo Chen")
    assert Reassignment.objects.get().reason == "She is ill."
    elsewhere = problem(api("tess", "post", "reassignments/", said | {"to_rep": carl.pk}))
    assert (elsewhere["status"], elsewhere["title"]) == (409, "You cannot give leads to Carl Diaz.")
    again = api("mia", "post", "reassignments/", said | {"by_the_rules": True})
    assert (again.status_code, again.json()["state"]) == (201, "new")


@pytest.mark.parametrize(
    ("path", "said", "field"),
    [
        ("reassignments/", {"to_rep": 1}, "reason"),
        ("reassignments/", {"reason": " "}, "reason"),
        ("reassignments/", {"reason": "x"}, "to_rep"),
        ("reassignments/", {"reason": "x", "to_rep": 1, "by_the_rules": True}, "to_rep"),
        ("reassignments/", {"reason": "x", "to_rep": 999_999}, "to_rep"),
        ("reassignments/", {"reason": "x", "to_pool": 999_999}, "to_pool"),
        ("transfers/", {"reason": "x"}, "to_rep"),
        ("returns/", {}, "reason"),
        ("returns/", {"reason": "x", "note": "y"}, "note"),
        ("claims/", {"handoff": "many"}, "handoff"),
        ("claims/", {"handoff": 2**70}, "handoff"),
        ("skips/", {"reason": "no"}, "reason"),
        ("skips/", {"reason": "other"}, "note"),
    ],
)
def test_what_is_missing_or_makes_no_sense_is_named(company, api, path, said, field):
    offer = company.handoff_of(company.cast.ana)
    refused = problem(api("mia", "post", path, {"handoff": offer.pk} | said))
    assert (refused["status"], list(refused["errors"])) == (400, [field])


def test_a_rep_offers_hands_back_and_takes_no_others(company, api):
    offer = company.handoff_of(company.cast.ana)
    bo = company.cast.bo.rep
    said = {"handoff": offer.pk, "reason": "He knows them."}
    assert api("bo", "post", "returns/", said).status_code == 404
    given = api("ana", "post", "transfers/", said | {"to_rep": bo.pk})
    assert given.json()["owner_name"] == "Bo Chen"
    back = api("bo", "post", "returns/", said)
    assert (back.status_code, back.json()["pool_name"]) == (201, "EMEA pool")
    assert api("bo", "post", "returns/", said).status_code == 200  # it is there already
    refused = problem(api("ana", "post", "returns/", said))
    assert (refused["status"], refused["title"]) == (409, "This lead waits in EMEA pool.")


def test_work_next_is_served_and_skipped(company, api, pooled):
    served = api("ana", "post", "leases/").json()
    assert served["handoff"]["id"] == pooled.pk and served["until"]
    assert api("bo", "post", "leases/").json() == {"handoff": None, "until": None}
    rival = problem(api("bo", "post", "claims/", {"handoff": pooled.pk}))
    assert rival["title"] == "Ana Ruiz is looking at this lead."
    skip = api("ana", "post", "skips/", {"handoff": pooled.pk, "reason": "time"})
    assert (skip.status_code, skip.json()["reason"]) == (201, "time")
    assert Skip.objects.get().rep == company.cast.ana.rep
    assert api("ana", "post", "leases/").json()["handoff"] is None
    assert api("bo", "post", "leases/").json()["handoff"]["id"] == pooled.pk
    assert api("mia", "post", "leases/").status_code == 404


def test_a_simulation_says_who_why_and_by_when_and_writes_nothing(company, api):
    company.handoff(country="US")
    api("ren", "get", "pools/")
    said = {"values": {"country": "US"}, "at": "2026-03-04T16:00:00Z"}
    before, found = rows(), api("ren", "post", "simulations/", said).json()
    logins = {"sessions.Session", "axes.AccessLog"}
    changed = {name for name, n in rows()[0].items() if n != before[0][name]} - logins
    assert (changed, rows()[1]) == (set(), before[1])
    assert (found["rep_name"], found["rule_set"]) == ("Carl Diaz", 1)
    assert found["explanation"]["rules"][0]["result"] == "Fits, so it decides."
    due = {one["clock"]: one for one in found["due"]}
    assert due["accept"]["due_at"] == "2026-03-04T16:30:00Z"
    assert due["accept"]["promise"].startswith("within 30 business minutes")


def test_a_draft_is_simulated_with_people_away_by_a_source(company, api):
    draft = RuleSet.draft_from_live()
    draft.rules.update(target="rep", rep=company.cast.bo.rep)
    lead = company.handoff(country="US").lead
    said = {"lead": lead.pk, "rule_set": draft.version}
    token = company.source.token
    found = api(None, "post", "simulations/", said, token=token).json()
    assert found["rep_name"] == "Bo Chen"
    away = said | {"away": [company.cast.bo.rep.pk]}
    found = api(None, "post", "simulations/", away, token=token).json()
    assert (found["rep"], found["nobody"], found["pool_name"]) == (None, True, "Americas pool")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "lead"),
        ({"lead": 999_999}, "lead"),
        ({"values": {"shoe": 44}}, "values"),
        ({"values": {"company.employees": "many"}}, "values"),
        ({"did": [{"signal": "none", "times": 1, "days_ago": 0}]}, "did"),
        ({"values": {"country": "DE"}, "rule_set": 99}, "rule_set"),
        ({"values": {"country": "DE"}, "away": [999_999]}, "away"),
        ({"values": {"country": "DE"}, "at": "9999-01-01T00:00Z"}, "at"),
        ({"values": {"country": "DE"}, "when": "now"}, "when"),
    ],
)
def test_a_simulation_of_what_makes_no_sense_names_the_field(company, api, said, field):
    refused = problem(api("ren", "post", "simulations/", said))
    assert (refused["status"], list(refused["errors"])) == (400, [field])
