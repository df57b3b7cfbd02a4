"""Why promises were missed: what the records say of each, for a page of them at a time."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

from routing.models import Absence, Reassignment
from sla.models import Escalation, Pause
from sla.models.clock import span
from sla.notices import told

SLOW = timedelta(minutes=5)  # by which a missed promise is noticed, unless nobody was watching


@dataclass
class Cause:
    """Why one promise was missed: in short, then what was found, and who was told when."""

    short: str
    found: list[str] = field(default_factory=list)
    told: list[tuple[str, object]] = field(default_factory=list)  # (name, when)


def causes(clocks, *, now):
    """Return `{clock's id: its Cause}` for these missed promises, in a fixed number of queries."""
    clocks = list(clocks)
    ids, handoffs = [one.pk for one in clocks], [one.handoff_id for one in clocks]
    escalations = _by("clock_id", Escalation.objects.filter(clock__in=ids))
    sent = told([one for rows in escalations.values() for one in rows])
    pauses = _by("clock_id", Pause.objects.filter(clock__in=ids))
    moves = Reassignment.objects.filter(handoff__in=handoffs).order_by("at", "pk")
    moves = _by(
        "handoff_id",
        moves.select_related("from_rep__user", "from_pool", "to_rep__user", "to_pool"),
    )
    away = _by(
        "rep_id", Absence.objects.filter(rep__in={one.handoff.owner_id for one in clocks} - {None})
    )
    found = {}
    for clock in clocks:
        handoff, ended = clock.handoff, min(clock.stopped_at or now, clock.cancelled_at or now)
        cause = found[clock.pk] = Cause("")
        _absence(cause, clock, away[handoff.owner_id])
        _moves(cause, clock, moves[handoff.pk], ended)
        _pool(cause, clock)
        for pause in pauses[clock.pk]:
            length = span((pause.ended_at or now) - pause.started_at)
            cause.found.append(f"Paused for {length}: {pause.cause}")
        _notices(cause, escalations[clock.pk], sent)
        cause.short = cause.short or _by_hand(clock)
    return found


def _by(name, rows):
    found = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _absence(cause, clock, absences):
    for one in absences:
        if one.starts_at < clock.due_at and one.ends_at > clock.started_at:
            cause.short = cause.short or "Away"
            cause.found.append(f"{clock.handoff.owner} was away before it was due")


def _moves(cause, clock, moves, ended):
    for move in moves:
        if clock.started_at <= move.at <= ended:
            there = move.to_rep or move.to_pool or "the routing rules"
            late = "after" if move.at > clock.due_at else "before"
            cause.found.append(
                f"{move.get_kind_display()} from {move.from_rep or move.from_pool} to {there}, "
                f"{late} it was due"
            )
            if late == "before":
                cause.short = cause.short or "Reassigned"


def _pool(cause, clock):
    if clock.handoff.state == clock.handoff.State.POOLED:
        cause.short = cause.short or "Unclaimed"
        cause.found.append(f"Nobody has taken it from {clock.handoff.pool}")


def _notices(cause, escalations, sent):
    for one in escalations:
        if one.step == "late" and one.noticed_at - one.due_at > SLOW:
            cause.short = cause.short or "Noticed late"
            cause.found.append(f"Noticed only {span(one.noticed_at - one.due_at)} after it was due")
        names = dict.fromkeys(str(row.recipient) for row in sent[one.event_id])
        cause.told += [(name, one.noticed_at) for name in names]
    cause.told = list(dict.fromkeys(cause.told))


def _by_hand(clock):
    """The case in which nothing stood between somebody and the lead."""
    if clock.handoff.owner is None:
        return "Not reviewed in time"
    return "Done late by the rep" if clock.stopped_at else "Nobody acted"
