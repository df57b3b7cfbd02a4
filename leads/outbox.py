"""Sends what the outbox holds: at least once, with retries, and visibly when it gives up."""

import logging
import random
import uuid
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from leads import invitations
from leads.models import Delivery

LEASE = timedelta(seconds=60)  # a relay that dies frees its rows after this
BATCH = 5  # few, so that a slow mail server holds up little; each send renews its lease
MAX_ATTEMPTS = 8
log = logging.getLogger(__name__)


def relay(*, now):
    """Send a few deliveries that are due; return how many were tried.

    Rows are leased first, so two relays never hold the same one; while one is at work another
    finds nothing, so that a slow mail server never holds up more than one task. A failure is
    kept on the row and tried again later with growing pauses, at most `MAX_ATTEMPTS` times.
    """
    leased = _lease(now, BATCH)
    for delivery in leased:
        if not _still_ours(delivery):
            continue
        try:
            send(delivery)
        except SoftTimeLimitExceeded:
            raise  # the lease ends by itself, and the row is tried again
        except Exception as error:  # whatever a mail server or its library comes up with
            log.warning("Delivery %s failed: %s", delivery.pk, error)
            _failed(delivery, error, now=now)
        else:
            _finish(delivery, state=Delivery.State.SENT, sent_at=now, last_error="")
    return len(leased)


def send(delivery):
    """Hand one delivery to its channel. Raise whatever the channel raises."""
    payload = delivery.payload
    path = payload["url"]
    if delivery.event.kind == invitations.KIND:
        path = invitations.path_for(delivery.recipient)
    EmailMessage(
        payload["subject"],
        f"{payload['body']}\n\n{settings.HANDOFF_BASE_URL}{path}\n",
        to=[delivery.address],
        headers={"X-Handoff-Delivery": str(delivery.pk)},
    ).send()


def _lease(now, limit):
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    lease = uuid.uuid4()
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING)
    if waiting.filter(lease_until__gte=Now()).exists():
        return []
    with transaction.atomic():
        due = Delivery.objects.filter(free, state=Delivery.State.PENDING, available_at__lte=now)
        ids = list(
            due.order_by("available_at")
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:limit]
        )
        Delivery.objects.filter(pk__in=ids).update(lease=lease, lease_until=Now() + LEASE)
    return list(Delivery.objects.filter(lease=lease).order_by("available_at", "pk"))


def _still_ours(delivery):
    """Count the attempt and renew the lease, unless another relay has taken the row meanwhile."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, lease=delivery.lease, state=Delivery.State.PENDING
    )
    delivery.attempts += 1
    return mine.update(attempts=delivery.attempts, lease_until=Now() + LEASE)


def _failed(delivery, error, *, now):
    dead = delivery.attempts >= MAX_ATTEMPTS
    pause = min(10 * 2**delivery.attempts, 6 * 3600) * random.uniform(0.5, 1.0)
    _finish(
        delivery,
        state=Delivery.State.DEAD if dead else Delivery.State.PENDING,
        available_at=now + timedelta(seconds=pause),
        last_error=str(error)[:300],
    )


def _finish(delivery, **values):
    mine = Delivery.objects.filter(pk=delivery.pk, lease=delivery.lease)
    mine.update(lease=None, lease_until=None, **values)


def oldest_waiting_seconds():
    """Return for how many seconds the oldest due delivery has waited; 0 if none waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(EXTRACT(EPOCH FROM now() - MIN(available_at)), 0)"
            " FROM leads_delivery WHERE state = 'pending' AND available_at <= now()"
        )
        return float(cursor.fetchone()[0])
