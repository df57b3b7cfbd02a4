"""The watch over many clocks: idle, in a storm, and how soon a breach is seen."""

import statistics
import time
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from handoff_project.demo.bench_processes import end, start
from handoff_project.demo.bench_schema import schema_of_our_own
from handoff_project.demo.benches import NotMeasurable
from leads import bulk
from leads.models import Delivery, Event, Lead, LifecycleStage, User
from routing.models import Calendar, Handoff, Pool, Rep, Team
from sla import clocks, deadlines
from sla.models import Clock, Escalation, Policy
from sla.watch import watch

CLOCKS, DUE, STREAM = 300_000, 50_000, 3_000
SECONDS = 15  # over which the last ones fall due, as time goes by
SWEEP = 5  # seconds between two sweeps, as beat does it
WORKERS, TEAMS, REPS = 2, 12, 10  # reps of each team
CHUNK = 10_000
WAIT = 300
LATER = timedelta(days=60)
# What a worker does with `watch_clocks` at a given moment; it says when it began and ended.
SWEEPER = (
    "import sys, time, django; django.setup()\n"
    "from datetime import datetime\n"
    "from django.urls import get_resolver\n"
    "from handoff_project.celery import pass_over_what_is_loaded\n"
    "from sla.watch import watch\n"
    "now = datetime.fromisoformat(sys.argv[1])\n"
    "watch(now=datetime.fromisoformat('2000-01-01T00:00:00+00:00'))\n"
    "get_resolver().url_patterns; pass_over_what_is_loaded()  # as a worker that is up\n"
    "print('ready', flush=True); sys.stdin.readline()\n"
    "began = time.time(); watch(now=now); print(began, time.time(), flush=True)"
)


def watch_over_clocks(*, times, say, **options):
    """The watch over its clocks, on a data set of its own."""
    with schema_of_our_own():
        call_command("migrate", verbosity=0, interactive=False)
        now = timezone.now()
        made = _make(now)
        say(f"{CLOCKS:,} open clocks")
        found = {"idle_sweep_ms": _idle(now, times), **_storm(made[:DUE], now, say)}
        return found | _stream(made[DUE : DUE + STREAM], say)


def _make(now):
    """Store as many leads with a clock each, over several teams; return the clocks' ids."""
    calendar = Calendar.objects.create(name="Always")
    calendar.versions.create(
        zone="UTC", weekly={str(day): [["00:00", "24:00"]] for day in range(7)}
    )
    policy = Policy.objects.create(name="Bench")
    policy.targets.create(clock="accept", minutes=30, bound_unit="none")
    for action in ("remind", "manager"):
        policy.steps.create(clock="accept", action=action)
    policy.publish(by=None, now=now)
    owners = [rep for number in range(TEAMS) for rep in _team(number, calendar)]
    stage = LifecycleStage.objects.order_by("pk").first()
    made: list[int] = []
    for first in range(0, CLOCKS, CHUNK):
        made += _chunk(range(first, min(first + CHUNK, CLOCKS)), owners, stage, policy, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return made


def _team(number, calendar):
    def user(name):
        return User.objects.create(email=f"{name}-{number}@bench.example", first_name=name)

    team = Team.objects.create(name=f"Team {number}", calendar=calendar, manager=user("manager"))
    Pool.objects.create(name=f"Pool {number}", team=team)
    return [Rep.objects.create(user=user(f"rep{one}"), team=team) for one in range(REPS)]


def _chunk(numbers, owners, stage, policy, now):
    leads = [
        Lead(
            name=f"Bench {n}",
            email=f"b{n}@bench.example",
            stage=stage,
            created_at=now,
            updated_at=now,
        )
        for n in numbers
    ]
    bulk.store_new(leads)
    ids = bulk.reserve(Handoff, len(leads))
    handoffs = [
        Handoff(
            pk=pk, lead=lead, kind="closing", previous_id=pk, state="offered", packet={}, score=50,
            tier="B", owner=owners[number % len(owners)], opened_at=now + LATER,
        )
        for number, pk, lead in zip(numbers, ids, leads, strict=True)
    ]  # fmt: skip
    names = [field.attname for field in Handoff._meta.concrete_fields]
    bulk.add(Handoff, names, ([getattr(one, name) for name in names] for one in handoffs))
    calendar = Calendar.objects.get().current()
    made = [clocks.new_clock(handoff, "accept", policy, calendar) for handoff in handoffs]
    bulk.store_new(made)
    return [clock.pk for clock in made]


def _idle(now, times):
    """Milliseconds of a sweep that finds nothing due."""
    taken = []
    for _ in range(max(20, times)):
        began = time.perf_counter()
        if watch(now=now):
            raise NotMeasurable("A clock was due too early.")
        taken.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(taken), 2)


def _shift(ids, started_at):
    """Let these clocks have started at a moment, all their steps still to come."""
    past = {"started_at": started_at, "due_at": started_at + timedelta(minutes=30)}
    found = Clock.objects.filter(pk__in=ids)
    found.update(
        **past,
        target_due_at=past["due_at"],
        next_step_at=past["due_at"] + deadlines.INSTANT,
    )


def _storm(ids, now, say):
    """How many clocks two workers deal with in a second when they are all late at once."""
    _shift(ids, now - timedelta(hours=2))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    workers = [
        start("-c", SWEEPER, now.isoformat(), stdin=-1, stdout=-1, text=True)
        for _ in range(WORKERS)
    ]
    try:
        for worker in workers:
            worker.stdout.readline()
        for worker in workers:
            worker.stdin.write("\n")
            worker.stdin.flush()
        spans = [[float(at) for at in worker.stdout.readline().split()] for worker in workers]
    finally:
        for worker in workers:
            end(worker)
    began, ended = min(one for one, _ in spans), max(one for _, one in spans)
    late = Escalation.objects.filter(step="late").count()
    breaches = Event.objects.filter(kind="sla.breached")
    if late != len(ids):
        raise NotMeasurable(f"{late} of {len(ids)} late clocks were noticed.")
    rate = round(len(ids) / (ended - began))
    notices = Delivery.objects.filter(event__kind__startswith="sla.").count()
    say(f"{len(ids):,} late clocks in {ended - began:.1f} s, {notices:,} notices")
    extra = breaches.count() - breaches.values("data__handoff").distinct().count()
    return {"due_per_s": rate, "duplicates": extra}


def _stream(ids, say):
    """Seconds from a deadline until it is noticed, as they fall due while sweeps come and go."""
    began = timezone.now() + timedelta(seconds=1)
    for number in range(SECONDS):
        due = began + timedelta(seconds=number)
        _shift(ids[number::SECONDS], due - timedelta(minutes=30))
    ends = began + timedelta(seconds=SECONDS + SWEEP + 1)
    while (now := timezone.now()) < ends:
        watch(now=now)
        time.sleep(max(0.0, SWEEP - (timezone.now() - now).total_seconds()))
    waits = sorted(
        wait.total_seconds()
        for wait in Escalation.objects.filter(clock__in=ids, step="late")
        .annotate(wait=F("event__happened_at") - F("due_at"))
        .values_list("wait", flat=True)
    )
    if len(waits) != len(ids):
        raise NotMeasurable(f"{len(waits)} of {len(ids)} deadlines were noticed.")
    return {"notice_p99_s": round(waits[int(len(waits) * 0.99)], 2)}
