"""RevOps connects sending systems; a token is seen once."""

import re

import pytest
from django.urls import reverse

from leads.models import Delivery, Event, Source
from leads.tests.pages import fields


@pytest.fixture
def ren(client, cast):
    client.force_login(cast.ren)
    return client


def test_scopes_are_ticked(ren):
    url = reverse("admin:leads_source_add")
    data = fields(ren.get(url)) | {"name": "CRM", "scopes": ["leads:read", "leads:write"]}
    ren.post(url, data)
    assert Source.objects.get(name="CRM").scopes == ["leads:read", "leads:write"]
    page = ren.post(url, data | {"name": "Other", "scopes": ["everything"]})
    assert "scopes" in page.context["adminform"].form.errors


def test_a_token_is_shown_once_and_works(ren, client, source):
    url = reverse("admin:leads_source_tokens", args=[source.pk])
    page = ren.post(url)
    (text,) = set(re.findall(r"ho_[\w-]{43}", page.content.decode()))
    assert "no-store" in page["Cache-Control"]
    assert not ren.cookies.get("messages")
    change = ren.get(reverse("admin:leads_source_change", args=[source.pk])).content.decode()
    assert text not in change and f"...{text[-4:]}" in change
    ren.logout()
    leads = client.get("/api/v1/leads/", headers={"authorization": f"Bearer {text}"})
    assert leads.status_code == 200


def test_a_secret_is_shown_once(ren, source, now):
    page = ren.post(reverse("admin:leads_source_secrets", args=[source.pk])).content.decode()
    secret = source.secrets.get()
    assert secret.text in page and "It will not be shown again" in page
    change = ren.get(reverse("admin:leads_source_change", args=[source.pk])).content.decode()
    assert secret.text not in change and str(secret) in change
    assert f"/api/v1/sources/{source.pk}/opportunities/" in change


def test_looking_issues_nothing(ren, source):
    assert ren.get(reverse("admin:leads_source_tokens", args=[source.pk])).status_code == 405
    assert source.tokens.count() == 1


def test_a_revoked_token_no_longer_works(ren, client, source):
    token = source.tokens.get()
    ren.post(reverse("admin:leads_source_revocation", args=[source.pk, token.pk]))
    token.refresh_from_db()
    assert token.revoked_at is not None
    ren.logout()
    leads = client.get("/api/v1/leads/", headers={"authorization": f"Bearer {source.token}"})
    assert leads.status_code == 401


def test_nobody_else_issues_or_revokes(client, cast, source):
    client.force_login(cast.mark)
    token = source.tokens.get()
    for url in (
        reverse("admin:leads_source_tokens", args=[source.pk]),
        reverse("admin:leads_source_secrets", args=[source.pk]),
        reverse("admin:leads_source_revocation", args=[source.pk, token.pk]),
    ):
        assert client.post(url).status_code == 403
    assert source.tokens.filter(revoked_at=None).count() == 1


def test_a_message_that_was_given_up_can_be_sent_again(ren, cast, now):
    event = Event.objects.create(kind="routing.routed", happened_at=now)
    tell = {"event": event, "channel": "email", "available_at": now, "attempts": 8}
    payload = {"subject": "New lead", "body": "", "url": "/"}
    dead = Delivery.objects.create(recipient=cast.ana, state="dead", payload=payload, **tell)
    sent = Delivery.objects.create(recipient=cast.bo, state="sent", payload=payload, **tell)
    url = reverse("admin:leads_delivery_changelist")
    ren.post(url, {"action": "send_again", "_selected_action": [dead.pk, sent.pk]})
    dead.refresh_from_db()
    sent.refresh_from_db()
    assert (dead.state, dead.attempts) == ("pending", 0)
    assert (sent.state, sent.attempts) == ("sent", 8)
    assert ren.post(reverse("admin:leads_delivery_change", args=[dead.pk])).status_code == 403
