"""What could not be stored is seen, replayed after a fix, or dismissed; every item is counted."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from leads.intake import health, replay
from leads.models import CustomField, RefusedEvent, Source, SourceHour, Touchpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(client, source):
    """Send events to the intake and return its answer."""
    source.scopes = ["events:write", "touchpoints:write", "leads:write"]
    source.save()

    def post(*events, path="/v1/batch", **envelope):
        return client.post(
            path,
            json.dumps({"batch": list(events), **envelope}),
            content_type="application/json",
            headers={"authorization": f"Bearer {source.token}"},
        )

    return post


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


def track(number, **said):
    return {
        "type": "track",
        "event": "Song Played",
        "userId": "u1",
        "messageId": f"m{number}",
    } | said


def nameless(number):
    return {"type": "track", "userId": "u1", "messageId": f"m{number}"}


def mend(name="Song Played"):
    """Do what the operator of a sender cannot: the events that came get what they lacked."""
    for row in RefusedEvent.objects.all():
        row.payload["event"] = name
        row.save()


def test_whatever_was_sent_is_stored_a_duplicate_or_refused(send, source):
    assert send(track(1), track(2), track(1), nameless(3), "text").status_code == 200
    assert send(track(2), track(4), nameless(5)).status_code == 200
    assert SourceHour.objects.totals() == {"stored": 3, "duplicates": 2, "refused": 3}
    assert Touchpoint.objects.count() == 3
    assert RefusedEvent.objects.count() == 3


@pytest.fixture
def poison(db):
    """Have the database refuse to hold touchpoints of this name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'not to be held' USING ERRCODE = '22000'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER poisoned BEFORE INSERT ON leads_touchpoint FOR EACH ROW "
            "WHEN (NEW.event = 'poison') EXECUTE FUNCTION poisoned()"
        )
    return "poison"


def test_an_event_that_the_database_cannot_hold_is_refused_alone(send, poison):
    answer = send(track(1), track(2, event=poison), track(3), track(1), nameless(4)).json()
    assert answer == {"success": True, "stored": 2, "duplicates": 1, "refused": 2}
    assert SourceHour.objects.totals() == {"stored": 2, "duplicates": 1, "refused": 2}
    row = RefusedEvent.objects.get(reason="not to be held")
    assert row.payload is None and not row.can_be_replayed


def test_what_the_database_cannot_hold_stays_refused_when_it_is_replayed(send, cast, poison):
    send(nameless(1))
    mend(poison)
    row = RefusedEvent.objects.get()
    assert replay.replay(row.pk, by=cast.ren, now=timezone.now()) == replay.AGAIN
    row.refresh_from_db()
    assert (row.state, row.reason) == ("open", "not to be held")
    assert SourceHour.objects.totals() == {"stored": 0, "duplicates": 0, "refused": 1}


def test_touchpoints_of_the_api_are_counted_too(client, source):
    now = timezone.now().isoformat()
    good = {"message_id": "a", "kind": "page_view", "email": "a@b.example", "occurred_at": now}
    body = [good, good, {**good, "message_id": "b", "kind": "nonsense"}]
    client.post(
        "/api/v1/touchpoints/",
        body,
        content_type="application/json",
        headers={"authorization": f"Bearer {source.token}"},
    )
    assert SourceHour.objects.totals() == {"stored": 1, "duplicates": 1, "refused": 1}


@pytest.fixture
def post(client, source):
    """Send touchpoints to the API and return its answer."""
    return lambda *items: client.post(
        "/api/v1/touchpoints/",
        list(items),
        content_type="application/json",
        headers={"authorization": f"Bearer {source.token}"},
    )


def test_a_touchpoint_that_the_api_refused_is_replayed_at_its_own_time_once(post, cast):
    said = {"kind": "webinar", "email": "a@b.example"}
    post(said | {"message_id": "1"}, said | {"message_id": "2", "kind": "chat"}, "no object")
    row = RefusedEvent.objects.get(message_id="1")
    assert row.reason == "kind: “webinar” is not a valid choice.".replace("“", '"').replace(
        "”", '"'
    )
    assert row.shown == {"kind": "webinar", "email": "•••", "message_id": "1"}
    now = timezone.now() + timedelta(days=1)
    assert replay.replay(row.pk, by=cast.ren, now=now) == replay.AGAIN
    RefusedEvent.objects.filter(pk=row.pk).update(payload=row.payload | {"kind": "chat"})
    assert replay.replay(row.pk, by=cast.ren, now=now) == replay.STORED
    assert replay.replay(row.pk, by=cast.ren, now=now) is None
    assert Touchpoint.objects.order_by("received_at").last().occurred_at == row.received_at
    assert SourceHour.objects.totals() == {"stored": 2, "duplicates": 0, "refused": 1}


