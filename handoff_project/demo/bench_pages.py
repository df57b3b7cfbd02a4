"""`bench pages`: what a rep's main pages take on the server, and what a browser has to load.

It makes its own data set in a schema of its own, which is dropped in the end: many leads, and one
rep with 300 handoffs that came the usual way, each with touchpoints, a decision and clocks.
"""

import gzip
import re
import time
from datetime import timedelta
from pathlib import Path

from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from handoff_project.demo import bench_crowd
from handoff_project.demo.bench_routing import people
from handoff_project.demo.bench_schema import SCHEMA, schema_of_our_own
from handoff_project.demo.benches import NotMeasurable
from leads.intake import touchpoints
from leads.intake.touchpoints import Arrival
from leads.models import Identity, Lead, LifecycleStage, Signal, Source
from leads.partitions import make_partitions
from leads.scoring.qualify import qualify
from routing import router
from routing.models import Calendar, Handoff, Pool, RuleSet, Seat, Team
from sla.models import Policy

HANDOFFS = 300  # of the rep
HISTORY = 20  # touchpoints of each of their leads
WEEKS = timedelta(weeks=3)
ASSET = re.compile(r'(?:href|src)="/static/([^"]+\.(css|js|svg))')


def pages(*, leads, times, say, **options):
    """Make the data set, measure each page so many times and return the five figures."""
    leads = leads or 100_000
    with schema_of_our_own():
        say(f"Making the tables in the schema {SCHEMA} ...")
        call_command("migrate", verbosity=0, interactive=False)
        now = timezone.now()
        crowd = {"companies": max(leads // 10, 1), "touchpoints": leads * 5}
        bench_crowd.make(leads=leads, **crowd, now=now, say=say)
        rep = _team(now=now)
        _handoffs(rep, now=now)
        mine = Handoff.objects.open().filter(owner=rep).order_by("pk")
        say(f"{rep} has {mine.count()} open handoffs.")
        browser = Browser(SERVER_NAME="127.0.0.1")
        browser.force_login(rep.user, backend="django.contrib.auth.backends.ModelBackend")
        return _measured(browser, list(mine.values_list("lead", flat=True)), times)


def _team(*, now):
    """Make a team of one, to whom every lead goes, and what is promised; return the rep."""
    calendar = Calendar.objects.create(name="Bench")
    calendar.versions.create(zone="Europe/Berlin")
    team = Team.objects.create(name="Bench", calendar=calendar)
    (rep,) = people(team, 1, "rep")
    pool = Pool.objects.create(name="Bench", team=team)
    Seat.objects.create(pool=pool, rep=rep)
    RuleSet.objects.create(catch_all=pool).publish(by=None, now=now)
    policy = Policy.objects.create(name="Bench")
    for clock, minutes in (("accept", 30), ("first_touch", 240)):
        policy.targets.create(clock=clock, minutes=minutes, bound_unit="none")
    policy.publish(by=None, now=now)
    return rep


def _handoffs(rep, *, now):
    """Hand over and route so many leads that pass; the rep accepts half of them."""
    make_partitions((now - WEEKS).date(), now.date())
    passing = list(Lead.objects.filter(score__qualifies=True).order_by("pk")[:HANDOFFS])
    Lead.objects.filter(pk__in=[lead.pk for lead in passing]).update(stage=LifecycleStage.Key.LEAD)
    source = Source.objects.create(name="Bench")
    signals = list(Signal.objects.order_by("pk"))
    for lead in passing:
        _history(lead, source, signals, now=now)
        with transaction.atomic():
            qualify(lead.pk, now=now)
    while router.route_new(now=now):
        pass
    for handoff in rep.handoffs.filter(state=Handoff.State.OFFERED).order_by("pk")[::2]:
        handoff.accept(by=rep.user, now=now)


def _history(lead, source, signals, *, now):
    identity = Identity.objects.create(kind="anonymous", value=f"bench-{lead.pk}", lead=lead)
    arrivals = [
        Arrival(
            message_id=f"{lead.pk}:{number}",
            kind=signal.kind,
            event=signal.event,
            url=signal.path_prefix,
            occurred_at=now - (number + 1) * WEEKS / (HISTORY + 1),
            identity=identity,
        )
        for number in range(HISTORY)
        for signal in [signals[(lead.pk + number) % len(signals)]]
    ]
    touchpoints.store(arrivals, source=source, now=now)


def _measured(browser, leads, times):
    queue = reverse("portal:queue")
    first = browser.get(queue)
    poll = re.search(r'data-live hx-get="([^"]+)"', first.content.decode())
    if first.status_code != 200 or not poll:
        raise NotMeasurable(f"The queue answered {first.status_code}.")
    asked = poll[1].replace("&amp;", "&")
    found = {
        "queue": _p95(browser, [queue] * times),
        "lead": _p95(browser, [reverse("portal:lead", args=[pk]) for pk in leads[:times]]),
        "poll": _p95(browser, [asked] * times),
    }
    loaded, scripts = _weights(first.content)
    return {f"{name}_p95_ms": p95 for name, p95 in found.items()} | {
        "first_load_kb": round(loaded / 1024, 1),
        "script_gzip_kb": round(scripts / 1024, 1),
        "handoffs": len(leads),
        "n": times,
    }


def _p95(browser, paths):
    """Milliseconds of the server for these pages, each seen once before; 95 of 100 take less."""
    taken = []
    for path in paths:
        browser.get(path)
        began = time.perf_counter()
        answer = browser.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code not in (200, 204):
            raise NotMeasurable(f"{path} answered {answer.status_code}.")
    ordered = sorted(taken)
    return round(ordered[max(0, -(-len(ordered) * 95 // 100) - 1)], 1)


def _weights(page):
    """Return the bytes, compressed, of a page with all it loads, and of its scripts alone."""
    total, scripts = len(gzip.compress(page)), 0
    for name, kind in set(ASSET.findall(page.decode())):
        plain = re.sub(r"\.[0-9a-f]{12}(?=\.)", "", name)  # without the hash of its content
        path = finders.find(plain)
        if path is None:
            raise NotMeasurable(f"The page asks for {name}, which is nowhere.")
        weight = len(gzip.compress(Path(path).read_bytes()))
        total, scripts = total + weight, scripts + (weight if kind == "js" else 0)
    return total, scripts
