"""Real Segment-compatible clients, as their users install them, against the running product."""

import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import rudderstack.analytics
import segment.analytics
from django.utils import timezone

from handoff_project.tests.conftest import eventually
from leads.models import Lead, RateLimit, RefusedEvent, Score, Source, SourceHour, Touchpoint


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


class TestNodeClient:
    """@segment/analytics-node, where Node and the package are: .ci/run installs them."""

    SCRIPT = Path(__file__).parent / "node_client.js"

    @pytest.fixture
    def send(self, running, write_key):
        node = shutil.which("node")
        there = (
            node
            and not subprocess.run(
                [node, "-e", "require.resolve('@segment/analytics-node')"],
                stderr=subprocess.DEVNULL,
                check=False,
            ).returncode
        )
        if not there:
            missing = "Node and @segment/analytics-node (found by NODE_PATH) are needed."
            if os.environ.get("HANDOFF_REQUIRE_NODE") == "1":
                pytest.fail(missing)
            pytest.skip(missing)

        def run(count, key=write_key):
            done = subprocess.run(
                [node, self.SCRIPT, running.url, key, str(count)],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            return json.loads(done.stdout)

        return run

    def test_what_it_sends_is_a_lead_with_its_history(self, running, company, send):
        running.web()
        assert send(20) == {"failed": 0}
        assert Lead.objects.filter(email__startswith="node").count() == 20
        assert Touchpoint.objects.exclude(lead=None).count() == 40
        lead = Lead.objects.select_related("company").get(email="node7@acme.example")
        assert (lead.name, lead.job_title) == ("Ä 😀 7", "VP Sales")
        assert lead.company.name == "Acme"
        assert not RefusedEvent.objects.exists()
        counts = {"stored": 80, "duplicates": 0, "refused": 0}
        assert SourceHour.objects.totals() == counts

    def test_with_a_wrong_key_it_gives_up_at_once(self, running, send):
        running.web()
        assert send(2, key="wrong")["failed"] > 0
        assert not Lead.objects.exists()

    def test_it_waits_for_as_long_as_it_is_told_and_loses_nothing(self, running, source, send):
        source.items_per_minute = 1_800  # thirty a second, a minute's worth at once
        source.save()
        running.web()
        full = timezone.now() + timedelta(seconds=62)
        RateLimit.objects.create(key=f"source:{source.pk}", busy_until=full)
        assert send(10) == {"failed": 0}
        assert SourceHour.objects.totals() == {"stored": 40, "duplicates": 0, "refused": 0}