def test_what_the_api_refused_is_kept_even_if_it_cannot_be_stored(post):
    post({"message_id": "a\u0000b", "kind": "chat", "email": "a@b.example"}, "\ud800")
    rows = RefusedEvent.objects.order_by("pk")
    assert [row.message_id for row in rows] == ["", ""]
    assert not any(row.can_be_replayed for row in rows)


def test_a_replayed_event_is_stored_at_its_own_time_once(send, source, cast):
    long_ago = "2026-03-01T09:00:00.000Z"
    event = {"type": "track", "userId": "u1", "messageId": "m1", "timestamp": long_ago}
    send(event)
    mend()
    row = RefusedEvent.objects.get()
    now = timezone.now()
    assert replay.replay(row.pk, by=cast.ren, now=now) == replay.STORED
    assert Touchpoint.objects.get().occurred_at.isoformat() == "2026-03-01T09:00:00+00:00"
    assert SourceHour.objects.totals() == {"stored": 1, "duplicates": 0, "refused": 0}
    assert replay.replay(row.pk, by=cast.ren, now=now) is None
    row.refresh_from_db()
    assert (row.state, row.settled_by) == ("replayed", cast.ren)
    send(event | {"event": "Song Played"})
    assert Touchpoint.objects.count() == 1


def test_a_replay_of_what_came_again_meanwhile_is_a_duplicate(send, cast):
    send(nameless(1))
    send(track(1))
    mend()
    row = RefusedEvent.objects.get()
    assert replay.replay(row.pk, by=cast.ren, now=timezone.now()) == replay.DUPLICATE
    assert Touchpoint.objects.count() == 1
    assert SourceHour.objects.totals() == {"stored": 1, "duplicates": 1, "refused": 0}


def test_the_clock_of_the_client_is_corrected_in_a_replay_as_it_would_have_been(send, cast):
    now = timezone.now()
    slow = now.replace(year=now.year - 1)
    event = nameless(1) | {"timestamp": slow.isoformat()}
    send(event, sentAt=slow.isoformat())
    mend()
    row = RefusedEvent.objects.get()
    replay.replay(row.pk, by=cast.ren, now=timezone.now())
    assert Touchpoint.objects.get().occurred_at == row.received_at


def test_what_its_batch_said_of_it_is_kept(send, cast):
    send(nameless(1), context={"campaign": {"name": "Spring"}})
    mend()
    replay.replay(RefusedEvent.objects.get().pk, by=cast.ren, now=timezone.now())
    assert Touchpoint.objects.get().campaign.name == "Spring"


def test_one_without_an_id_is_stored_once(send, cast):
    send({"type": "track", "userId": "u1"})
    mend()
    row = RefusedEvent.objects.get()
    replay.replay(row.pk, by=cast.ren, now=timezone.now())
    RefusedEvent.objects.update(state="open")
    assert replay.replay(row.pk, by=cast.ren, now=timezone.now()) == replay.DUPLICATE


def test_one_of_an_unknown_type_keeps_its_id(send, cast):
    send(track(1) | {"type": "dance"})
    row = RefusedEvent.objects.get()
    assert row.message_id == "m1"
    row.payload["type"] = "track"
    row.save()
    send(track(1))
    assert replay.replay(row.pk, by=cast.ren, now=timezone.now()) == replay.DUPLICATE


def test_what_is_refused_again_stays_with_the_new_reason(send, ren, source):
    send(nameless(1))
    row = RefusedEvent.objects.get()
    row.payload["type"] = "dance"
    row.save()
    url = reverse("admin:leads_source_replays", args=[source.pk])
    page = ren.post(url, {"event": row.pk, "showing": row.reason}, follow=True)
    row.refresh_from_db()
    assert row.state == "open"
    assert "“type” is none of" in row.reason
    assert "1 refused again" in page.content.decode()
    assert "“type” is none of" in page.content.decode()
    assert SourceHour.objects.totals() == {"stored": 0, "duplicates": 0, "refused": 1}


def test_all_of_a_reason_are_replayed_and_the_others_left(send, ren, source):
    send(*(nameless(n) for n in range(5)), {"type": "dance", "userId": "u1", "messageId": "d"})
    for row in RefusedEvent.objects.filter(reason__startswith="A track"):
        row.payload["event"] = "Song Played"
        row.save()
    page = ren.get(reverse("admin:leads_source_refused", args=[source.pk])).content.decode()
    assert "A track without “event”." in page
    url = reverse("admin:leads_source_replays", args=[source.pk])
    page = ren.post(url, {"reason": "A track without “event”."}, follow=True).content.decode()
    assert "Replayed: 5 stored, 0 duplicate, 0 refused again." in page
    assert Touchpoint.objects.count() == 5
    assert RefusedEvent.objects.open().count() == 1


