"""Endpoints against real receivers that fail in every way."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection

from conftest import NOW
from leads import outbox, outward
from leads.models import Delivery, Endpoint, Event
from leads.tests import receivers
from leads.tests.receivers import Receiver

KIND = "routing.routed"


@pytest.fixture(autouse=True)
def listed(settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]


@pytest.fixture
def receive():
    """Start a Receiver with these answers."""
    started = []

    def start(*answers):
        started.append(Receiver(*answers))
        return started[-1]

    yield start
    for receiver in started:
        receiver.close()


def endpoint(receiver, name="Warehouse", **values):
    url = receiver if isinstance(receiver, str) else receiver.url
    made = Endpoint.objects.create(name=name, url=url, event_types=[KIND], **values)
    made.issue_secret(now=NOW)
    return made


def happen(kind=KIND, *, now=NOW, **data):
    return Event.objects.create(kind=kind, cause="Rule Ü", data=data, happened_at=now)


def state_of(event):
    return event.deliveries.get()


def check(headers, body, secret):
    """What a receiver does, by the specification alone; return its seconds."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp = headers["webhook-timestamp"]
    text = b".".join([headers["webhook-id"].encode(), stamp.encode(), body])
    wanted = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    assert wanted in headers["webhook-signature"].split(" ")
    return int(stamp)


@pytest.mark.django_db
def test_an_event_reaches_whoever_listens_signed_over_the_bytes_on_the_wire(receive):
    receiver = receive(200)
    made = endpoint(receiver)
    event = happen(handoff=7)
    happen("routing.accepted")
    assert outbox.relay(now=NOW) == 1
    ((headers, body),) = receiver.got
    assert abs(check(headers, body, made.secrets.get().text) - NOW.timestamp()) < 5
    assert headers["webhook-id"] == f"evt_{event.pk}"
    told = json.loads(body)
    assert (told["type"], told["data"]["facts"]) == (KIND, {"handoff": 7})
    assert "Ü".encode() in body and told["timestamp"] == NOW.isoformat()
    assert state_of(event).state == "sent"


@pytest.mark.django_db
def test_a_secret_is_32_bytes_and_the_database_does_not_hold_it(receive):
    made = endpoint(receive())
    text = made.issue_secret(now=NOW)
    assert text.startswith("whsec_") and len(base64.b64decode(text[6:])) == 32
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM leads_endpointsecret s")
        assert all(text[6:] not in row for (row,) in cursor.fetchall())


@pytest.mark.django_db
def test_nothing_goes_out_unsigned_though_nobody_made_a_secret_yet(receive):
    receiver = receive(401)
    made = endpoint(receiver)
    made.secrets.all().delete()
    event = happen()
    outbox.relay(now=NOW)
    check(*receiver.got[0], made.secrets.get().text)
    assert state_of(event).state == "pending" and "401" in state_of(event).last_error


@pytest.mark.django_db
def test_while_a_secret_is_replaced_both_sign_and_then_the_new_one_alone(receive):
    receiver = receive(200)
    made = endpoint(receiver)
    old = made.secrets.get().text
    new = made.issue_secret(now=NOW)
    happen()
    outbox.relay(now=NOW)
    for secret in (old, new):
        check(*receiver.got[0], secret)
    later = NOW + timedelta(hours=25)
    happen(now=later)
    outbox.relay(now=later)
    check(*receiver.got[1], new)
    with pytest.raises(AssertionError):
        check(*receiver.got[1], old)


@pytest.mark.django_db
def test_a_retry_has_the_same_id_and_body_a_new_time_and_a_new_signature(receive):
    receiver = receive(500, 200)
    made = endpoint(receiver)
    event = happen()
    outbox.relay(now=NOW)
    row = state_of(event)
    assert (row.state, row.last_error, row.standing) == (
        "pending",
        "It answered 500.",
        "Trying again",
    )
    assert NOW + timedelta(seconds=5) <= row.available_at <= NOW + timedelta(seconds=12)
    later = NOW + timedelta(seconds=30)
    outbox.relay(now=later)
    (first, body), (second, again) = receiver.got
    assert body == again and first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert first["webhook-signature"] != second["webhook-signature"]
    check(second, again, made.secrets.get().text)
    assert state_of(event).state == "sent"
    made.refresh_from_db()
    assert (made.failures, made.problem, made.paused_until) == (0, "", None)


