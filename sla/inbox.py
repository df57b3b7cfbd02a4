"""The escalation inbox: handoffs of which a promise was missed, each once, until it is kept.

A handoff is *open* while a missed promise of it runs on and nobody looks after it, *acknowledged*
while somebody does, and *closed* by itself when what was promised was done, or is no longer owed.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef

from leads.deadlocks import retried
from leads.models import Delivery
from routing.models import Handoff, Refused
from sla import deadlines
from sla.models import HOLDS, Acknowledgement, Clock, Escalation
from sla.notices import told

OPEN, ACKNOWLEDGED, CLOSED = "open", "acknowledged", "closed"
KEPT = timedelta(days=30)  # for which closed ones are listed


@dataclass(frozen=True)
class Taken:
    """A step that was taken: what, when it was due and done, and who heard of it."""

    escalation: Escalation
    deliveries: list[Delivery]


@dataclass(frozen=True)
class Item:
    """A handoff of the inbox, with its missed clocks and what was done about them, latest first."""

    handoff: Handoff
    clocks: list[Clock]
    steps: list[Taken]
    acknowledgement: Acknowledgement | None
    closed_at: datetime | None

    @property
    def told(self):
        """Everybody who was told, and whether all of it arrived or is on its way."""
        found: dict = {}
        for sent in (one for step in self.steps for one in step.deliveries):
            name, arrives = str(sent.recipient), sent.state != Delivery.State.DEAD
            found[name] = found.get(name, True) and arrives
        return found.items()

    @property
    def clock(self):
        """The clock that is shown: the one that runs late the longest, else the latest."""
        running = [clock for clock in self.clocks if clock.is_open]
        return min(running or self.clocks, key=lambda clock: clock.due_at)


def listed(user, state, *, now):
    """The handoffs of one state, those that are late the longest first; closed ones, the newest."""
    seen = Handoff.objects.visible_to(user)
    if state == CLOSED:
        done = Escalation.objects.filter(step=deadlines.LATE, noticed_at__gt=now - KEPT)
        still = _running_late(now).filter(handoff=OuterRef("pk"))
        found = seen.filter(~Exists(still), pk__in=done.values("clock__handoff"))
        return found.annotate(noticed=Max("clocks__escalations__noticed_at")).order_by(
            "-noticed", "-pk"
        )
    found = seen.filter(pk__in=_running_late(now).values("handoff"))
    held = Exists(_holding(now))
    return found.filter(held if state == ACKNOWLEDGED else ~held).order_by("next_due_at", "pk")


def _running_late(now):
    """Clocks that run past their deadline, of which somebody was told."""
    noticed = Escalation.objects.filter(clock=OuterRef("pk"), step=deadlines.LATE)
    return Clock.objects.running().filter(Exists(noticed), due_at__lt=now)


def _holding(now):
    """The acknowledgements of a handoff that hold: another promise that is missed ends them."""
    newer = Escalation.objects.filter(
        clock__handoff=OuterRef("handoff"),
        clock__state=Clock.State.RUNNING,
        step=deadlines.LATE,
        noticed_at__gt=OuterRef("at"),
    )
    held = Acknowledgement.objects.in_force(now).filter(~Exists(newer))
    return held.filter(handoff=OuterRef("pk"))


@retried
@transaction.atomic
def acknowledge(handoff, *, by, note="", now):
    """Say that `by` looks after it; return the acknowledgement. One wins, the others are told who.

    Raise Refused where it is not open to this person any more. A second call changes nothing.
    """
    Handoff.objects.select_for_update(no_key=True, of=("self",)).get(pk=handoff.pk)
    mine = Handoff.objects.filter(pk=handoff.pk)
    held = Acknowledgement.objects.filter(handoff=handoff).select_related("by").first()
    if held and mine.filter(Exists(_holding(now))).exists():
        if held.by_id == by.pk:
            return held
        raise Refused(f"{held.by} looks after {handoff.lead} already.")
    if not listed(by, OPEN, now=now).filter(pk=handoff.pk).exists():
        raise Refused(f"{handoff.lead} is no open escalation any more.")
    made = Acknowledgement.objects.create(
        handoff=handoff, by=by, at=now, until=now + HOLDS, note=note.strip()
    )
    handoff.lead.record(
        "sla.acknowledged", now=now, by=by, handoff=handoff.pk, cause=made.note[:200]
    )
    return made


def items(handoffs, *, now):
    """Return an Item for each of these handoffs, in a fixed number of queries."""
    handoffs = list(handoffs)
    clocks, steps = defaultdict(list), defaultdict(list)
    late = Escalation.objects.filter(clock=OuterRef("pk"), step=deadlines.LATE)
    found = Clock.objects.filter(Exists(late), handoff__in=handoffs)
    for clock in found.select_related("calendar", "policy").order_by("due_at"):
        clocks[clock.handoff_id].append(clock)
    of_them = Escalation.objects.filter(clock__in=[c for some in clocks.values() for c in some])
    taken = list(of_them.select_related("clock").order_by("-noticed_at", "-pk"))
    sent = told(taken)
    for one in taken:
        steps[one.clock.handoff_id].append(Taken(one, sent[one.event_id]))
    newest: dict = {}
    given = Acknowledgement.objects.filter(handoff__in=handoffs).select_related("by")
    for held in given.order_by("at", "pk"):
        newest[held.handoff_id] = held
    return [
        Item(
            handoff,
            clocks[handoff.pk],
            steps[handoff.pk],
            newest.get(handoff.pk),
            _closed_at(clocks[handoff.pk], now),
        )
        for handoff in handoffs
    ]


def _closed_at(clocks, now):
    """When the last missed promise was done or ended; None while one runs on late."""
    if any(clock.is_open and clock.due_at < now for clock in clocks):
        return None
    ends = [clock.stopped_at or clock.cancelled_at for clock in clocks]
    return max(filter(None, ends), default=None)
