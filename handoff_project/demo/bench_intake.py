"""`bench intake`: how fast events and lists of leads come in, and how soon scores follow.

Web processes, the scorer and the client share this machine. It makes its own data set in a schema
of its own, which is dropped in the end. The anchor, in the same run, is COPY: the very rows that
the events became, into the same indexed tables, in one transaction.
"""

import csv
import os
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from handoff_project.demo import bench_crowd, bench_processes, bench_stream
from handoff_project.demo.bench_schema import SCHEMA, megabytes, schema_of_our_own
from handoff_project.demo.bench_stream import BATCH
from handoff_project.demo.benches import NotMeasurable
from leads.models import Lead, Pending, Qualification, Source, Touchpoint, TouchpointKey
from leads.partitions import make_partitions

TABLES = (TouchpointKey._meta.db_table, Touchpoint._meta.db_table)
SINGLES = 50  # single events a second
STREAM, STREAM_BATCH = 1_000, 20  # events a second, and in a request, on the way to the score
WARM_UP = 40  # batches that are not measured
DRAINING = 120  # seconds that the scorer may take for what was sent


def intake(*, leads, events, rows, seconds, times, say, **options):
    """Make the data set, measure so many rounds and return the medians and their ratios."""
    leads, events, rows = leads or 100_000, events or 40_000, rows or 100_000
    seconds, count = seconds or 10, max(events // BATCH, 1)
    with schema_of_our_own(), ExitStack() as stack:
        say(f"Making the tables in the schema {SCHEMA} ...")
        call_command("migrate", verbosity=0, interactive=False)
        now = timezone.now()
        make_partitions(now.date(), now.date())
        crowd = {"companies": max(leads // 10, 1), "touchpoints": leads * 5}
        bench_crowd.make(leads=leads, **crowd, now=now, say=say)
        probes = bench_stream.prepare(seconds * STREAM // STREAM_BATCH)
        source = Source.objects.create(name="Bench", scopes=["events:write"])
        sender = bench_stream.Sender(
            stack.enter_context(bench_processes.web()), source.issue_token()
        )
        users = bench_stream.known()
        sender.flood(bench_stream.batches(WARM_UP, users, seed="warm-up"))
        rates = [
            _round(sender, bench_stream.batches(count, users, seed=number), say=say)
            for number in range(times)
        ]
        found = _summary(rates)
        found |= _singles(sender, users, seconds=seconds, say=say)
        found |= _stream(sender, users, probes, seconds=seconds, say=say)
        found |= _half(sender, users, found["batch_events_per_s"], seconds=seconds, say=say)
        found |= _import(rows, say=say)
        return found | {"leads": leads, "events": count * BATCH, "n": times}


def _round(sender, bodies, *, say):
    """Send the events with nobody scoring, load the same rows by COPY, send again and score."""
    _empty()
    count = len(bodies) * BATCH
    taken = sender.flood(bodies)
    if Touchpoint.objects.count() != count:
        raise NotMeasurable(f"Of {count} events {Touchpoint.objects.count()} were stored.")
    batch, copied = count / taken, count / _copy_again()
    _empty()
    before = Qualification.objects.count()
    with bench_processes.running("-c", bench_processes.SCORE):
        _scores_soon()
        start = time.perf_counter()
        sender.flood(bodies)
        _drained()
        scored = count / (time.perf_counter() - start)
    say(f"{batch:,.0f} events a second, {scored:,.0f} with scores; {copied:,.0f} by COPY.")
    return batch, scored, copied, Qualification.objects.count() - before


def _copy_again():
    """Take the stored rows out, empty the tables and COPY them back; return the seconds."""
    with connection.cursor() as cursor:
        held = []
        for table in TABLES:
            with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as out:
                held.append(b"".join(bytes(part) for part in out))
        _empty()
        start = time.perf_counter()
        cursor.execute("BEGIN")
        for table, rows in zip(TABLES, held, strict=True):
            with cursor.copy(f"COPY {table} FROM STDIN") as into:
                into.write(rows)
        cursor.execute("COMMIT")
        return time.perf_counter() - start


def _empty():
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}, leads_pending")


def _scores_soon():
    """Wait until the scorer has started: it takes a row that is there."""
    Pending.objects.create(lead=Lead.objects.order_by("pk")[0])
    _drained()


def _drained():
    ends = time.monotonic() + DRAINING
    while Pending.objects.exists():
        if time.monotonic() > ends:
            raise NotMeasurable(f"The scorer was not done after {DRAINING} s.")
        time.sleep(0.01)


def _summary(rates):
    batch, scored, copied, _ = (statistics.median(column) for column in zip(*rates, strict=True))
    return {
        "batch_ratio_to_copy": round(statistics.median(b / c for b, _, c, _ in rates), 3),
        "scored_ratio_to_copy": round(statistics.median(s / c for _, s, c, _ in rates), 3),
        "batch_events_per_s": round(batch),
        "scored_events_per_s": round(scored),
        "copy_rows_per_s": round(copied),
        "qualified": sum(row[3] for row in rates),
    }


def _singles(sender, users, *, seconds, say):
    say(f"Single events, {SINGLES} a second ...")
    bodies = bench_stream.singles(SINGLES * seconds, users, seed="singles")
    with bench_processes.running("-c", bench_processes.SCORE):
        _scores_soon()
        taken = sender.pace("/v1/track", bodies, per_second=SINGLES)
        _drained()
    return {"track_p95_ms": _at(taken, 95)}


def _stream(sender, users, probes, *, seconds, say):
    """Measure from the moment at which an event was due until its lead's new score is there.

    Looked at are leads that never had a score, one in each request.
    """
    say(f"{STREAM:,} events a second, until their scores are there ...")
    every = STREAM_BATCH / STREAM
    bodies = bench_stream.batches(
        len(probes), users, seed="stream", size=STREAM_BATCH, probes=probes.values()
    )
    sending = threading.Thread(
        target=sender.pace, args=["/v1/batch", bodies], kwargs={"per_second": 1 / every}
    )
    with bench_processes.running("-c", bench_processes.SCORE):
        _scores_soon()
        start = time.perf_counter()
        sending.start()
        due = {pk: start + number * every for number, pk in enumerate(probes)}
        taken = _seen(due)
        sending.join()
        _drained()
    return {"scored_p50_ms": _at(taken, 50), "scored_p99_ms": _at(taken, 99)}


def _seen(due):
    """Look until each lead of `{id: moment}` has a score; return the seconds since its moment."""
    waiting, taken, ends = dict(due), [], time.monotonic() + DRAINING
    while waiting:
        if time.monotonic() > ends:
            raise NotMeasurable(f"{len(waiting)} leads had no score after {DRAINING} s.")
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT lead_id FROM leads_score WHERE lead_id = ANY(%s) AND scored_at IS NOT NULL",
                [list(waiting)],
            )
            now = time.perf_counter()
            taken += [now - waiting.pop(pk) for (pk,) in cursor.fetchall()]
        time.sleep(0.005)
    return taken


def _half(sender, users, peak, *, seconds, say):
    per_second = peak / 2 / BATCH
    say(f"Half of the peak: {peak / 2:,.0f} events a second ...")
    bodies = bench_stream.batches(max(int(per_second * seconds), 1), users, seed="half")
    return {"batch_p99_ms": _at(sender.pace("/v1/batch", bodies, per_second=per_second), 99)}


def _at(seconds, percent):
    """The percentile of some durations, in milliseconds."""
    ranked = sorted(seconds)
    return round(ranked[max(0, -(-len(ranked) * percent // 100) - 1)] * 1000, 1)


def _import(rows, *, say):
    """Import a list by the command, in a process of its own whose memory is looked at."""
    say(f"Importing {rows:,} lines ...")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        with path.open("w", newline="") as file:
            written = csv.writer(file)
            written.writerow(("Email", "Name", "Job Title", "Country", "Company", "Website"))
            for n in range(rows):
                firm = n // 4
                who = (f"new{n}@firm{firm}.example", f"New Lead {n}", f"VP Number {n % 50}", "DE")
                written.writerow((*who, f"New Firm {firm}", f"new-firm{firm}.example"))
        before, start = Lead.objects.count(), time.perf_counter()
        process = bench_processes.start(
            "manage.py", "import_leads", str(path), stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        taken = time.perf_counter() - start
    made = Lead.objects.count() - before
    if process.returncode or made != rows:
        raise NotMeasurable(f"Of {rows} lines {made} became leads; see above.")
    return {
        "import_rows_per_s": round(rows / taken),
        "import_peak_mb": round(megabytes(used), 1),
        "import_rows": rows,
    }
