"""`bench scoring`: how fast everybody is rescored, previewed and estimated, and one lead scored.

It makes its own data set in a schema of its own, which is dropped in the end; nothing else in the
database is read or changed. Everything is measured beside the same anchor in the same run: a bare
UPDATE of one integer in every row of the score table.
"""

import random
import statistics
import time
from contextlib import contextmanager
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from handoff_project.demo import bench_crowd, bench_rules
from handoff_project.demo.bench_schema import SCHEMA, memory, schema_of_our_own
from leads.intake import touchpoints
from leads.intake.touchpoints import Arrival
from leads.models import Identity, Lead, Rescoring, Signal, SignalDay, Source
from leads.partitions import make_partitions
from leads.scoring import scorer
from reporting.estimate import estimate
from reporting.preview import preview

ESTIMATES = 100  # drawn in the whole run
EVENTS = 20  # scored one by one, in each round
HISTORY = 12  # touchpoints of such a lead in
WEEKS = timedelta(weeks=3)


def scoring(*, leads, companies, touchpoints, times, say, **options):
    """Make the data set, measure so many rounds and return the medians and their ratios."""
    leads = leads or 1_000_000
    companies, touchpoints = companies or max(leads // 10, 1), touchpoints or leads * 20
    with schema_of_our_own():
        say(f"Making the tables in the schema {SCHEMA} ...")
        call_command("migrate", verbosity=0, interactive=False)
        now = timezone.now()
        bench_crowd.make(
            leads=leads, companies=companies, touchpoints=touchpoints, now=now, say=say
        )
        before, found = memory(), _Found()
        for number in range(times):
            say(f"Round {number + 1} of {times} ...")
            _round(number, found, now=now)
        _estimates(found, today=now.date())
        return _summary(found) | {
            "leads": leads,
            "companies": companies,
            "touchpoints": touchpoints,
            "signal_days": SignalDay.objects.count(),
            "python_mb": round(memory() - before, 1),
            "n": times,
        }


class _Found(dict):
    """What was measured, by name: lists of seconds, or of other figures."""

    def add(self, name, value):
        self.setdefault(name, []).append(value)

    @contextmanager
    def timed(self, name):
        start = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - start)

    def median(self, name):
        return statistics.median(self[name])


def _round(number, found, *, now):
    """Measure each thing once, the anchor first; the table is vacuumed before each."""
    for step in ("+ 1", "- 1"):
        _vacuum()
        with found.timed("update"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE leads_score SET total = total {step}")
    bench_rules.put_live(bench_rules.edited(points=4 + number % 2), now=now)
    _vacuum()
    with found.timed("rescore"):
        while scorer.rescore_outdated(now=now):
            pass
    found.add("changed", Rescoring.objects.newest().changed)
    draft = bench_rules.edited(points=9).compile()
    _vacuum()
    with found.timed("preview"):
        found.add("after", preview(draft, today=now.date()).after)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_score AS s SET total = total + 1 FROM leads_lead AS l "
            "WHERE l.id = s.lead_id AND l.department = %s",
            [bench_rules.CHANGING],
        )
    _vacuum()
    with found.timed("new_day"):
        scorer.rescore_all(now=now)
    _score_one_by_one(found, now=now)


def _score_one_by_one(found, *, now):
    """One event each of some leads, as intake leaves it: its days are counted anew and it scores.

    Each lead has been on the site on every day of its last weeks, so that much is counted.
    """
    chance, signal = random.Random(len(found["update"])), Signal.objects.get(key="careers")
    source, _ = Source.objects.get_or_create(name="Bench", defaults={"scopes": []})
    make_partitions((now - 2 * WEEKS).date(), now.date())
    first = Lead.objects.order_by("pk").values_list("pk", flat=True)[0]
    for offset in chance.sample(range(Lead.objects.count()), EVENTS):
        name = f"{found['update'][-1]}:{offset}"
        identity = Identity.objects.create(kind="anonymous", value=name, lead_id=first + offset)
        arrivals = [
            Arrival(
                message_id=f"{name}:{number}",
                kind=signal.kind,
                event=signal.event,
                url=signal.path_prefix,
                occurred_at=now - number * WEEKS / HISTORY,
                identity=identity,
            )
            for number in range(HISTORY)
        ]
        touchpoints.store(arrivals[1:], source=source, now=now)
        while scorer.score_pending(now=now):
            pass
        touchpoints.store(arrivals[:1], source=source, now=now)
        with found.timed("score_one"):
            scorer.score_pending(now=now)


def _estimates(found, *, today):
    """Draw estimates of one draft and see how many hold its true count in their interval."""
    draft = bench_rules.edited(points=9).compile()
    true = preview(draft, today=today).after
    for seed in range(ESTIMATES):
        with found.timed("estimate"):
            drawn = estimate(draft, today=today, seed=seed)
        found.add("inside", drawn.low <= true <= drawn.high)


def _summary(found):
    update = found.median("update")
    ratios = {
        f"{name}_ratio": round(found.median(name) / update, 2)
        for name in ("rescore", "new_day", "preview")
    }
    seconds = {
        f"{name}_s": round(found.median(name), 2)
        for name in ("update", "rescore", "new_day", "preview")
    }
    return (
        ratios
        | seconds
        | {
            "estimate_ms": round(found.median("estimate") * 1000, 1),
            "estimate_inside": round(statistics.mean(found["inside"]), 2),
            "score_one_ms": round(found.median("score_one") * 1000, 2),
            "rows_changed": round(found.median("changed")),
        }
    )


def _vacuum():
    with connection.cursor() as cursor:
        cursor.execute("VACUUM leads_score")
