"""`bench routing`: how fast leads are routed, how fairly, and how claims of one lead end.

It makes its own data set in a schema of its own, which is dropped in the end: 200 rules that send
leads to ten pools of 20 reps each, half by round robin and half by weights.
"""

import math
import statistics
import time
from contextlib import ExitStack

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from handoff_project.celery import pass_over_what_is_loaded
from handoff_project.demo import bench_claims, bench_crowd, bench_processes
from handoff_project.demo.bench_schema import SCHEMA, schema_of_our_own
from leads import bulk, roles
from leads.models import Lead, LifecycleStage, MQLDefinition, Qualification, Segment, User
from leads.partitions import make_partitions
from routing import router
from routing.models import Calendar, Handoff, Pool, Rep, Rule, RuleSet, Seat, Team

RULES, TEAMS, MEMBERS = 200, 10, 20
SINGLES = 50  # leads that are decided one by one
WORKERS = 4
ROUTE = (
    "import django; django.setup()\n"
    "from django.utils import timezone\n"
    "from routing import router\n"
    "while router.route_new(now=timezone.now()): pass"
)


def routing(*, leads, times, say, **options):
    """Make the data set, measure and return the five figures."""
    leads = max(leads or 10_000, 2 * router.BATCH)
    with schema_of_our_own(), ExitStack() as stack:
        say(f"Making the tables in the schema {SCHEMA} ...")
        call_command("migrate", verbosity=0, interactive=False)
        now = timezone.now()
        make_partitions(now.date(), now.date())
        crowd = {"companies": max(leads // 10, 1), "touchpoints": leads}
        bench_crowd.make(leads=leads, **crowd, now=now, say=say)
        _teams()
        _rules(now=now)
        _handoffs(leads, now=now)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as autovacuum does within a minute
        found = {"decide_ms": _decide(now=now)}
        say(f"One lead is decided in {found['decide_ms']} ms.")
        found["routed_per_s"] = _one_worker(leads // 2)
        say(f"One worker routes {found['routed_per_s']:,} leads a second.")
        _workers(stack)
        found["fairness_spread"] = _spread()
        say(f"Beside {WORKERS} workers nobody is further than that from their share, in turns.")
        return found | bench_claims.claims(say=say)


def _teams():
    """Ten teams with their pools; in every second pool the weights are 1, 2 and 3."""
    calendar = Calendar.objects.create(name="Bench")
    calendar.versions.create(zone="Europe/Berlin")
    for number in range(TEAMS):
        team = Team.objects.create(name=f"Team {number}", calendar=calendar)
        reps = people(team, MEMBERS, f"team{number}")
        pool = Pool.objects.create(name=f"Pool {number}", team=team)
        weights = (1, 2, 3) if number % 2 else (1,)
        Seat.objects.bulk_create(
            Seat(pool=pool, rep=rep, weight=weights[place % len(weights)])
            for place, rep in enumerate(reps)
        )


def people(team, count, name):
    """Make so many reps of a team, who can log in; return them."""
    password, group = make_password(None), Group.objects.get(name=roles.REP)
    users = User.objects.bulk_create(
        User(email=f"{name}-{n}@bench.example", first_name=f"Rep {n}", password=password)
        for n in range(count)
    )
    group.user_set.add(*users)
    return Rep.objects.bulk_create(Rep(user=user, team=team) for user in users)


def _rules(*, now):
    """A rule for each of 200 pairs of a country and an industry, in turn to each of the pools."""
    pools = list(Pool.objects.order_by("pk"))
    pairs = [
        (country, industry)
        for industry in bench_crowd.WORDS["industry"]
        for country in bench_crowd.WORDS["country"]
    ]
    made = RuleSet.objects.create(catch_all=pools[0])
    for number, (country, industry) in enumerate(pairs[:RULES]):
        segment = Segment.objects.create(name=f"{industry} in {country}")
        for field, value in (("country", country), ("company.industry", industry)):
            segment.conditions.create(field=field, operator="is", value=value)
        pool = number % TEAMS
        method = Rule.Method.WEIGHTED if pool % 2 else Rule.Method.ROUND_ROBIN
        made.rules.create(
            position=number, label=segment.name, segment=segment, pool=pools[pool], method=method
        )
    made.publish(by=None, now=now)


def _handoffs(count, *, now):
    """Let every lead be an MQL that waits to be routed."""
    definition = MQLDefinition.objects.live()
    said = {"lines": [], "cause": "Bench", "total": 50, "tier": "B"}
    leads = list(Lead.objects.order_by("pk")[:count])
    Lead.objects.update(stage=LifecycleStage.Key.MQL)
    for start in range(0, len(leads), 1000):
        qualifications = [
            Qualification(
                lead=lead,
                ordinal=1,
                definition=definition,
                cause=Qualification.Cause.THRESHOLD,
                explanation=said,
                total=50,
                fit=25,
                interest=25,
                tier="B",
                qualified_at=now,
                decided_at=now,
            )
            for lead in leads[start : start + 1000]
        ]
        bulk.store_new(qualifications)
        bulk.store_new(handoff_of(one, now=now) for one in qualifications)


def handoff_of(qualification, *, now):
    """Return a handoff to be routed, with the smallest packet."""
    packet = {"contact": {}, "company": {}, "score": qualification.explanation}
    return Handoff(
        lead=qualification.lead,
        qualification=qualification,
        packet=packet,
        score=qualification.total,
        tier=qualification.tier,
        opened_at=now,
    )


def _decide(*, now):
    """The median of what one lead takes: its facts, who is there, and the decision."""
    rules = router.rules_of(RuleSet.objects.live(), now=now)
    related = Handoff.objects.select_related(*rules.related)
    taken = []
    for handoff in related.filter(state=Handoff.State.NEW)[:SINGLES]:
        start = time.perf_counter()
        router.decided([handoff], rules, now=now, lock=False)
        taken.append((time.perf_counter() - start) * 1000)
    return round(statistics.median(taken), 2)


def _one_worker(count):
    pass_over_what_is_loaded()  # as a worker's processes do
    routed, start = 0, time.perf_counter()
    while routed < count:
        routed += router.route_new(now=timezone.now())
    return round(routed / (time.perf_counter() - start))


def _workers(stack):
    """Route what is left with several workers at once."""
    started = [stack.enter_context(bench_processes.running("-c", ROUTE)) for _ in range(WORKERS)]
    for process in started:
        process.wait()
    while router.route_new(now=timezone.now()):
        pass


def _spread():
    """How far anybody is from their share of the pool's turns, at most; whole turns and parts."""
    worst = 0.0
    for pool in Pool.objects.prefetch_related("seats"):
        seats = list(pool.seats.all())
        total = sum(seat.weight for seat in seats)
        worst = max(
            [worst, *(abs(seat.turns - pool.turns * seat.weight / total) for seat in seats)]
        )
    return math.ceil(worst * 1000) / 1000
