"""Measures Handoff beside an anchor in the same run, so that a slower machine slows both."""

import random
import statistics
import time
import uuid

from django.db import connection, transaction
from django.db.models import F
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from handoff_project.demo.client import client_of
from leads.models import Delivery, Lead, MQLDefinition, Score, User
from leads.scoring import scorer
from routing.models import Handoff
from sla import clocks

WAIT = 30  # seconds until we give up on a lead
LOOK = 0.005  # seconds between two looks at the database
SOURCE = "bench"  # the marketing source by which reports can leave these leads out


class NotMeasurable(Exception):
    """Something that the bench needs is missing; the message says what."""


def event_to_queue(*, url, times, say, **options):
    """From sending a qualifying lead to its handoff in a queue, with its clocks running."""
    if MQLDefinition.objects.live() is None:
        raise NotMeasurable("There is no published MQL definition: load the demo company first.")
    run, taken, anchors, leads = uuid.uuid4().hex[:8], [], [], []
    with client_of("Bench", url=url) as client:
        client.get("/livez")
        try:
            for number in range(times):
                time.sleep(random.uniform(0.8, 1.6))  # the box is idle, ticks are anywhere
                anchors.append(_timed(client.get, "/livez"))
                start = time.perf_counter()
                leads.append(client.post("/api/v1/leads/", _bench_lead(run, number))["id"])
                _wait_for_queue(leads[-1])
                taken.append((time.perf_counter() - start) * 1000)
                say(f"lead {number + 1} of {times}: {taken[-1]:.0f} ms")
        finally:
            withdraw(leads, now=timezone.now())
    return _summary(taken) | _against(taken, anchors, "livez")


def _bench_lead(run, number):
    return {
        "contact": {
            "email": f"bench-{run}-{number}@bench.example",
            "name": f"Bench {number + 1}",
            "job_title": "VP Operations",
            "country": "DE",
        },
        "company": {"name": "Bench Works", "domain": "bench.example", "employees": 500},
        "source": SOURCE,
        "conversion": {"kind": "demo_request", "form": "Bench"},
    }


def _wait_for_queue(lead_id):
    ready = Handoff.objects.filter(
        lead=lead_id, state__in=(Handoff.State.POOLED, Handoff.State.OFFERED), clocks__isnull=False
    )
    ends = time.monotonic() + WAIT
    while not ready.exists():
        if time.monotonic() > ends:
            raise NotMeasurable(f"Lead {lead_id} is in no queue after {WAIT} s: is a worker up?")
        time.sleep(LOOK)


def withdraw(lead_ids, *, now):
    """Take the bench's leads off everybody's desk. Events stay, so the leads stay too, marked."""
    with transaction.atomic():
        mine = Handoff.objects.open().filter(lead__in=lead_ids, lead__lead_source=SOURCE)
        for handoff in mine.select_for_update(of=("self",)):
            clocks.cancel(handoff, at=now)
            handoff.withdraw(cause="Bench", now=now)
        Lead.objects.filter(pk__in=lead_ids).update(status=Lead.Status.UNQUALIFIED)
        notices = Delivery.objects.filter(event__lead__in=lead_ids)
        notices.filter(read_at=None).update(read_at=now)
        notices.filter(state=Delivery.State.PENDING).update(state=Delivery.State.CANCELLED)


def queue_page(*, times, say, **options):
    """The queue of a rep, in process: server time and number of queries."""
    try:
        path = reverse("portal:queue")
    except NoReverseMatch:
        raise NotMeasurable("There is no queue page.") from None
    ana = User.objects.filter(email="ana@handoff.example").first()
    lead = Lead.objects.order_by("pk").values_list("pk", flat=True).first()
    if ana is None or lead is None:
        raise NotMeasurable("Ana is not here: load the demo company first.")
    browser = Browser(SERVER_NAME="127.0.0.1")
    browser.force_login(ana, backend="django.contrib.auth.backends.ModelBackend")
    try:
        for _ in range(5):
            response = browser.get(path)
        if response.status_code != 200:
            raise NotMeasurable(f"The queue page answered {response.status_code}.")
        with CaptureQueriesContext(connection) as queries:
            browser.get(path)
        asked = len(queries)
        taken, anchors = [], []
        for _ in range(times):
            taken.append(_timed(browser.get, path))
            anchors.append(_timed(Lead.objects.get, pk=lead))
    finally:
        browser.logout()
    rows = Handoff.objects.owned_by(ana).count()
    say(f"{rows} handoffs, {asked} queries, {len(response.content)} bytes")
    found = _summary(taken) | {"rows": rows, "queries": asked}
    return found | _against(taken, anchors, "lookup")


def rescore(*, times, say, **options):
    """Rescoring everybody, when every score changes and when none does; rolled back."""
    leads = Score.objects.count()
    if not leads or MQLDefinition.objects.live() is None:
        raise NotMeasurable("There is nothing to score: load the demo company first.")
    taken, settled, anchors = [], [], []
    for _ in range(times):
        with transaction.atomic():
            anchors.append(_timed(Score.objects.update, total=F("total") + 1))
            taken.append(_timed(scorer.rescore_all, now=timezone.now()))
            settled.append(_timed(scorer.rescore_all, now=timezone.now()))
            transaction.set_rollback(True)
    say(f"{leads} leads: {statistics.median(taken):.0f} ms when every score changes")
    found = _summary(taken) | {"leads": leads, "unchanged_p50_ms": _rounded(settled)}
    return found | _against(taken, anchors, "update")


BENCHES = {
    "event_to_queue": (event_to_queue, 20),
    "queue_page": (queue_page, 60),
    "rescore": (rescore, 5),
}


def _timed(call, *args, **kwargs):
    start = time.perf_counter()
    call(*args, **kwargs)
    return (time.perf_counter() - start) * 1000


def _rounded(values):
    return round(statistics.median(values), 2)


def _summary(taken):
    ordered = sorted(taken)
    p95 = ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]
    return {
        "n": len(ordered),
        "p50_ms": _rounded(ordered),
        "p95_ms": round(p95, 2),
        "max_ms": round(ordered[-1], 2),
    }


def _against(taken, anchors, name):
    """How the median compares with the anchor's, which was measured in between."""
    anchor = statistics.median(anchors)
    return {
        f"{name}_p50_ms": round(anchor, 3),
        "ratio": round(statistics.median(taken) / anchor, 2),
    }
