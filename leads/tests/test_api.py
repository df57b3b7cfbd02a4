import json
from datetime import timedelta

import pytest
from django.urls import reverse

from conftest import NOW
from leads.models import Company, Conversion, Event, IdempotencyKey, Lead, Touchpoint
from leads.scoring import scorer

LEADS, TOUCHPOINTS = "/api/v1/leads/", "/api/v1/touchpoints/"
ANA = {
    "contact": {"email": "Lena.Berg@Acme.example", "name": "Lena  Berg", "job_title": "VP Sales"},
    "company": {"name": "Acme", "domain": "www.acme.example", "employees": 800},
    "source": "Paid search",
    "campaign": "Spring",
    "conversion": {"kind": "demo_request", "form": "Demo", "answers": {"need": "by Q3"}},
}
VIEW = {"message_id": "m1", "kind": "page_view", "email": "lena.berg@acme.example", "url": "/a"}


@pytest.fixture
def post(client, source):
    """POST as the source; a str or bytes body goes out as it is."""

    def send(path, body, **headers):
        raw = body if isinstance(body, str | bytes) else json.dumps(body)
        return client.post(
            path,
            raw,
            content_type="application/json",
            headers={"Authorization": f"Bearer {source.token}"} | headers,
        )

    return send


def test_a_lead_comes_in_with_company_campaign_and_conversion(post, company):
    response = post(LEADS, ANA)
    assert response.status_code == 201
    lead = Lead.objects.get()
    assert (lead.name, lead.email) == ("Lena Berg", "lena.berg@acme.example")
    assert (lead.company.domain, lead.company.employees) == ("acme.example", 800)
    assert (lead.lead_source, lead.campaign.name) == ("Paid search", "Spring")
    assert lead.conversion.answers == {"need": "by Q3"}
    assert lead.touchpoints.get().kind == "demo_request"
    assert response.json()["id"] == lead.pk


def test_the_same_lead_again_changes_nothing(post, company):
    post(LEADS, ANA)
    before = list(Lead.objects.values()), Touchpoint.objects.count(), Event.objects.count()
    response = post(LEADS, ANA)
    assert response.status_code == 200
    after = list(Lead.objects.values()), Touchpoint.objects.count(), Event.objects.count()
    assert after == before


def test_silence_changes_nothing_and_the_first_conversion_stays(post):
    post(LEADS, ANA)
    post(
        LEADS,
        {
            "contact": {"email": "lena.berg@acme.example", "phone": "+49 30 1"},
            "campaign": "Autumn",
            "conversion": {"form": "Guide"},
        },
    )
    lead = Lead.objects.get()
    assert (lead.job_title, lead.phone, lead.campaign.name) == ("VP Sales", "+49 30 1", "Autumn")
    assert (lead.conversion.form, lead.conversion.campaign.name) == ("Demo", "Spring")
    assert Conversion.objects.count() == 1 and lead.touchpoints.count() == 2


def test_each_value_keeps_where_it_came_from(post, source):
    post(LEADS, ANA)
    learned = Lead.objects.get().field_values.get(field="job_title")
    assert (learned.value, learned.source) == ("VP Sales", source)
    assert Company.objects.get().field_values.filter(field="employees", value=800).exists()


