"""What Segment-compatible clients send arrives once, on the right person."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from leads.intake import wire
from leads.models import (
    Campaign,
    Conversion,
    CustomField,
    Identity,
    Lead,
    RefusedEvent,
    SignalDay,
    Touchpoint,
)
from leads.scoring import scorer

AT = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def site(source, client, definition):
    """A website that sends events; called with events it posts them as one batch."""
    source.scopes = ["events:write"]
    source.save()
    key = base64.b64encode(f"{source.token}:".encode()).decode()

    def send(*events, path="/v1/batch", body=None, auth=f"Basic {key}", **headers):
        body = {"batch": list(events)} if body is None else body
        data = body if isinstance(body, bytes) else json.dumps(body)
        headers = {"Authorization": auth} | headers
        return client.post(path, data, content_type="application/json", headers=headers)

    send.count, send.token = 0, source.token
    return send


def event(kind, **more):
    event.count = getattr(event, "count", 0) + 1
    return {"type": kind, "messageId": f"m{event.count}", "timestamp": AT.isoformat()} | more


def identify(email, **more):
    return event("identify", traits={"email": email} | more.pop("traits", {}), **more)


def page(path="/pricing", **more):
    context = {"page": {"url": f"https://www.example.com{path}"}}
    return event("page", context=context | more.pop("context", {}), **more)


def seen(email):
    return list(
        Touchpoint.objects.filter(lead__email=email)
        .order_by("occurred_at")
        .values_list("url", flat=True)
    )


def test_a_visit_before_the_name_is_known_belongs_to_the_lead_in_the_end(site):
    before = (AT - timedelta(minutes=1)).isoformat()
    site(page("/a", anonymousId="b1", timestamp=before), page("/b", anonymousId="b1"))
    assert not Lead.objects.exists()
    answer = site(identify("lena@acme.example", userId="u1", anonymousId="b1"))
    assert answer.json() == {"success": True, "stored": 1, "duplicates": 0, "refused": 0}
    assert seen("lena@acme.example") == [
        "https://www.example.com/a",
        "https://www.example.com/b",
    ]
    site(page("/c", userId="u1"))
    assert len(seen("lena@acme.example")) == 3


def test_all_of_it_in_one_batch_in_any_order_comes_out_the_same(site, signals):
    later = (AT + timedelta(minutes=5)).isoformat()
    site(
        identify("lena@acme.example", userId="u1", anonymousId="b1") | {"timestamp": later},
        page(anonymousId="b1"),
        page(userId="u1", anonymousId="b1"),
    )
    assert len(seen("lena@acme.example")) == 2
    while scorer.score_pending(now=AT + timedelta(days=1)):
        pass
    assert SignalDay.objects.get().n == 2


def test_the_same_batch_again_with_another_sent_at_changes_nothing(site):
    batch = [page(anonymousId="b1"), identify("lena@acme.example", anonymousId="b1")]
    first = site(body={"batch": batch, "sentAt": AT.isoformat()})
    again = site(body={"batch": batch, "sentAt": (AT + timedelta(hours=3)).isoformat()})
    assert (first.json()["stored"], again.json()) == (
        2,
        {"success": True, "stored": 0, "duplicates": 2, "refused": 0},
    )
    assert len(seen("lena@acme.example")) == 1


def test_one_bad_event_costs_none_of_the_others(site):
    answer = site(
        page(anonymousId="b1"),
        event("track", userId="u1"),
        event("dance", userId="u1"),
        event("page"),
        "not an event",
        event("track", userId="u1", event="x", properties={"a": "\x00"}),
        event("track", userId="u1", event="y", timestamp="yesterday"),
    )
    assert (answer.status_code, answer.json()["stored"], answer.json()["refused"]) == (200, 1, 6)
    reasons = sorted(RefusedEvent.objects.values_list("reason", flat=True))
    assert "A track without “event”." in reasons
    assert "Neither “userId” nor “anonymousId” is given." in reasons
    assert len(reasons) == 6


@pytest.mark.parametrize("odd", [None, [], "text", 3, [{"a": 1}]])
def test_odd_properties_and_traits_are_taken_as_none(site, odd):
    answer = site(
        event("track", userId="u1", event="x", properties=odd),
        event("identify", userId="u1", traits=odd),
        event("page", userId="u1", context=odd),
    )
    assert answer.json()["stored"] == 3


def test_a_deep_or_huge_event_is_refused_by_itself(site):
    deep: dict = {}
    for _ in range(40):
        deep = {"a": deep}
    huge = "x" * (wire.LONGEST_EVENT + 1)
    answer = site(
        event("track", userId="u1", event="deep", properties=deep),
        event("track", userId="u1", event="huge", properties={"a": huge}),
        page(userId="u1"),
    )
    assert (answer.json()["stored"], answer.json()["refused"]) == (1, 2)


def test_one_clients_traits_stand_in_the_context(site):
    site(
        event("identify", userId="u1", context={"traits": {"email": "a@b.example", "name": "Ä 😀"}})
    )
    assert Lead.objects.get().name == "Ä 😀"


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/batch/", "/collect/v1/batch"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_it_listens_under_any_prefix_and_content_type(client, site, path, kind):
    body = {"batch": [page(anonymousId="b1")], "writeKey": site.token}
    answer = client.post(path, json.dumps(body), content_type=kind)
    assert (answer.status_code, answer.json()["stored"]) == (200, 1)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["t", "track"])
def test_browsers_send_one_event_to_its_own_path(site, path):
    said = {"event": "Demo Requested", "userId": "u1", "messageId": "ajs-next-1", "type": "track"}
    assert site(path=f"/v1/{path}", body=said).json()["stored"] == 1
    assert Touchpoint.objects.get().kind == "demo_request"


def test_gzip_is_read_and_a_bomb_is_refused_before_it_fills_the_memory(site):
    body = gzip.compress(json.dumps({"batch": [page(userId="u1")]}).encode())
    assert site(body=body, **{"Content-Encoding": "gzip"}).json()["stored"] == 1
    bomb = gzip.compress(b" " * (wire.MOST_BYTES * 4))
    answer = site(body=bomb, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, set(answer.json())) == (413, {"code", "message"})


@pytest.mark.parametrize(
    ("body", "auth", "status"),
    [
        (b"{", None, 400),
        (b"[]", None, 400),
        (b'{"batch": 3}', None, 400),
        (b'{"batch": "\xff"}', None, 400),
        (b'{"batch": []}', "Basic bm9ib2R5Og==", 401),
        (b'{"batch": []}', "Basic !!", 401),
        (b'{"batch": []}', "", 401),
    ],
)
def test_what_nobody_can_use_is_answered_with_code_and_message(site, body, auth, status):
    answer = site(body=body) if auth is None else site(body=body, auth=auth)
    assert (answer.status_code, set(answer.json())) == (status, {"code", "message"})


def test_a_source_without_the_scope_sends_nothing(site, source):
    source.scopes = ["leads:write"]
    source.save()
    assert site(page(userId="u1")).status_code == 403


def test_other_methods_and_the_browsers_question_are_answered(client, db):
    assert client.get("/v1/batch").status_code == 405
    asked = client.options("/v1/t")
    assert asked.status_code == 200
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]


def test_a_clients_wrong_clock_is_corrected_by_when_it_sent(site):
    now = datetime(2026, 3, 4, 9, 5, tzinfo=UTC)
    body = {
        "batch": [event("page", userId="u1", timestamp="2026-03-04T10:00:00Z")],
        "sentAt": "2026-03-04T10:05:00Z",
    }
    (found,) = wire.events_of(body, "batch", now=now)
    assert found.occurred_at == datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2015-2-02T00:30:08.276Z", datetime(2015, 2, 2, 0, 30, 8, 276000, UTC)),
        ("2024-03-04T09:30:00.123+05:45", datetime(2024, 3, 4, 3, 45, 0, 123000, UTC)),
        ("2026-11-22T13:10:52.970251+00:00", datetime(2026, 11, 22, 13, 10, 52, 970251, UTC)),
        ("2026-02-30T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        (1767225600, None),
    ],
)
def test_times_are_read_as_real_clients_write_them(said, meant):
    assert wire.moment_of(said) == meant


def test_what_is_dated_in_the_future_is_refused_and_what_has_no_date_is_now(site):
    far = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    answer = site(page(userId="u1", timestamp=far), page(userId="u1", timestamp=None))
    assert (answer.json()["stored"], answer.json()["refused"]) == (1, 1)


def test_two_known_people_on_one_browser_stay_two(site):
    site(identify("one@acme.example", userId="u1", anonymousId="b1"))
    site(identify("two@acme.example", userId="u2", anonymousId="b1"))
    site(page("/two", userId="u2", anonymousId="b1"), page("/one", userId="u1", anonymousId="b1"))
    assert [path[-4:] for path in seen("one@acme.example")] == ["/one"]
    assert [path[-4:] for path in seen("two@acme.example")] == ["/two"]
    assert Identity.objects.get(value="u1").lead.email == "one@acme.example"


def test_a_shared_browser_counts_for_whoever_was_identified_last(site):
    site(page("/before", anonymousId="b1"), identify("one@acme.example", anonymousId="b1"))
    site(page("/one", anonymousId="b1"), identify("two@acme.example", anonymousId="b1"))
    site(page("/two", anonymousId="b1"))
    assert [path.rpartition("/")[2] for path in seen("one@acme.example")] == ["before", "one"]
    assert [path.rpartition("/")[2] for path in seen("two@acme.example")] == ["two"]


def test_another_address_of_a_known_user_makes_no_second_lead(site):
    site(identify("lena@acme.example", userId="u1"))
    site(identify("Lena.Berg@acme.example", userId="u1"))
    assert Lead.objects.count() == 1
    site(identify("LENA.berg@acme.example", anonymousId="b9"), page("/x", anonymousId="b9"))
    assert len(seen("lena@acme.example")) == 1


def test_what_was_said_of_a_user_waits_until_they_have_an_address(site):
    site(
        event("identify", userId="u1", traits={"title": "VP Ops", "company": {"name": "Acme"}}),
        page("/early", userId="u1", anonymousId="b1"),
        page("/first", anonymousId="b1", timestamp=(AT - timedelta(days=1)).isoformat()),
    )
    site(identify("lena@acme.example", userId="u1"))
    lead = Lead.objects.get()
    assert (lead.job_title, lead.company.name) == ("VP Ops", "Acme")
    assert [path[-6:] for path in seen("lena@acme.example")] == ["/first", "/early"]


def test_an_alias_brings_the_former_history_along(site):
    site(page("/old", anonymousId="b1"))
    site(event("alias", previousId="b1", userId="u1"), identify("lena@acme.example", userId="u1"))
    assert len(seen("lena@acme.example")) == 1


def test_an_alias_never_merges_two_known_people(site):
    site(identify("one@acme.example", userId="u1"), identify("two@acme.example", userId="u2"))
    site(event("alias", previousId="u1", userId="u2"), page("/x", userId="u1"))
    assert Lead.objects.count() == 2
    assert len(seen("one@acme.example")) == 1


def test_traits_become_attributes_and_custom_fields(site):
    CustomField.objects.create(key="seats", label="Seats", on="lead", kind="number")
    CustomField.objects.create(key="erp", label="ERP", on="company", kind="text")
    site(
        identify(
            "lena@acme.example",
            userId="u1",
            traits={
                "firstName": "Lena",
                "lastName": "Berg",
                "title": "Head of Planning",
                "phone": "+49 30 1234",
                "address": {"country": "de", "state": "Berlin", "postalCode": "10115"},
                "company": {
                    "name": "Acme",
                    "website": "acme.example",
                    "employee_count": 800,
                    "erp": "X",
                },
                "seats": 12,
            },
        )
    )
    lead = Lead.objects.select_related("company").get()
    assert (lead.name, lead.job_title, lead.country) == ("Lena Berg", "Head of Planning", "DE")
    assert (lead.region, lead.postal_code, lead.attributes) == ("Berlin", "10115", {"seats": 12})
    assert (lead.company.domain, lead.company.employees) == ("acme.example", 800)
    assert lead.company.attributes == {"erp": "X"}


def test_a_trait_that_makes_no_sense_is_noted_and_the_rest_is_learned(site):
    traits = {
        "country": "Middle-earth",
        "name": "Lena",
        "company": {"name": "A", "employees": "many"},
    }
    answer = site(identify("lena@acme.example", userId="u1", traits=traits))
    assert answer.json()["refused"] == 0
    assert (Lead.objects.get().name, Lead.objects.get().company.name) == ("Lena", "A")
    noted = RefusedEvent.objects.filter(partly=True).values_list("reason", flat=True)
    assert sorted(reason.split(":")[0] for reason in noted) == ["country", "employees"]


def test_a_group_says_where_somebody_works(site):
    site(identify("lena@acme.example", userId="u1"))
    site(event("group", userId="u1", groupId="g1", traits={"name": "Acme", "employees": 90}))
    assert Lead.objects.get().company.employees == 90


def test_news_that_comes_late_does_not_undo_what_is_newer(site):
    site(identify("lena@acme.example", userId="u1", traits={"title": "CEO"}))
    old = (AT - timedelta(days=30)).isoformat()
    site(identify("lena@acme.example", userId="u1", traits={"title": "Intern"}, timestamp=old))
    assert Lead.objects.get().job_title == "CEO"


def test_where_a_lead_came_from_is_kept(site):
    utm = {"source": "google", "medium": "cpc", "name": "Spring", "term": "crm"}
    came = {
        "page": {"url": "https://www.example.com/demo", "referrer": "https://google.com/"},
        "campaign": utm,
    }
    site(
        event("track", event="Demo Requested", anonymousId="b1", context=came),
        identify("lena@acme.example", anonymousId="b1", context=came),
        event("track", event="Form Submitted", anonymousId="b1", context=came),
    )
    lead = Lead.objects.get()
    assert (lead.lead_source, lead.channel, lead.campaign) == (
        "google",
        "cpc",
        Campaign.objects.get(name="Spring"),
    )
    first = Touchpoint.objects.order_by("occurred_at", "digest").first()
    assert first.context["campaign"] == utm
    assert first.context["referrer"] == "https://google.com/"
    assert Conversion.objects.get(lead=lead).referrer == "https://google.com/"


def test_an_address_that_is_none_keeps_the_event_with_the_user(site):
    assert site(identify("not an address", userId="u1")).json()["stored"] == 1
    assert not Lead.objects.exists()


def test_the_documentations_own_batch_is_stored(site):
    body = {
        "batch": [
            {"type": "identify", "userId": "019mr8mf4r", "traits": {"email": "jake@yahoo.com"}},
            {"type": "track", "userId": "019mr8mf4r", "event": "Song Played",
             "timestamp": "2015-2-02T00:30:08.276Z"},
        ],
        "context": {"device": {"type": "phone"}},
        "integrations": {"All": True},
    }  # fmt: skip
    assert site(body=body).json()["stored"] == 2
