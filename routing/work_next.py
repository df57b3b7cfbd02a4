"""Which lead a rep works next: their own offers first, then what waits in their team's pools."""

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from leads.deadlocks import retried
from routing.models import Handoff, Lease, Rep, Skip
from routing.models.lease import LEASE

TRIES = 20  # leads that rivals may take first, before a rep is told that nothing is free


def current(rep, *, now):
    """Return `(handoff, lease)` of what this rep has before them; the lease is for pooled leads.

    Both are None before they ask for a lead from the pool.
    """
    offers = Handoff.objects.filter(owner=rep, state=Handoff.State.OFFERED)
    offers = offers.awake(now=now).exclude(pk__in=_put_aside(rep, now=now))
    offer = offers.for_queue().first()
    if offer:
        return offer, None
    lease = _held(rep).select_related("handoff__lead__company", "handoff__pool").first()
    return (lease.handoff, lease) if lease else (None, None)


def waiting_for(rep, *, now):
    """The leads in this rep's team's pools that nobody else looks at and they did not skip."""
    leased = Lease.objects.in_force().exclude(rep=rep).values("handoff")
    free = Handoff.objects.filter(state=Handoff.State.POOLED, pool__team=rep.team_id)
    return free.exclude(Q(pk__in=leased) | Q(pk__in=_put_aside(rep, now=now)))


@retried
@transaction.atomic
def serve(rep, *, now):
    """Return this rep's lease: the one in force, else one of the next free lead; or None.

    No two reps hold the same lead, however many ask at once.
    """
    Rep.objects.select_for_update(of=("self",)).get(pk=rep.pk)  # two tabs of one rep
    held = _held(rep).first()
    if held:
        return held
    Lease.objects.filter(rep=rep).delete()
    tried: list[int] = []
    while len(tried) < TRIES:
        free = waiting_for(rep, now=now).exclude(pk__in=tried).for_queue()
        found = free.select_for_update(of=("self",), skip_locked=True).first()
        if found is None:
            return None
        # A rival's lease may be newer than what the search saw; the lock shows it now.
        Lease.objects.filter(handoff=found, until__lte=Now()).delete()
        until = {"rep": rep, "until": Now() + LEASE}
        lease, new = Lease.objects.get_or_create(handoff=found, defaults=until)
        if new:
            lease.refresh_from_db()
            return lease
        tried.append(found.pk)
    return None


def _held(rep):
    return Lease.objects.in_force().filter(rep=rep, handoff__state=Handoff.State.POOLED)


def _put_aside(rep, *, now):
    return Skip.objects.put_aside(rep, now=now).values("handoff")