BAD_LEADS = [
    ({"contact": {"name": "X"}}, "contact.email"),
    ({"contact": {"email": "not an address"}}, "contact.email"),
    ({"contact": {"email": ""}}, "contact.email"),
    ({"contact": {"email": None}}, "contact.email"),
    ({"contact": {"email": ["a@b.example"]}}, "contact.email"),
    ({"contact": "lena"}, "contact"),
    ({}, "contact"),
    ({"contact": {"email": "a@b.example", "shoe_size": 43}}, "contact.shoe_size"),
    ({"contact": {"email": "a@b.example"}, "owner": 1}, "owner"),
    ({"contact": {"email": "a@b.example"}, "score": 99, "stage": "sql"}, "score"),
    ({"contact": {"email": "a@b.example", "name": 5}}, "contact.name"),
    ({"contact": {"email": "a@b.example", "name": "x" * 1_000_000}}, "contact.name"),
    ({"contact": {"email": "a@b.example", "name": "nul\x00"}}, "contact.name"),
    ({"contact": {"email": "a@b.example", "name": "half \ud83d"}}, "contact.name"),
    ({"contact": {"email": "a@b.example", "country": "Nowhere"}}, "contact.country"),
    (
        {"contact": {"email": "a@b.example"}, "company": {"employees": "many", "name": "A"}},
        "company.employees",
    ),
    (
        {"contact": {"email": "a@b.example"}, "company": {"employees": -1, "name": "A"}},
        "company.employees",
    ),
    (
        {"contact": {"email": "a@b.example"}, "company": {"domain": "not a domain"}},
        "company.domain",
    ),
    ({"contact": {"email": "a@b.example"}, "company": {}}, "company.name"),
    ({"contact": {"email": "a@b.example"}, "conversion": {"kind": "wish"}}, "conversion.kind"),
    (
        {"contact": {"email": "a@b.example"}, "conversion": {"answers": {"a": "\x00"}}},
        "conversion.answers",
    ),
    (
        {
            "contact": {"email": "a@b.example"},
            "conversion": {
                "answers": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}
            },
        },
        "conversion.answers",
    ),
    (
        {"contact": {"email": "a@b.example"}, "conversion": {"occurred_at": "soon"}},
        "conversion.occurred_at",
    ),
]


@pytest.mark.parametrize(("body", "field"), BAD_LEADS)
def test_a_bad_lead_is_refused_by_field_and_nothing_is_stored(post, body, field):
    response = post(LEADS, body)
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not Lead.objects.exists() and not Company.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b'{"contact": {"email": 1e999}}',
        b"{",
        b"null",
        b"[1]",
        b'"text"',
        b'{"contact": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"contact": {"email": "\xff\xfe@b.example"}}',
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"n": ' + b"9" * 5_000 + b"}",
        "{}".encode("utf-16"),
    ],
)
@pytest.mark.parametrize("path", [LEADS, TOUCHPOINTS])
def test_a_broken_body_is_the_senders_mistake(post, path, raw):
    response = post(path, raw)
    assert response.status_code == 400, response.content
    assert response.json()


def test_a_body_that_is_too_large_is_refused(post):
    assert post(LEADS, b" " * (5 * 1024 * 1024 + 1)).status_code == 413


@pytest.mark.parametrize("header", ["", "Bearer nonsense", "Basic YTpi", "Bearer", "Bearer \u00fc"])
def test_an_unknown_token_is_refused(client, source, header):
    response = client.post(
        LEADS, json.dumps(ANA), content_type="application/json", headers={"Authorization": header}
    )
    assert response.status_code == 401
    assert not Lead.objects.exists()


def test_a_revoked_token_and_an_inactive_source_are_refused(post, source):
    source.tokens.update(revoked_at=NOW)
    assert post(LEADS, ANA).status_code == 401
    source.tokens.update(revoked_at=None)
    type(source).objects.update(is_active=False)
    assert post(LEADS, ANA).status_code == 401


def test_a_token_does_only_what_its_scopes_say(post, source, client):
    type(source).objects.update(scopes=["touchpoints:write"])
    assert post(LEADS, ANA).status_code == 403
    assert post(TOUCHPOINTS, VIEW).status_code == 200
    headers = {"Authorization": f"Bearer {source.token}"}
    assert client.get(LEADS, headers=headers).status_code == 403


def test_touchpoints_are_kept_once_per_message(post, company):
    post(LEADS, ANA)
    assert post(TOUCHPOINTS, VIEW).json() == {"stored": 1, "duplicates": 0, "errors": []}
    later = VIEW | {"occurred_at": "2026-01-01T00:00:00Z"}
    assert post(TOUCHPOINTS, later).json() == {"stored": 0, "duplicates": 1, "errors": []}
    assert Touchpoint.objects.filter(kind="page_view").count() == 1


def test_two_sources_may_use_the_same_message_id(post, source):
    from leads.intake.receive import receive_touchpoints
    from leads.models import Source

    post(TOUCHPOINTS, VIEW)
    other = Source.objects.create(name="Other")
    assert receive_touchpoints([VIEW], source=other, now=NOW).stored == 1


