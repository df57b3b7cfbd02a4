"""The events of `bench intake`, and a client that sends them over kept connections."""

import json
import random
import threading
import time
import uuid
from datetime import UTC, datetime
from http.client import HTTPConnection

from django.db import connection
from django.utils import timezone

from handoff_project.demo.benches import NotMeasurable
from leads.models import Campaign, Identity, Lead, Signal

BATCH = 100  # events in one request, as clients send them
KNOWN = 0.8  # of the events belong to somebody who is a lead
PATHS = {"pricing": "/pricing", "case-study": "/customers", "careers": "/careers"}
PAGES = ("/", "/blog/why-handoffs-fail", "/product", "/pricing", "/customers/acme", "/docs/start")
TRACKED = ("Email Opened", "Email Link Clicked", "Video Played", "Content Downloaded")
CAMPAIGNS = ("Spring Launch", "Webinar Series", "Retargeting")
THREADS = 8  # that send at once


def prepare(probes):
    """Tie user ids to the leads, and have page signals ask for a path, as real ones do.

    Make so many leads more that nobody has scored, to be seen scored; return `{id: user id}`.
    """
    for key, path in PATHS.items():
        Signal.objects.filter(key=key).update(path_prefix=path)
    Campaign.objects.bulk_create(Campaign(name=name) for name in CAMPAIGNS)
    now = timezone.now()
    made = Lead.objects.bulk_create(
        Lead(email=f"probe{n}@bench.example", created_at=now, stage_id="lead")
        for n in range(probes)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO leads_identity (kind, value, lead_id, traits, created_at) "
            "SELECT %s, 'user-' || id, id, '{}', %s FROM leads_lead",
            [Identity.Kind.USER, now],
        )
        cursor.execute("VACUUM ANALYZE leads_identity")
    return {lead.pk: f"user-{lead.pk}" for lead in made}


def known():
    """Return the user ids of everybody who is a lead with a score."""
    scored = Identity.objects.filter(kind=Identity.Kind.USER, lead__score__isnull=False)
    return list(scored.values_list("value", flat=True))


def batches(count, users, *, seed, size=BATCH, probes=()):
    """Return so many bodies of a batch: distinct events of these users and of strangers.

    Each begins with an event of one of the probes, as long as there are any.
    """
    chance, probes = random.Random(seed), iter(probes)
    bodies = []
    for _ in range(count):
        events = [event(chance, users) for _ in range(size)]
        probe = next(probes, None)
        if probe:
            events[0] |= {"type": "track", "event": TRACKED[0], "userId": probe}
        bodies.append(json.dumps({"batch": events, "sentAt": _now()}))
    return bodies


def singles(count, users, *, seed):
    """Return so many bodies of one tracked event each."""
    chance = random.Random(seed)
    made = (event(chance, users) | {"sentAt": _now()} for _ in range(count))
    return [json.dumps(one | {"type": "track", "event": chance.choice(TRACKED)}) for one in made]


def event(chance, users):
    """Return one event as the clients send it."""
    page = chance.choice(PAGES)
    body = {
        "messageId": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "timestamp": _now(),
        "integrations": {},
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
    }
    if chance.random() < KNOWN:
        body |= {"userId": chance.choice(users), "anonymousId": None}
    else:
        body |= {"userId": None, "anonymousId": f"browser-{chance.randrange(20_000)}"}
    if chance.random() < 0.5:
        body["context"] |= {
            "page": {"url": f"https://www.example.com{page}", "path": page, "title": "Example"},
            "campaign": {"source": "google", "medium": "cpc", "name": chance.choice(CAMPAIGNS)},
        }
        return body | {"type": "page", "name": "Page", "properties": {"path": page}}
    said = {"plan": "pro", "value": chance.randrange(1000), "list": [1, "x"]}
    return body | {"type": "track", "event": chance.choice(TRACKED), "properties": said}


def _now():
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Sender:
    """Posts bodies to one server from several threads, each over one connection."""

    def __init__(self, port, token):
        self.port = port
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def flood(self, bodies):
        """Send all of them as fast as they are taken; return the seconds."""
        start = time.perf_counter()
        self._send([(0.0, "/v1/batch", body) for body in bodies])
        return time.perf_counter() - start

    def pace(self, path, bodies, *, per_second):
        """Send each at its time; return the seconds from that time to the answer, of each."""
        jobs = [(number / per_second, path, body) for number, body in enumerate(bodies)]
        return self._send(jobs)

    def _send(self, jobs):
        work, lock, taken = iter(jobs), threading.Lock(), []
        failed: list[Exception] = []
        start = time.perf_counter()

        def send():
            link = HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                while not failed:
                    with lock:
                        job = next(work, None)
                    if job is None:
                        break
                    due, path, body = job
                    time.sleep(max(0, start + due - time.perf_counter()))
                    link.request("POST", path, body, self.headers)
                    response = link.getresponse()
                    answer = response.read()
                    taken.append(time.perf_counter() - start - due)
                    if response.status != 200:
                        raise NotMeasurable(f"{path} answered {response.status}: {answer[:300]!r}")
            except Exception as error:
                failed.append(error)
            finally:
                link.close()

        threads = [threading.Thread(target=send, daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return taken
