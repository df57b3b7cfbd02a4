"""Which messages of the outbox are worked on: leases, one for each lane at a time."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now

from leads import invitations, kinds
from leads.models import Delivery, Endpoint

LEASE = timedelta(seconds=60)  # a relay that dies frees its rows after this
TOGETHER = 4  # mails to one person that go as one
MOST = 200  # notices in one mail
State = Delivery.State
_WAITING = Q(state=State.PENDING)
_FREE = Q(lease_until=None) | Q(lease_until__lt=Now())
_HELD = Q(state=State.PENDING, lease_until__gte=Now())


@dataclass
class Job:
    """Deliveries under one lease that go out as one message: of a mail perhaps several."""

    lease: uuid.UUID
    rows: list

    @property
    def is_bundle(self):
        return len(self.rows) > 1 or self.rows[0].bundled

    def leave_out_settled(self):
        """Cancel what nobody needs to be told of any more."""
        over = kinds.settled(self.rows)
        if over:
            why = "Settled before it was sent"
            self._mine(over).update(
                state=State.CANCELLED, last_error=why, lease=None, lease_until=None
            )
            self.rows = [row for row in self.rows if row.pk not in over]

    def begin(self):
        """Count the attempt and renew the lease, unless another relay has taken it meanwhile."""
        ids = [row.pk for row in self.rows]
        mine = self._mine(ids).filter(_WAITING)
        taken = mine.update(attempts=F("attempts") + 1, lease_until=Now() + LEASE)
        for row in self.rows:
            row.attempts += 1
        return taken == len(ids)

    def put_off(self, *, until):
        """Let it wait and go together with what comes until then. Return True."""
        self.finish(state=State.PENDING, available_at=until, bundled=True)
        return True

    def finish(self, row=None, **values):
        """Keep what came of one row, or of all of them, and let go of it."""
        ids = [row.pk] if row else [one.pk for one in self.rows]
        self._mine(ids).update(lease=None, lease_until=None, **values)

    def _mine(self, ids):
        return Delivery.objects.filter(pk__in=ids, lease=self.lease)


def lease(now, room):
    """Return Jobs for lanes that are free and have something due, at most `room` of them.

    Endpoints take turns: the one that was tried longest ago comes first.
    """
    if room <= 0:
        return []
    with transaction.atomic():
        jobs = _mail(now)
        for endpoint in _endpoints(now, room - len(jobs)):
            row = _due(now, endpoint=endpoint).values_list("pk", flat=True).first()
            if row:
                jobs.append(_take([row]))
        tried = [row.endpoint_id for job in jobs for row in job.rows if row.endpoint_id]
        Endpoint.objects.filter(pk__in=tried).update(tried_at=now)
    return jobs


def _due(now, **where):
    due = Delivery.objects.filter(_WAITING, _FREE, available_at__lte=now, **where)
    return due.order_by("available_at", "pk").select_for_update(skip_locked=True, of=("self",))


def _endpoints(now, room):
    of_it = Delivery.objects.filter(endpoint=OuterRef("pk"))
    due = Exists(of_it.filter(_WAITING, _FREE, available_at__lte=now))
    ready = Endpoint.objects.ready(now).filter(due, ~Exists(of_it.filter(_HELD)))
    turns = ready.order_by(F("tried_at").asc(nulls_first=True), "pk")
    return list(turns.select_for_update(skip_locked=True, of=("self",))[:room])


def _mail(now):
    if Delivery.objects.filter(_HELD, endpoint=None).exists():
        return []
    first = _due(now, endpoint=None).select_related("event").first()
    if first is None:
        return []
    if first.event.kind == invitations.KIND:
        return [_take([first.pk])]
    others = _due(now, channel=Delivery.Channel.EMAIL, recipient=first.recipient_id)
    others = others.exclude(event__kind=invitations.KIND).filter(address=first.address)
    found = list(others.values_list("pk", "bundled")[:MOST])
    as_one = len(found) >= TOGETHER or (len(found) > 1 and any(one for _, one in found))
    return [_take([pk for pk, _ in found] if as_one else [first.pk])]


def _take(ids):
    held = uuid.uuid4()
    Delivery.objects.filter(pk__in=ids).update(lease=held, lease_until=Now() + LEASE)
    rows = Delivery.objects.filter(lease=held).order_by("available_at", "pk")
    told = rows.select_related("event__actor", "event__lead__company", "recipient", "endpoint")
    return Job(held, list(told))
