"""Celery's way in."""

from time import monotonic

from celery import shared_task
from django.utils import timezone

from leads.tasks import relay_outbox
from routing import absences, cleaning, recycling, router, stays
from routing.models import Calendar

LONGEST = 20  # seconds that one run goes on with a large import


@shared_task
def route_new():
    """Route what waits; tell the outbox at once, because its mails are for people in a hurry."""
    ends = monotonic() + LONGEST
    while done := router.route_new(now=timezone.now()):
        relay_outbox.delay()
        if done < router.BATCH or monotonic() > ends:
            break


@shared_task
def route_waiting():
    """Route what waits in pools for somebody to be there again."""
    if router.route_waiting(now=timezone.now()):
        relay_outbox.delay()


@shared_task
def watch_absences():
    """Deal with absences that begin or end; tell the outbox of what there is to send."""
    now = timezone.now()
    if absences.begin(now=now) + absences.end(now=now):
        relay_outbox.delay()


@shared_task
def wake_recycled():
    """Hand over anew what has rested long enough; routing follows within a second."""
    recycling.wake(now=timezone.now())


@shared_task
def act_on_long_stays():
    """Do what the rules for long stays ask for; tell the outbox of what there is to send."""
    if stays.sweep(now=timezone.now()):
        relay_outbox.delay()


@shared_task
def propose_clean_up():
    """Once a month, say what could be cleaned up; tell the outbox of the notices."""
    if cleaning.propose(now=timezone.now()):
        relay_outbox.delay()


@shared_task
def extend_public_holidays():
    Calendar.objects.extend_public_holidays(today=timezone.now().date())