def test_a_batch_keeps_its_good_items_and_lists_the_bad_by_index(post):
    future = VIEW | {"message_id": "m4", "occurred_at": "2999-01-01T00:00:00Z"}
    nobody = {"message_id": "m5", "kind": "page_view"}
    nul = VIEW | {"message_id": "m\x006"}
    batch = [VIEW, {"kind": "page_view"}, "text", VIEW | {"message_id": "m2"}, future, nobody, nul]
    response = post(TOUCHPOINTS, batch)
    assert response.status_code == 200
    body = response.json()
    assert body["stored"] == 2
    assert [error["index"] for error in body["errors"]] == [1, 2, 4, 5, 6]
    assert "message_id" in body["errors"][0]["errors"]
    assert "occurred_at" in body["errors"][2]["errors"]
    assert "email" in body["errors"][3]["errors"]


def test_a_single_bad_touchpoint_names_its_field(post):
    response = post(TOUCHPOINTS, VIEW | {"kind": "dance"})
    assert response.status_code == 400
    assert "kind" in response.json()["errors"]


def test_more_than_a_thousand_touchpoints_are_refused(post):
    assert post(TOUCHPOINTS, [VIEW] * 1001).status_code == 400
    assert post(TOUCHPOINTS, []).status_code == 400


def test_history_waits_for_its_person_and_joins_once(post, company, signals):
    anonymous = {"message_id": "p", "kind": "page_view", "anonymous_id": "a-1", "url": "/pricing"}
    post(TOUCHPOINTS, anonymous)
    contact = ANA["contact"] | {"anonymous_id": "a-1"}
    for _ in range(2):
        post(LEADS, ANA | {"contact": contact})
    scorer.score_pending(now=NOW + timedelta(days=365))
    lead = Lead.objects.get()
    assert lead.touchpoints.filter(kind="page_view").count() == 1
    assert lead.signal_days.get(signal=signals.pricing).n == 1


def test_a_name_that_belongs_to_somebody_else_stays_with_them(post):
    for name in ("one", "two"):
        email = f"{name}@acme.example"
        post(LEADS, {"contact": {"email": email, "anonymous_id": "b1", "user_id": "u1"}})
        view = {"message_id": name, "kind": "page_view"}
        post(
            TOUCHPOINTS,
            [view | {"user_id": "u1"}, view | {"message_id": f"b-{name}", "anonymous_id": "b1"}],
        )
    by_user, by_browser = (
        list(Touchpoint.objects.filter(identity__kind=kind).order_by("digest"))
        for kind in ("user", "anonymous")
    )
    assert {one.lead.email for one in by_user} == {"one@acme.example"}
    assert {one.lead.email for one in by_browser} == {"one@acme.example", "two@acme.example"}


