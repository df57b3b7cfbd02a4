"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from leads.tasks import relay_outbox
from sla import clocks
from sla.watch import watch


@shared_task
def watch_clocks():
    """Take the steps that are due and have the outbox send its mails at once."""
    if watch(now=timezone.now()):
        relay_outbox.delay()


@shared_task
def start_missing_clocks():
    clocks.start_missing(now=timezone.now())
