"""Celery's way in."""

from celery import shared_task
from django.utils import timezone

from reporting import slowing
from reporting.invariants import checking
from reporting.work import work

# Seconds after which a call ends between two steps, so that other tasks get their turn.
TURN = 4


# One step judges every lead: on a big company's data that takes longer than other tasks may.
@shared_task(soft_time_limit=240, time_limit=250)
def run_previews():
    """Go on with the previews that people wait for."""
    work(now=timezone.now(), seconds=TURN)


@shared_task
def check_response():
    """Look whether first touches have slowed down."""
    slowing.check(now=timezone.now())


# It looks at everything that is stored.
@shared_task(soft_time_limit=240, time_limit=250)
def check_invariants():
    """See that what must always be true is, and tell of leads that nobody has."""
    checking.check(now=timezone.now())
