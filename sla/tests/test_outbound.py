"""A policy's steps reach the world outside, and mails of promises that were kept do not go."""

import json
from datetime import timedelta

import pytest
from django.core import mail

from conftest import NOW
from leads import outbox
from leads.models import Delivery, Endpoint
from leads.tests.receivers import Receiver
from sla import steps, watch
from sla.models import Clock, Escalation
from sla.roster import Roster

STEP = {"key": "at-0-business-webhook", "action": "webhook"}


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    found = Receiver(200)
    yield found
    found.close()


def act(clock):
    Escalation.objects.create(clock=clock, step=STEP["key"], due_at=NOW, noticed_at=NOW)
    steps.act(clock, STEP, Roster([clock.handoff]), now=NOW)
    return Escalation.objects.get(step=STEP["key"])


def test_the_webhook_step_is_sent_to_whoever_listens(company, receiver):
    clock = company.handoff_of(company.cast.ana).clocks.first()
    Endpoint.objects.create(name="Pager", url=receiver.url, event_types=["sla.webhook_called"])
    assert act(clock).words == "Webhooks called: Pager"
    outbox.relay(now=NOW)
    (body,) = [json.loads(body) for _, body in receiver.got]
    assert body["type"] == "sla.webhook_called"
    assert body["data"]["facts"]["clock"] == clock.kind
    assert body["data"]["lead"]["id"] == clock.handoff.lead_id


def test_a_webhook_step_that_nobody_hears_says_so(company):
    clock = company.handoff_of(company.cast.ana).clocks.first()
    assert act(clock).words == "No endpoint listens for this"


def test_no_mail_goes_about_a_promise_that_was_kept_meanwhile(company):
    handoff = company.handoff_of(company.cast.ana)
    Delivery.objects.update(state="sent")
    watch.watch(now=NOW + timedelta(hours=12))
    waiting = Delivery.objects.filter(channel="email", state="pending")
    assert waiting.exists()
    Clock.objects.filter(handoff=handoff).update(state="stopped", stopped_at=NOW)
    later = NOW + timedelta(days=1)
    while outbox.relay(now=later):
        pass
    assert mail.outbox == [] and not waiting.exists()


def test_a_late_promise_that_is_still_owed_is_mailed(company):
    company.handoff_of(company.cast.ana)
    Delivery.objects.update(state="sent", sent_at=NOW)
    watch.watch(now=NOW + timedelta(hours=12))
    while outbox.relay(now=NOW + timedelta(days=1)):
        pass
    assert mail.outbox
