from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core import mail

from conftest import NOW
from leads import lanes, outbox
from leads.models import Delivery, Event, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(db):
    """An e-mail that waits in the outbox."""
    ana = User.objects.create_user("ana@handoff.example")
    event = Event.objects.create(kind="test.happened", happened_at=NOW)
    Delivery.objects.tell(ana, event=event, subject="Hello", body="Look.", url="/queue/", now=NOW)
    return Delivery.objects.get(channel="email")


def refuse(*args, **kwargs):
    raise OSError("connection refused")


@pytest.fixture
def broken_server(monkeypatch):
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)


def test_a_letter_is_sent_once_with_its_link(letter, settings):
    settings.HANDOFF_BASE_URL = "https://handoff.example"
    assert outbox.relay(now=NOW) == 1
    assert outbox.relay(now=NOW) == 0
    (sent,) = mail.outbox
    assert (sent.subject, sent.to) == ("Hello", ["ana@handoff.example"])
    assert "https://handoff.example/queue/" in sent.body
    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == ("sent", 1)
    assert NOW <= letter.sent_at < NOW + timedelta(seconds=5)


def test_telling_twice_of_one_event_adds_nothing(letter):
    ana = letter.recipient
    Delivery.objects.tell(ana, event=letter.event, subject="Again", body="", url="/", now=NOW)
    assert Delivery.objects.count() == 2


def test_a_failure_is_kept_on_the_row_and_tried_again_later(letter, broken_server, monkeypatch):
    outbox.relay(now=NOW)
    letter.refresh_from_db()
    assert (letter.state, letter.last_error) == ("pending", "connection refused")
    assert letter.available_at > NOW
    assert outbox.relay(now=NOW) == 0
    monkeypatch.undo()
    assert outbox.relay(now=NOW + timedelta(minutes=1)) == 1
    assert len(mail.outbox) == 1


def test_after_eight_failures_it_is_given_up_and_stays_visible(letter, broken_server):
    for day in range(12):
        outbox.relay(now=NOW + timedelta(days=day))
    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == ("dead", 8)


def test_one_broken_letter_does_not_hold_up_the_next(letter, monkeypatch):
    other = User.objects.create_user("bo@handoff.example")
    event = Event.objects.create(kind="test.happened", happened_at=NOW)
    Delivery.objects.tell(other, event=event, subject="Hi", body="", url="/", now=NOW)
    Delivery.objects.filter(pk=letter.pk).update(address="broken\n@handoff.example")
    outbox.relay(now=NOW)
    assert [sent.to for sent in mail.outbox] == [["bo@handoff.example"]]


def test_a_relay_that_died_frees_its_letters_when_the_lease_ends(letter):
    assert lanes.lease(NOW, 10)
    assert outbox.relay(now=NOW) == 0
    Delivery.objects.update(lease_until=letter.event.happened_at - timedelta(days=1))
    assert outbox.relay(now=NOW) == 1
    letter.refresh_from_db()
    assert letter.attempts == 1


def test_a_cancelled_letter_is_not_sent(letter):
    Delivery.objects.update(state=Delivery.State.CANCELLED)
    assert outbox.relay(now=NOW) == 0


def test_a_slow_mail_server_holds_up_one_relay_at_a_time(letter):
    assert lanes.lease(NOW, 1)
    event = Event.objects.create(kind="test.happened", happened_at=NOW)
    Delivery.objects.tell(letter.recipient, event=event, subject="2", body="", url="/", now=NOW)
    assert outbox.relay(now=NOW) == 0


def test_a_row_that_another_relay_took_is_not_sent_twice(letter, monkeypatch):
    begin = lanes.Job.begin

    def stolen(job):
        Delivery.objects.update(lease=None, state="sent")
        return begin(job)

    monkeypatch.setattr(lanes.Job, "begin", stolen)
    outbox.relay(now=NOW)
    assert mail.outbox == []


def test_a_task_that_is_told_to_stop_stops(letter, monkeypatch):
    def stopped(*args, **kwargs):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(outbox, "wait", stopped)
    with pytest.raises(SoftTimeLimitExceeded):
        outbox.relay(now=NOW)
    letter.refresh_from_db()
    assert (letter.state, letter.attempts) == ("pending", 1)


def test_what_never_comes_to_an_end_is_given_up(letter):
    Delivery.objects.filter(channel="email").update(attempts=15)
    assert outbox.relay(now=NOW) == 0
    letter.refresh_from_db()
    assert (letter.state, letter.last_error) == ("dead", "No try ever came to an end")


def test_a_letter_has_two_forms_and_says_how_to_be_told_otherwise(letter, settings):
    settings.HANDOFF_BASE_URL = "https://handoff.example"
    Event.objects.filter(pk=letter.event_id)
    invite = Event.objects.create(kind="routing.routed", happened_at=NOW)
    text = {"event": invite, "subject": "<b>New</b>", "body": "A & B", "url": "/queue/", "now": NOW}
    Delivery.objects.filter(pk=letter.pk).update(state="sent")
    Delivery.objects.tell(letter.recipient, **text)
    outbox.relay(now=NOW)
    (sent,) = mail.outbox
    (html,) = sent.alternatives
    assert html.mimetype == "text/html" and "&lt;b&gt;New&lt;/b&gt;" in html.content
    assert "A & B" in sent.body and "A &amp; B" in html.content
    assert "https://handoff.example/preferences/notifications/" in sent.body


def test_an_answer_goes_to_whoever_caused_the_notice_else_where_the_setting_says(letter, settings):
    settings.REPLY_TO = "sales-ops@handoff.example"
    tess = User.objects.create_user("tess@handoff.example")
    event = Event.objects.create(kind="test.happened", actor=tess, happened_at=NOW)
    Delivery.objects.tell(letter.recipient, event=event, subject="2", body="", url="/", now=NOW)
    outbox.relay(now=NOW)
    assert [one.reply_to for one in mail.outbox] == [
        ["sales-ops@handoff.example"],
        ["tess@handoff.example"],
    ]


def storm(person, count, *, kind="routing.routed", now=NOW):
    for number in range(count):
        event = Event.objects.create(kind=kind, happened_at=now)
        text = {"subject": f"Lead {number}", "body": "Look.", "url": "/"}
        Delivery.objects.tell(person, event=event, now=now, **text)


def test_many_notices_at_once_go_as_one_mail(letter):
    storm(letter.recipient, 50)
    while outbox.relay(now=NOW):
        pass
    (sent,) = mail.outbox
    assert sent.subject == "51 notices from Handoff"
    assert sent.body.count("* ") == 30 and "And 21 more" in sent.body
    states = set(Delivery.objects.filter(channel="email").values_list("state", "attempts"))
    assert states == {("sent", 1)}


def test_a_steady_stream_is_collected_instead_of_mailing_every_minute(letter):
    for minute in range(9):
        storm(letter.recipient, 1, now=NOW + timedelta(minutes=minute))
        outbox.relay(now=NOW + timedelta(minutes=minute))
        outbox.relay(now=NOW + timedelta(minutes=minute))
    assert len(mail.outbox) == 5
    later = NOW + timedelta(minutes=30)
    while outbox.relay(now=later):
        pass
    assert len(mail.outbox) == 6 and "notices from Handoff" in mail.outbox[-1].subject


def test_late_promises_are_not_collected(letter):
    for second in range(9):
        moment = NOW + timedelta(seconds=second)
        storm(letter.recipient, 1, kind="sla.breached", now=moment)
        while outbox.relay(now=moment):
            pass
    assert len(mail.outbox) == 10
