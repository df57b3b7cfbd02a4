"""Real Segment-compatible clients, as their users install them, against the running product."""

import pytest
import rudderstack.analytics
import segment.analytics
from django.utils import timezone

from handoff_project.tests.conftest import eventually
from leads.models import Lead, RefusedEvent, Score, Source, Touchpoint


@pytest.fixture
def write_key(running, source):
    source.scopes = ["events:write"]
    source.save()
    return source.token


@pytest.fixture
def errors():
    return []


@pytest.fixture(params=["segment", "rudder"])
def client_at(request, errors, write_key):
    """Make a client that sends to this address; what it gives up on is in `errors`."""
    made = []

    def make(url):
        library = segment.analytics if request.param == "segment" else rudderstack.analytics
        more = {"gzip": True} if request.param == "segment" else {}
        client = library.Client(
            write_key, host=url, on_error=lambda error, items: errors.append(error), **more
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.join()


def tell(client, number):
    who = f"client-{number}"
    email = f"person{number}@acme.example"
    client.page(anonymous_id=f"browser-{number}", name="Pricing",
                context={"page": {"url": "https://www.example.com/pricing"}})  # fmt: skip
    client.identify(who, {"email": email, "name": f"Ä 😀 {number}", "title": "VP Sales"},
                    anonymous_id=f"browser-{number}")  # fmt: skip
    client.track(who, "Demo Requested", {"plan": "pro", "list": [1, "x"], "none": None})
    client.group(who, f"g{number}", {"name": "Acme", "employees": 800})


def test_what_a_client_sends_is_a_lead_with_its_history_and_score(
    running, company, client_at, errors
):
    running.web()
    client = client_at(running.url)
    for number in range(30):
        tell(client, number)
    client.flush()
    client.join()
    assert errors == []
    assert Lead.objects.filter(email__endswith="@acme.example").count() == 30
    assert Touchpoint.objects.exclude(lead=None).count() == 60
    lead = Lead.objects.select_related("company").get(email="person7@acme.example")
    assert (lead.name, lead.job_title) == ("Ä 😀 7", "VP Sales")
    assert (lead.company.name, lead.company.employees) == ("Acme", 800)
    assert not RefusedEvent.objects.exists()
    company.score(at=timezone.now())
    assert Score.objects.get(lead=lead).fast_track


def test_a_client_that_keeps_trying_while_the_server_dies_loses_and_repeats_nothing(
    running, company, client_at, errors
):
    web = running.web()
    client = client_at(running.url)
    sent = 300
    for number in range(sent):
        client.track("someone", "Song Played", {"number": number})
        if number == 150:
            running.kill(web)
    web = running.web()
    client.flush()
    client.join()
    assert errors == []
    eventually(lambda: Touchpoint.objects.count() >= sent)
    assert Touchpoint.objects.filter(event="Song Played").count() == sent
    assert Source.objects.get(pk=company.source.pk).last_seen_at is not None


def test_a_client_with_a_wrong_key_hears_so_and_stops(running, client_at, errors, source):
    running.web()
    source.tokens.update(revoked_at=source.created_at)
    client = client_at(running.url)
    client.track("someone", "Song Played")
    client.flush()
    client.join()
    assert len(errors) == 1
    assert "401" in str(errors[0]) or "revoked" in str(errors[0])
