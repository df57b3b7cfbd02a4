"""Sends what the outbox holds: at least once, with retries, and visibly when it gives up.

Mails are one lane and every endpoint is one of its own. A lane is at work on one message at a time,
so that one that hangs holds up itself alone.
"""

import logging
import random
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection

from leads import lanes, mails, outward, webhooks
from leads.models import Delivery, Event

LIMIT = 50  # messages that one round begins
LONGEST = 4.0  # seconds after which a round begins no more
THREADS = 8  # lanes that one round works on at the same time
MAX_ATTEMPTS = 8  # of a mail
TOO_OFTEN = 15  # tries of which none came to an end, not even to a failure
# Seconds until an endpoint is tried again, after the first try, the second...
RETRIES = [5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600]
OFTEN, LATELY = 5, timedelta(minutes=10)  # mails in that time, after which they are collected
State = Delivery.State
log = logging.getLogger(__name__)


def relay(*, now):
    """Send what is due, for a few seconds; return how many messages were tried.

    Rows are leased first, so two relays never hold the same one. A failure is kept on the row and
    tried again later with growing pauses, and given up in the end. Sending is done in threads,
    which know nothing of the database.
    """
    began, tried = time.monotonic(), 0
    at_work: dict = {}
    with ThreadPoolExecutor(THREADS) as threads:
        while True:
            gone = time.monotonic() - began
            moment = now + timedelta(seconds=gone)
            room = THREADS - len(at_work) if tried < LIMIT and gone < LONGEST else 0
            jobs = lanes.lease(moment, room)
            for job in jobs:
                if post := _prepare(job, now=moment):
                    at_work[threads.submit(post)] = job
                    tried += 1
            if not at_work:
                if jobs:
                    continue  # there was nothing to send after all; perhaps there is more
                return tried
            done, _ = wait(at_work, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                _note(at_work.pop(future), future.exception(), now=moment)


def _prepare(job, *, now):
    """Return what sends a leased job, or None where there is nothing to send after all."""
    try:
        job.leave_out_settled()
        if any(row.attempts >= TOO_OFTEN for row in job.rows):
            return job.finish(state=State.DEAD, last_error="No try ever came to an end")
        if not job.rows or _comes_too_often(job, now=now) or not job.begin():
            return None
        return _posting(job, now=now)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # a message that cannot even be written
        _note(job, error, now=now)
        return None


def _posting(job, *, now):
    first = job.rows[0]
    if first.channel == Delivery.Channel.EMAIL:
        letter = mails.mail(job.rows)
        return letter.send
    body, headers = webhooks.message(first, now=now)
    url = first.endpoint.url
    return lambda: outward.post(url, body, headers, now=now)


def _comes_too_often(job, *, now):
    """Whether this person had many mails just now; then this one waits to go with the next ones."""
    first = job.rows[0]
    if first.channel != Delivery.Channel.EMAIL or job.is_bundle or not first.may_wait:
        return False
    mailed = Delivery.objects.filter(
        recipient=first.recipient,
        channel=Delivery.Channel.EMAIL,
        state=State.SENT,
        sent_at__gt=now - LATELY,
    )
    often = mailed.values("sent_at").distinct().count() >= OFTEN
    return often and job.put_off(until=now + LATELY)


def _note(job, error, *, now):
    """Keep what came of a job."""
    endpoint = job.rows[0].endpoint
    if error is None:
        job.finish(state=State.SENT, sent_at=now, last_error="")
        if endpoint:
            endpoint.answered()
        return
    if isinstance(error, SoftTimeLimitExceeded):
        raise error  # the lease ends by itself, and the row is tried again
    log.warning("Delivery %s failed: %s", job.rows[0].pk, type(error).__name__)
    pause, gone = getattr(error, "pause", None), getattr(error, "gone", False)
    for row in job.rows:
        wait_for = _until_next(row, pause)
        dead = wait_for is None or gone
        row_state = State.DEAD if dead else State.PENDING
        at = now + (wait_for or timedelta(0))
        job.finish(row, state=row_state, available_at=at, last_error=_said(error))
    if endpoint:
        endpoint.failed(_said(error), pause=pause, gone=gone, now=now)


def _said(error):
    return (str(error) or type(error).__name__)[:300]


def _until_next(row, pause):
    """How long until a message is tried again; None where it was tried often enough."""
    tries = row.attempts
    if row.endpoint_id is None:
        if tries >= MAX_ATTEMPTS:
            return None
        return timedelta(seconds=min(10 * 2**tries, 6 * 3600) * random.uniform(0.5, 1.0))
    if tries > len(RETRIES):
        return None
    wait_for = timedelta(seconds=RETRIES[tries - 1] * random.uniform(1.0, 1.2))
    return max(wait_for, pause) if pause else wait_for


def test_endpoint(endpoint, *, by, now):
    """Put a message of no consequence into the outbox for an endpoint; return its Delivery."""
    event = Event.objects.create(
        kind=webhooks.TESTED,
        actor=by,
        cause="A test",
        data={"endpoint": endpoint.pk},
        happened_at=now,
    )
    return Delivery.objects.tell_endpoint(endpoint, event=event, now=now)


def oldest_waiting_seconds():
    """Return for how many seconds the oldest due delivery has waited; 0 if none waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(EXTRACT(EPOCH FROM now() - MIN(available_at)), 0)"
            " FROM leads_delivery WHERE state = 'pending' AND available_at <= now()"
        )
        return float(cursor.fetchone()[0])
