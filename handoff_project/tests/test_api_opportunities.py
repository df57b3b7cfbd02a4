"""Opportunities through the API: people work theirs, a CRM tells of its own."""

import base64
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from conftest import NOW
from leads import webhooks
from leads.models import Source
from routing import crm
from routing.models import ChecklistQuestion, Opportunity, OpportunityReason, Refused

TERMS = {"amount": "12500.00", "currency": "EUR", "close_on": "2026-05-01"}
DEAL = {"external_id": "D-7", "name": "Starter", **TERMS}


@pytest.fixture
def sql(company, monkeypatch, settings):
    settings.SESSION_COOKIE_AGE = 10**9
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    ChecklistQuestion.objects.update(gate="none")
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    offer.qualify(by=company.cast.ana, now=NOW)
    return offer


@pytest.fixture
def api(company):
    """Ask as a person by name, or (None) as the company's source."""

    def call(person, path="", data=None, method="post", **headers):
        client = Client()
        if person:
            client.force_login(getattr(company.cast, person))
        else:
            headers["authorization"] = f"Bearer {company.source.token}"
        url = f"/api/v1/opportunities/{path}"
        more = {} if method == "get" else {"content_type": "application/json"}
        return getattr(client, method)(url, data or {}, headers=headers, **more)

    return call


def test_a_rep_opens_changes_and_loses_one(sql, api):
    made = api("ana", data=TERMS | {"handoff": sql.pk})
    assert made.status_code == 201
    assert made.json()["amount"] == "12500.00" and made.json()["owner"] == "ana@handoff.example"
    path = f"{made.json()['id']}/"
    assert api("ana", path, {"amount": 9000}, "patch").json()["amount"] == "9000.00"
    assert "Say why" in api("ana", f"{path}losing/").json()["title"]
    said = {"reason": "competitor", "note": "Rival was faster"}
    for _ in range(2):  # said twice, done once
        lost = api("ana", f"{path}losing/", said)
        assert (lost.status_code, lost.json()["reason"]) == (200, "competitor")
    late = api("tess", f"{path}winning/")
    assert late.status_code == 409 and "was lost on 4 March 2026" in late.json()["title"]
    assert api("ana", f"{path}reopening/").json()["state"] == "open"
    assert api("ana", method="get").json()["results"][0]["state"] == "open"
    assert api("carl", path, method="get").status_code == 404


def test_a_source_acts_for_a_person(sql, api):
    said = TERMS | {"handoff": sql.pk, "by": "ana@handoff.example"}
    one, two = (api(None, data=said, **{"idempotency-key": "o1"}) for _ in range(2))
    assert one.status_code == 201 and one.json() == two.json()
    pk = Opportunity.objects.get().pk
    assert api(None, f"{pk}/winning/").json()["errors"] == {
        "by": ["Say for whom, by their e-mail address."]
    }
    won = api(None, f"{pk}/winning/", {"by": "ana@handoff.example", "reason": "best_fit"})
    assert won.json()["state"] == "won"