def test_a_repeated_post_gets_its_first_answer(post):
    first = post(LEADS, ANA, **{"Idempotency-Key": "k1"})
    again = post(LEADS, ANA, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_key_with_another_body_is_refused(post):
    post(LEADS, ANA, **{"Idempotency-Key": "k1"})
    assert post(LEADS, ANA | {"source": "Other"}, **{"Idempotency-Key": "k1"}).status_code == 422


def test_a_refused_body_leaves_its_key_free(post):
    assert post(LEADS, {}, **{"Idempotency-Key": "k1"}).status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert post(LEADS, ANA, **{"Idempotency-Key": "k1"}).status_code == 201


def test_a_key_that_is_no_key_is_refused(post):
    assert post(LEADS, ANA, **{"Idempotency-Key": "x" * 256}).status_code == 400


def test_a_source_lists_and_narrows_leads(client, source, company):
    company.lead("one@acme.example", country="DE")
    company.lead("two@acme.example", country="FR")
    headers = {"Authorization": f"Bearer {source.token}"}
    listed = client.get(LEADS, headers=headers).json()["results"]
    assert [lead["email"] for lead in listed] == ["two@acme.example", "one@acme.example"]
    narrowed = client.get(f"{LEADS}?country=DE", headers=headers).json()["results"]
    assert [lead["email"] for lead in narrowed] == ["one@acme.example"]
    found = client.get(f"{LEADS}?q=acme+two", headers=headers).json()["results"]
    assert [lead["email"] for lead in found] == ["two@acme.example"]


def test_a_rep_reads_only_their_leads_through_the_api(client, company):
    mine = company.handoff_of(company.cast.ana)
    cold = company.lead("cold@small.example", employer={"name": "S", "employees": 1})
    client.force_login(company.cast.ana)
    assert client.get(reverse("api:lead", args=[mine.lead_id])).status_code == 200
    assert client.get(reverse("api:lead", args=[cold.pk])).status_code == 404
    emails = [lead["email"] for lead in client.get(LEADS).json()["results"]]
    assert cold.email not in emails and mine.lead.email in emails


def test_a_person_cannot_post_leads_with_their_session(client, company):
    client.force_login(company.cast.ren)
    assert client.post(LEADS, json.dumps(ANA), content_type="application/json").status_code == 403


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"kind": "\ud800"}, "kind"),
        ({"kind": "\x00"}, "kind"),
        ({"kind": "x" * 100_000}, "kind"),
        ({"\ud800": 1}, "\ufffd"),
        ({"properties": {"\ud800": 1}}, "properties"),
        ({"message_id": "\ud800"}, "message_id"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_what_cannot_be_written_down_is_named_and_the_good_item_kept(post, item, field, headers):
    response = post(TOUCHPOINTS, [VIEW, VIEW | {"message_id": "m2"} | item], **headers)
    assert response.status_code == 200
    assert response.json()["stored"] == 1
    (error,) = response.json()["errors"]
    assert field in error["errors"] and len(str(error)) < 1000


def test_an_unknown_field_that_cannot_be_written_down_is_refused(post):
    response = post(LEADS, {"contact": {"email": "a@b.example"}, "\ud800": 1})
    assert response.status_code == 400


def test_backslashes_are_only_backslashes(post):
    item = VIEW | {"properties": {"path": "C:\\u0000\\ud800"}}
    assert post(TOUCHPOINTS, item).json()["stored"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"contact": {"email": "a@b.example", "name": "\ufdfa" * 200}},
        {"contact": {"email": "a@b.example"}, "campaign": "\ufdfa" * 120},
        {"contact": {"email": "a@b.example"}, "company": {"domain": "\u0130" * 240 + ".example"}},
        {"contact": {"email": "\u0130" * 60 + "@" + "b" * 60 + ".example"}},
    ],
)
def test_text_that_grows_when_it_is_folded_is_measured_afterwards(post, body):
    assert post(LEADS, body).status_code in (201, 400)


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRAẞE"), ("İx", "ix"), ("Ünal", "ÜNAL")])
def test_a_campaign_in_other_letters_is_never_an_error(post, one, other):
    for campaign in (one, other, one):
        body = {"contact": {"email": "a@b.example"}, "campaign": campaign}
        assert post(LEADS, body).status_code in (200, 201)


@pytest.mark.parametrize("cursor", ["cD1hYmM%3D", "cD0lMDA%3D", "nonsense", "%00"])
def test_a_cursor_of_somebody_elses_making_leads_nowhere(client, source, company, cursor):
    company.lead()
    headers = {"Authorization": f"Bearer {source.token}"}
    assert client.get(f"{LEADS}?cursor={cursor}", headers=headers).status_code in (200, 404)


@pytest.mark.parametrize("query", ["q=%00", "email=%00", "stage=%00", "tier=%ED%A0%80"])
def test_a_filter_that_cannot_be_stored_is_no_error_of_ours(client, source, query):
    headers = {"Authorization": f"Bearer {source.token}"}
    assert client.get(f"{LEADS}?{query}", headers=headers).status_code in (200, 400)


def test_a_body_that_is_too_large_is_refused_with_a_key_as_well(post):
    response = post(LEADS, b" " * (6 * 1024 * 1024), **{"Idempotency-Key": "k"})
    assert response.status_code == 413
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_conversion_of_the_future_is_refused(post):
    body = ANA | {"conversion": {"occurred_at": "2999-01-01T00:00:00Z"}}
    response = post(LEADS, body)
    assert response.status_code == 400
    assert "conversion.occurred_at" in response.json()["errors"]
    assert not Lead.objects.exists()