def test_a_dismissed_one_is_gone_from_the_list_and_stays_refused(send, ren, source):
    send(nameless(1), nameless(2))
    row = RefusedEvent.objects.first()
    url = reverse("admin:leads_source_dismissals", args=[source.pk])
    ren.post(url, {"event": row.pk})
    row.refresh_from_db()
    assert row.state == "dismissed"
    assert RefusedEvent.objects.open().count() == 1
    ren.post(url, {"reason": "A track without “event”."})
    assert not RefusedEvent.objects.open().exists()
    assert SourceHour.objects.totals()["refused"] == 2


def test_the_page_shows_nobodys_address(send, ren, source):
    send(
        {
            "type": "identify",
            "messageId": "m1",
            "traits": {"email": "lena@acme.example", "firstName": "Lena", "plan": "pro"},
            "context": {"ip": "192.0.2.7"},
            "note": "mail to lena@acme.example",
        }
    )
    page = ren.get(reverse("admin:leads_source_refused", args=[source.pk])).content.decode()
    assert "plan" in page and "pro" in page
    for private in ("lena@acme.example", "Lena", "192.0.2.7"):
        assert private not in page
    assert RefusedEvent.objects.get().payload["traits"]["firstName"] == "Lena"


def test_a_value_that_could_not_be_read_is_dismissed_but_not_replayed(send, ren, source, signals):
    CustomField.objects.create(on="lead", key="budget", label="Budget", kind="number")
    send(
        {"type": "identify", "userId": "u1", "messageId": "m1",
         "traits": {"email": "lena@acme.example", "budget": "plenty"}}
    )  # fmt: skip
    row = RefusedEvent.objects.get()
    assert row.partly
    ren.post(reverse("admin:leads_source_replays", args=[source.pk]), {"reason": row.reason})
    row.refresh_from_db()
    assert row.state == "open"
    assert SourceHour.objects.totals() == {"stored": 1, "duplicates": 0, "refused": 0}


def test_nobody_but_revops_replays_or_dismisses(client, cast, source, send):
    send(nameless(1))
    client.force_login(cast.mark)
    for name in ("replays", "dismissals"):
        url = reverse(f"admin:leads_source_{name}", args=[source.pk])
        assert client.post(url, {"reason": "A track without “event”."}).status_code == 403
    assert client.get(reverse("admin:leads_source_refused", args=[source.pk])).status_code == 403
    assert client.get(reverse("admin:leads_source_health")).status_code == 403
    assert RefusedEvent.objects.open().count() == 1


def test_looking_decides_nothing(ren, source):
    for name in ("replays", "dismissals"):
        url = reverse(f"admin:leads_source_{name}", args=[source.pk])
        assert ren.get(url).status_code == 405
        assert ren.post(url, {}).status_code == 404
        assert ren.post(url, {"event": "x"}).status_code == 404


def test_health_adds_up_and_says_how_late_things_came(send, source, ren):
    hour_ago = timezone.now() - timedelta(minutes=59)
    send(track(1), track(2), track(3, timestamp=hour_ago.isoformat()), nameless(4), track(1))
    (found,) = health.of_sources(Source.objects.filter(pk=source.pk), now=timezone.now())
    assert (found.total.sent, found.total.stored, found.total.duplicates, found.total.refused) == (
        5,
        3,
        1,
        1,
    )
    assert (found.usual_delay, found.longest_delay) == ("within 1 second", "within 1 hour")
    assert found.open == 1
    page = ren.get(reverse("admin:leads_source_health")).content.decode()
    assert "5 in 24 hours: 3 stored, 1 duplicate, 1 refused" in page
    assert "1 wait for a decision" in page


def test_health_of_a_source_that_sends_nothing(ren, source):
    (found,) = health.of_sources(Source.objects.filter(pk=source.pk), now=timezone.now())
    assert (found.total.sent, found.per_hour, found.usual_delay) == (0, 0, "")
    assert "none in 24 hours" in ren.get(reverse("admin:leads_source_health")).content.decode()


@pytest.mark.parametrize(
    ("lags", "half", "most"),
    [
        ([0, 0, 0, 0, 0, 0, 0], "", ""),
        ([100, 0, 0, 0, 0, 0, 0], "within 1 second", "within 1 second"),
        ([90, 0, 0, 0, 0, 0, 10], "within 1 second", "over 1 day"),
        ([0, 60, 40, 0, 0, 0, 0], "within 10 seconds", "within 1 minute"),
    ],
)
def test_delays_in_words(lags, half, most):
    assert (health.delay(lags, 50), health.delay(lags, 95)) == (half, most)
