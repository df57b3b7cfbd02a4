"""Celery's way in: find work, call the domain, nudge the next step."""

import time
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from leads import outbox
from leads.duplicates import finding
from leads.enrichment import worker as enrichment
from leads.imports import retention, runner
from leads.intake import backfill, remapping
from leads.models import MQLDefinition, RateLimit, RefusedEvent, SourceHour
from leads.partitions import make_partitions, month_after
from leads.scoring import scorer

TICK = 1.0  # seconds that a scoring tick goes on looking, until the next one takes over
REFUSED_KEPT = timedelta(days=30)
COUNTS_KEPT = timedelta(days=400)
PAUSE = 0.1  # seconds between two looks


@shared_task
def score_pending():
    """Score what arrives during this second, within a tenth of a second each."""
    ends = time.monotonic() + TICK
    while time.monotonic() < ends:
        if not scorer.score_pending(now=timezone.now()):
            time.sleep(PAUSE)


@shared_task
def qualify_missed():
    scorer.qualify_missed(now=timezone.now())


@shared_task
def rescore_outdated():
    """Apply a newly published definition, and every new day, slice by slice.

    A tick leaves room for other tasks; the next one goes on.
    """
    ends = time.monotonic() + 4  # seconds of the five between two ticks
    while scorer.rescore_outdated(now=timezone.now()) and time.monotonic() < ends:
        pass


@shared_task
def publish_due():
    """Publish the versions whose moment has come."""
    now = timezone.now()
    for version in MQLDefinition.due(now=now):
        version.publish_as_planned(now=now)


@shared_task
def relay_outbox():
    """Send what is due, for a few seconds at a time; the next tick goes on."""
    ends = time.monotonic() + 5
    while outbox.relay(now=timezone.now()) and time.monotonic() < ends:
        pass


@shared_task(soft_time_limit=280, time_limit=290)
def run_imports():
    """Work on imports, dry runs and undos that wait, for four minutes; the next tick goes on."""
    ends = time.monotonic() + 240
    while time.monotonic() < ends and (run := runner.claim(now=timezone.now())):
        runner.work(run, clock=timezone.now, enough=lambda: time.monotonic() > ends)


@shared_task
def remap_history():
    """Bring what is stored into line with mappings, for some seconds; the next tick goes on."""
    ends = time.monotonic() + 4
    while time.monotonic() < ends and remapping.step(now=timezone.now()):
        pass


@shared_task
def backfill_signals():
    """Look through the past for new signals, a few seconds at a time; the next tick goes on."""
    ends = time.monotonic() + 4
    while time.monotonic() < ends and backfill.step(now=timezone.now()):
        pass


@shared_task
def forget_import_files():
    retention.forget(now=timezone.now())


@shared_task
def forget_refused_events():
    """Refused events are kept long enough to mend their sender, and counts for a year."""
    now = timezone.now()
    RefusedEvent.objects.filter(received_at__lt=now - REFUSED_KEPT).delete()
    SourceHour.objects.filter(hour__lt=now - COUNTS_KEPT).delete()
    RateLimit.objects.filter(busy_until__lt=now).delete()


@shared_task
def enrich():
    """Ask providers about new leads and companies, for a few seconds; the next tick goes on."""
    ends = time.monotonic() + 8
    enrichment.note_new(now=timezone.now())
    while enrichment.work_once(now=timezone.now()) and time.monotonic() < ends:
        pass


@shared_task(soft_time_limit=280, time_limit=290)
def enrich_missed():
    enrichment.sweep(now=timezone.now())


@shared_task
def find_duplicates():
    """Look at new and changed leads for some seconds; the next tick goes on."""
    ends, after = time.monotonic() + 20, 0
    while time.monotonic() < ends and (after := finding.look(now=timezone.now(), after=after)):
        pass


@shared_task
def look_again_for_duplicates():
    finding.look_again()


@shared_task
def make_touchpoint_partitions():
    """Keep this month and the next three ready."""
    first = timezone.now().date().replace(day=1)
    last = first
    for _ in range(3):
        last = month_after(last)
    make_partitions(first, last)
