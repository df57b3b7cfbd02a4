"""A publication that was planned and cannot be is told to those whom it concerns, once."""

from datetime import timedelta

import pytest
from django.urls import reverse

from conftest import NOW
from leads import tasks
from leads.models import Delivery, Event, MQLDefinition

LATER = NOW + timedelta(hours=2)
KIND = "leads.definition_not_published"


@pytest.fixture
def planned(company, monkeypatch):
    """A version that both have signed and that is planned; another one went live meanwhile."""
    cast = company.cast
    draft, other = (MQLDefinition.draft_from_live(by=cast.mark) for _ in range(2))
    for one in (draft, other):
        one.submit(by=cast.ren, now=NOW)
        for person in (cast.mark, cast.mia):
            one.approve(by=person, now=NOW)
    draft.schedule(at=NOW + timedelta(hours=1), by=cast.ren, now=NOW)
    other.publish(by=cast.ren, now=NOW + timedelta(minutes=30))
    monkeypatch.setattr(tasks.timezone, "now", lambda: LATER)
    return draft


def told(channel):
    found = Delivery.objects.filter(event__kind=KIND, channel=channel)
    return sorted(found.values_list("recipient__email", flat=True))


def test_who_put_it_up_and_who_signed_it_are_told_why_in_the_app_and_by_mail(company, planned):
    tasks.publish_due()
    planned.refresh_from_db()
    assert planned.in_review and planned.publish_at is None
    event = Event.objects.get(kind=KIND)
    assert "went live after this one was put up" in event.data["reason"]
    assert event.data["planned"].startswith((NOW + timedelta(hours=1)).isoformat()[:16])
    people = sorted(getattr(company.cast, name).email for name in ("ren", "mark", "mia"))
    assert told("in_app") == told("email") == people
    payload = Delivery.objects.filter(event=event).first().payload
    assert payload["subject"] == f"{planned} did not go live as planned"
    assert payload["body"] == planned.not_published_because
    assert payload["url"] == reverse("portal:definition-version", args=[planned.version])


def test_it_is_told_once(planned):
    tasks.publish_due()
    tasks.publish_due()
    assert Event.objects.filter(kind=KIND).count() == 1
    assert len(told("email")) == 3


def test_a_signature_that_is_missing_at_the_time_is_told_too(company, monkeypatch):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.submit(by=company.cast.mark, now=NOW)
    draft.approve(by=company.cast.mark, now=NOW)
    draft.schedule(at=NOW + timedelta(hours=1), by=None, now=NOW)
    monkeypatch.setattr(tasks.timezone, "now", lambda: LATER)
    tasks.publish_due()
    draft.refresh_from_db()
    assert draft.not_published_because == "Sales has not signed it yet."
    assert told("in_app") == [company.cast.mark.email]


def test_it_stands_on_its_pages_until_somebody_deals_with_it(client, company, planned):
    tasks.publish_due()
    client.force_login(company.cast.ren)
    admin = reverse("admin:leads_mqldefinition_change", args=[planned.pk])
    pages = [admin, reverse("portal:definition-version", args=[planned.version])]
    for page in pages:
        found = client.get(page).content.decode()
        assert "id not go live as planned" in found
        assert "went live after this one was put up" in found
    planned.withdraw(by=company.cast.mark, now=LATER)
    for page in pages:
        assert "id not go live as planned" not in client.get(page).content.decode()


def test_a_new_plan_deals_with_it(planned):
    tasks.publish_due()
    planned.schedule(at=LATER + timedelta(days=1), by=None, now=LATER)
    assert planned.not_published_because == ""