@pytest.mark.django_db
def test_an_endpoint_that_never_answers_well_is_tried_for_three_days_then_given_up(receive):
    made = endpoint(receive(500))
    event, moment, gaps = happen(), NOW, []
    while (row := state_of(event)).state == "pending":
        gaps.append(round((row.available_at - moment).total_seconds()))
        moment = row.available_at
        Endpoint.objects.update(failing_since=moment, paused_until=None)
        outbox.relay(now=moment)
    wanted = [0, *outbox.RETRIES]
    assert len(gaps) == len(wanted)
    assert all(want <= gap <= want * 1.2 + 10 for gap, want in zip(gaps, wanted, strict=True))
    assert (row.state, row.attempts) == ("dead", 10)
    made.refresh_from_db()
    assert made.is_active


@pytest.mark.django_db
def test_a_long_run_of_failures_switches_it_off_and_the_administrators_are_told(cast, receive):
    made = endpoint(receive(500))
    event = happen()
    outbox.relay(now=NOW)
    waiting = happen("sla.webhook_called")
    Delivery.objects.tell_endpoint(made, event=waiting, now=NOW + timedelta(days=2))
    outbox.relay(now=NOW + timedelta(days=3, minutes=1))
    made.refresh_from_db()
    assert not made.is_active
    assert set(Delivery.objects.filter(endpoint=made).values_list("state", flat=True)) == {"dead"}
    told = Delivery.objects.filter(event__kind="leads.endpoint_disabled")
    assert {one.recipient for one in told} == {cast.ren}
    assert told.first().payload["subject"] == "Switched off: Warehouse"
    assert "Messages given up: 2" in told.first().payload["body"]
    assert event.deliveries.get().last_error.startswith("Switched off.")


@pytest.mark.django_db
def test_410_switches_it_off_at_once(cast, receive):
    receiver = receive(410)
    made = endpoint(receiver)
    event = happen()
    outbox.relay(now=NOW)
    made.refresh_from_db()
    assert (made.is_active, state_of(event).state) == (False, "dead")
    assert happen().deliveries.count() == 0
    assert Event.objects.filter(kind="leads.endpoint_disabled").count() == 1


@pytest.mark.django_db
def test_too_many_requests_are_answered_with_patience(receive):
    receiver = receive((429, {"Retry-After": "120"}), 200)
    endpoint(receiver)
    first, second = happen(), happen()
    outbox.relay(now=NOW)
    assert state_of(first).available_at >= NOW + timedelta(seconds=120)
    outbox.relay(now=NOW + timedelta(seconds=100))
    assert len(receiver.got) == 1  # the second one waits, too
    while outbox.relay(now=NOW + timedelta(seconds=200)):
        pass
    assert len(receiver.got) == 3
    assert state_of(first).state == state_of(second).state == "sent"


@pytest.mark.django_db
def test_a_redirect_is_a_failure_and_nobody_follows_it(receive):
    inside = receive(200)
    endpoint(receive((302, {"Location": inside.url})))
    event = happen()
    outbox.relay(now=NOW)
    assert inside.got == []
    assert state_of(event).last_error == "It answered 302; redirects are not followed."


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [receivers.cut, receivers.garbage, receivers.silence])
def test_no_answer_that_can_be_read_is_a_failure_in_plain_words(receive, monkeypatch, answer):
    monkeypatch.setattr(outward, "TIMEOUT", (1, 0.5))
    endpoint(receive(answer))
    event = happen()
    outbox.relay(now=NOW)
    row = state_of(event)
    assert row.state == "pending" and row.last_error.startswith("It ")
    assert "127.0.0.1" not in row.last_error


@pytest.mark.django_db
def test_a_refused_connection_is_a_failure():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint(f"http://127.0.0.1:{port}/")
    event = happen()
    outbox.relay(now=NOW)
    assert state_of(event).last_error == "It could not be reached, or cut the connection."


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [receivers.dripping_body, receivers.huge_body])
def test_the_body_of_an_answer_is_never_waited_for(receive, answer):
    endpoint(receive(answer))
    event, began = happen(), time.monotonic()
    outbox.relay(now=NOW)
    assert state_of(event).state == "sent"
    assert time.monotonic() - began < 4


@pytest.mark.django_db
def test_a_head_that_drips_is_cut_off(receive, monkeypatch):
    monkeypatch.setattr(outward, "LONGEST", 0.5)
    endpoint(receive(receivers.dripping_head))
    event = happen()
    outbox.relay(now=NOW)
    assert state_of(event).state == "pending"