def test_a_crm_tells_of_its_own_by_its_id(sql, api):
    made = api(None, data=DEAL | {"email": sql.lead.email.upper()})
    assert made.status_code == 201
    assert (made.json()["handoff"], made.json()["owner"]) == (sql.pk, "ana@handoff.example")
    assert made.json()["source"] == "Website"
    # Known by its id: the address is not needed any more.
    again = api(None, data={"external_id": "D-7", "state": "won"})
    assert (again.status_code, again.json()["state"]) == (200, "won")
    assert again.json()["amount"] == "12500.00"
    lost = api(None, data={"external_id": "D-7", "state": "lost", "reason": "price"})
    assert lost.json()["state"] == "lost"
    sql.lead.refresh_from_db()
    assert (sql.lead.stage_id, Opportunity.objects.count()) == ("sql", 1)
    found = api(None, "?external_id=D-7&state=lost", method="get").json()["results"]
    assert [one["id"] for one in found] == [made.json()["id"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"external_id": ""}, "external_id"),
        ({"email": "nobody@acme.example"}, "email"),
        ({"lead": 999999}, "lead"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"currency": "XYZ"}, "currency"),
        ({"state": "signed"}, "state"),
        ({"state": "lost", "reason": "weather"}, "reason"),
        ({"stage": "won"}, "stage"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(sql, api, change, field):
    answer = api(None, data=DEAL | {"email": sql.lead.email} | change)
    assert answer.status_code == 400 and list(answer.json()["errors"]) == [field]
    assert not Opportunity.objects.exists()


def test_what_makes_no_sense_changes_nothing(sql, api):
    said = DEAL | {"email": sql.lead.email}
    for change, why in (
        ({"state": "lost"}, "Say why"),
        ({"state": "won", "reason": "price"}, "no reason for"),
    ):
        answer = api(None, data=said | change)
        assert answer.status_code == 409 and why in answer.json()["title"]
    no_currency = {name: value for name, value in said.items() if name != "currency"}
    assert "in which currency" in api(None, data=no_currency).json()["title"]
    assert not Opportunity.objects.exists()
    sql.lead.refresh_from_db()
    assert sql.lead.stage_id == "sql"


def test_older_news_than_the_newest_changes_nothing(sql, source):
    said = {"external_id": "D-7", "lead": sql.lead}
    hour = timedelta(hours=1)
    deal, what = crm.tell(source, said | {"state": "won"}, at=NOW + hour, now=NOW)
    assert what == crm.CREATED
    assert crm.tell(source, said | {"state": "open"}, at=NOW, now=NOW)[1] == crm.OVERTAKEN
    assert crm.tell(source, said | {"state": "won"}, at=NOW + hour, now=NOW)[1] == crm.UNCHANGED
    with pytest.raises(Refused, match="Say why"):
        crm.tell(source, said | {"state": "lost"}, at=NOW + 2 * hour, now=NOW)
    deal.refresh_from_db()
    assert (deal.state, deal.told_at) == ("won", NOW + hour)
    assert deal.lead.events.filter(kind__startswith="routing.opportunity_").count() == 2


def test_a_lead_that_never_was_an_sql_may_still_be_won_there(company, source, sql):
    lead = company.lead("cold@acme.example")
    deal, _ = crm.tell(source, {"external_id": "D-8", "lead": lead}, at=NOW, now=NOW)
    assert (deal.handoff, deal.owner) == (None, None)
    lead.refresh_from_db()
    assert lead.stage_id == "opportunity"
    lost = {
        "external_id": "D-8",
        "state": "lost",
        "reason": OpportunityReason.objects.get(code="price"),
    }
    crm.tell(source, lost, at=NOW, now=NOW)
    lead.refresh_from_db()
    assert lead.stage_id == "lead"


@pytest.fixture
def send(sql, company):
    """POST a message that a source's secret has signed; what is given replaces parts of it."""
    source = company.source
    source.scopes = [*source.scopes, "opportunities:write"]
    source.save()
    secret = source.issue_secret(now=NOW)

    def call(data, ident="msg_1", *, at=NOW, key=secret, body=None, kind="opportunity.updated"):
        said = {"type": kind, "timestamp": NOW.isoformat(), "data": data}
        signed = json.dumps(said).encode()
        keys = [base64.b64decode(key.removeprefix("whsec_"))]
        headers = webhooks.signatures(keys, ident, signed, at=int(at.timestamp()))
        url = f"/api/v1/sources/{source.pk}/opportunities/"
        sent = body or signed
        return Client().post(url, sent, content_type="application/json", headers=headers)

    return call


def test_a_crm_signs_what_it_tells(send, sql):
    made = send(DEAL | {"email": sql.lead.email})
    row = Opportunity.objects.get()
    assert (made.status_code, made.json()) == (200, {"result": "created", "opportunity": row.pk})
    again = send(DEAL | {"email": sql.lead.email})
    assert again.json() == made.json() and again.headers["Idempotent-Replayed"] == "true"
    won = send({"external_id": "D-7", "state": "won"}, ident="msg_2")
    row.refresh_from_db()
    assert (won.json()["result"], row.state) == ("updated", "won")
    assert send({}, ident="msg_3", kind="contact.created").json()["result"] == "ignored"
    wrong = send({"external_id": "D-8", "email": "who@acme.example"}, ident="msg_4")
    assert wrong.status_code == 400 and "email" in wrong.json()["errors"]


def test_what_is_not_signed_by_the_source_now_is_refused(send, sql, company):
    deal, source = DEAL | {"email": sql.lead.email}, company.source
    stranger = Source.objects.create(name="Other", scopes=["opportunities:write"])
    late = NOW - timedelta(minutes=6)
    refused = [
        send(deal, at=late),
        send(deal, key=stranger.issue_secret(now=NOW)),
        send(deal, body=b'{"type": "opportunity.updated"}'),
    ]
    assert [one.status_code for one in refused] == [401] * 3
    assert not Opportunity.objects.exists()
    source.issue_secret(now=NOW)  # the one that `send` knows counts for a day more
    assert send(deal).status_code == 200
    source.secrets.update(ends_at=NOW)
    assert send(deal, ident="msg_2").status_code == 401


def test_a_source_that_may_not_tell_of_opportunities_cannot_sign_its_way_in(send, sql, company):
    company.source.scopes = ["leads:read"]
    company.source.save()
    assert send(DEAL | {"email": sql.lead.email}).status_code == 403
