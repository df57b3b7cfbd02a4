from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core import mail

from conftest import NOW
from leads import outbox
from leads.models import Delivery, Event, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(db):
    """An e-mail that waits in the outbox."""
    ana = User.objects.create_user("ana@handoff.example")
    event = Event.objects.create(kind="test.happened", happened_at=NOW)
    Delivery.objects.tell(ana, event=event, subject="Hello", body="Look.", url="/queue/", now=NOW)
    return Delivery.objects.get(channel="email")


def fail(delivery):
    raise OSError("connection refused")


def test_a_letter_is_sent_once_with_its_link(letter, settings):
    settings.HANDOFF_BASE_URL = "https://handoff.example"
    assert outbox.relay(now=NOW) == 1
    assert outbox.relay(now=NOW) == 0
    (sent,) = mail.outbox
    assert (sent.subject, sent.to) == ("Hello", ["ana@handoff.example"])
    assert "https://handoff.example/queue/" in sent.body
    letter.refresh_from_db()
    assert (letter.state, letter.attempts, letter.sent_at) == ("sent", 1, NOW)


def test_telling_twice_of_one_event_adds_nothing(letter):
    ana = letter.recipient
    Delivery.objects.tell(ana, event=letter.event, subject="Again", body="", url="/", now=NOW)
    assert Delivery.objects.count() == 2


def test_a_failure_is_kept_on_the_row_and_tried_again_later(letter, monkeypatch):
    monkeypatch.setattr(outbox, "send", fail)
    outbox.relay(now=NOW)
    letter.refresh_from_db()
    assert (letter.state, letter.last_error) == ("pending", "connection refused")
    assert letter.available_at > NOW
    assert outbox.relay(now=NOW) == 0
    monkeypatch.undo()
    assert outbox.relay(now=NOW + timedelta(minutes=1)) == 1
    assert len(mail.outbox) == 1


def test_after_eight_failures_it_is_given_up_and_stays_visible(letter, monkeypatch):
    monkeypatch.setattr(outbox, "send", fail)
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
    outbox._lease(NOW, 10)
    assert outbox.relay(now=NOW) == 0
    Delivery.objects.update(lease_until=letter.event.happened_at - timedelta(days=1))
    assert outbox.relay(now=NOW) == 1
    letter.refresh_from_db()
    assert letter.attempts == 1


def test_a_cancelled_letter_is_not_sent(letter):
    Delivery.objects.update(state=Delivery.State.CANCELLED)
    assert outbox.relay(now=NOW) == 0


def test_a_slow_mail_server_holds_up_one_relay_at_a_time(letter):
    outbox._lease(NOW, 1)
    event = Event.objects.create(kind="test.happened", happened_at=NOW)
    Delivery.objects.tell(letter.recipient, event=event, subject="2", body="", url="/", now=NOW)
    assert outbox.relay(now=NOW) == 0


def test_a_row_that_was_never_tried_loses_no_attempt(letter, monkeypatch):
    event = Event.objects.create(kind="test.happened", happened_at=NOW)
    Delivery.objects.tell(letter.recipient, event=event, subject="2", body="", url="/", now=NOW)

    def stopped(delivery):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(outbox, "send", stopped)
    with pytest.raises(SoftTimeLimitExceeded):
        outbox.relay(now=NOW)
    mails = Delivery.objects.filter(channel="email").order_by("pk")
    assert [mail.attempts for mail in mails] == [1, 0]


def test_a_row_that_another_relay_took_is_not_sent_twice(letter, monkeypatch):
    lease = outbox._lease

    def stolen(now, limit):
        found = lease(now, limit)
        Delivery.objects.update(lease=None, state="sent")
        return found

    monkeypatch.setattr(outbox, "_lease", stolen)
    outbox.relay(now=NOW)
    assert mail.outbox == []


def test_a_task_that_is_told_to_stop_stops(letter, monkeypatch):
    def stopped(delivery):
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(outbox, "send", stopped)
    with pytest.raises(SoftTimeLimitExceeded):
        outbox.relay(now=NOW)
    letter.refresh_from_db()
    assert letter.state == "pending"