@pytest.mark.django_db
def test_one_endpoint_that_hangs_does_not_hold_up_the_others_or_the_mail(
    cast, receive, monkeypatch
):
    monkeypatch.setattr(outward, "TIMEOUT", (1, 2))
    endpoint(receive(receivers.silence), "Hangs")
    good = receive(200)
    endpoint(good, "Works")
    for _ in range(5):
        happen()
    Delivery.objects.tell(cast.ana, event=happen("x"), subject="Hi", body="", url="/", now=NOW)
    outbox.relay(now=NOW)
    assert len(good.got) == 5 and len(mail.outbox) == 1
    assert Delivery.objects.filter(endpoint__name="Hangs", attempts=0).count() == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://localhost/",
    ],
)
def test_an_address_that_points_inside_is_refused_at_save_and_at_send(settings, url):
    settings.WEBHOOK_HOSTS = []
    made = Endpoint(name="Inside", url=url, event_types=[KIND])
    with pytest.raises(ValidationError) as refused:
        made.full_clean()
    assert "points inside our own network" in str(refused.value)
    made.save()
    event = happen()
    outbox.relay(now=NOW)
    assert "points inside our own network" in state_of(event).last_error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://hooks.example.com/", "Use https://"),
        ("https://hooks.example.com@127.0.0.1/", "user name or password"),
        ("https://ana:secret@hooks.example.com/", "user name or password"),
        ("file:///etc/passwd", "Enter a valid URL"),
        ("https://hooks.example.com/\r\nX: y", "Enter a valid URL"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_words(url, words):
    with pytest.raises(ValidationError) as refused:
        Endpoint(name="Odd", url=url, event_types=[KIND]).full_clean()
    assert words in str(refused.value)


@pytest.mark.django_db
def test_a_name_that_comes_to_point_inside_is_refused_when_it_is_resolved(
    settings, receive, monkeypatch
):
    settings.WEBHOOK_HOSTS = []
    receiver = receive(200)
    port = int(receiver.url.split(":")[2].split("/")[0])
    where = [("93.184.215.14", port), ("127.0.0.1", port)]

    def rebinding(host, *args, **kwargs):
        there = where.pop(0) if len(where) > 1 else where[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", there)]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    url = f"https://rebinding.example:{port}/"
    made = Endpoint(name="Rebinds", url=url, event_types=[KIND])
    made.full_clean()
    made.save()
    event = happen()
    outbox.relay(now=NOW)
    assert "points inside" in state_of(event).last_error
    assert receiver.got == []


@pytest.mark.django_db
def test_what_was_given_up_can_be_sent_again_under_its_id(receive):
    receiver = receive(410, 200)
    made = endpoint(receiver)
    event = happen()
    outbox.relay(now=NOW)
    assert made.deliveries.send_again(now=NOW) == 0  # it is switched off
    Endpoint.objects.update(is_active=True, paused_until=None)
    assert made.deliveries.send_again(now=NOW) == 1
    outbox.relay(now=NOW)
    assert [headers["webhook-id"] for headers, _ in receiver.got] == [f"evt_{event.pk}"] * 2
    assert state_of(event).state == "sent"


@pytest.mark.django_db
def test_chat_gets_what_people_were_told_in_its_shape(cast, receive):
    slack, teams = receive(200), receive(200)
    endpoint(slack, "Slack", shape="slack")
    endpoint(teams, "Teams", shape="teams")
    event = happen()
    text = {"subject": "New lead: <!here> Lena", "body": "Score 40.", "url": "/leads/1/"}
    Delivery.objects.tell(cast.ana, event=event, now=NOW, **text)
    outbox.relay(now=NOW)
    said = json.loads(slack.got[0][1])
    assert said["text"] == "New lead: &lt;!here&gt; Lena"
    assert said["blocks"][1]["elements"][0]["url"].endswith("/leads/1/")
    (card,) = json.loads(teams.got[0][1])["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [one["text"] for one in card["content"]["body"]] == [
        "New lead: <!here> Lena",
        "Score 40.",
    ]
    assert "webhook-signature" not in slack.got[0][0]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_relays_at_once_send_every_message_once(receive):
    receiver = receive(200)
    for number in range(4):
        endpoint(receiver, f"Endpoint {number}")
    for _ in range(10):
        happen()

    def work():
        while Delivery.objects.filter(state="pending").exists():
            outbox.relay(now=NOW)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert len(receiver.got) == 40
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}
