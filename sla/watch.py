"""Notices deadlines: each step of each clock once, however many workers look."""

import logging
from collections import defaultdict
from dataclasses import dataclass

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F

from leads import bulk
from leads.models import Event
from leads.sweep import one_by_one
from routing.models import CalendarVersion, Handoff
from sla import clocks, deadlines, pauses, steps
from sla.models import Clock, ClockKind, Escalation, Pause, Policy
from sla.notices import News, Notices
from sla.roster import Roster

BATCH = 4000  # clocks that are claimed together: who is told of many is told once for each batch
REMINDED = "sla.reminded"
LABELS = dict(ClockKind.choices)
# The columns that a sweep needs: clocks whole, of the others little.
READ = [field.name for field in Clock._meta.concrete_fields]
READ += [f"handoff__{name}" for name in ("lead", "owner", "pool", "state", "qualification")]
READ += [f"handoff__lead__{name}" for name in ("name", "email", "erased_at")]
# What the verbs lock before clocks is locked with them: so this never waits for a verb. Reviews end
# with the lead's lock in hand.
WORK = (~clocks.IS_REVIEW, ("self", "handoff"))
REVIEW = (clocks.IS_REVIEW, ("self", "handoff", "handoff__lead"))
log = logging.getLogger(__name__)


def watch(*, now):
    """Take every step that is due; return for how many clocks.

    Clocks are claimed with SKIP LOCKED, many in one transaction; should one of them fail, one by
    one, so that it holds up no other. A sweep that comes late takes the same steps in the same
    order, and both times are kept.
    """
    done = 0
    if not Clock.objects.filter(next_step_at__lte=now).exists():
        return done  # as nearly always
    for of in (WORK, REVIEW):
        try:
            while count := _batch(of, now=now):
                done += count
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            log.exception("Clocks could not be dealt with together; now one by one.")
            done += one_by_one(
                lambda passed_over, of=of: _due(of, now=now).exclude(pk__in=passed_over).first(),
                lambda clock: take([clock], now=now),
                limit=BATCH,
            )
    return done


def _due(of, *, now):
    which, locked = of
    due = Clock.objects.filter(which, next_step_at__lte=now).order_by("next_step_at")
    # What is routed again has nobody to tell for a second or two: whoever gets it is told.
    due = due.exclude(handoff__state=Handoff.State.NEW)
    due = due.select_related("handoff__lead").only(*READ)
    named = due.annotate(company=F("handoff__packet__company__name"))
    return named.select_for_update(skip_locked=True, no_key=True, of=locked)


@transaction.atomic
def _batch(of, *, now):
    found = list(_due(of, now=now)[:BATCH])
    if found:
        take(found, now=now)
    return len(found)


@dataclass(slots=True)
class Turn:
    """A level of a clock that is due, with those of its steps that were not taken yet."""

    clock: Clock
    level: deadlines.Level
    fresh: list[dict]


def take(found, *, now):
    """Take the steps of these locked clocks that are due by `now`, in their order.

    Whatever moves a lead ends a clock's turn: its later steps come next, if they still apply.
    """
    taken, waits = _fetch(found)
    turns, ahead = [], []
    for clock in found:
        done, paused = taken.get(clock.pk, set()), waits.get(clock.pk, [])
        if clock.state == Clock.State.PAUSED:
            paused.append(pauses.end(clock, now=now))
        levels = clock.levels(paused)
        for level in levels:
            fresh = [step for step in level.steps if step["key"] not in done]
            if level.at <= now and fresh:
                turns.append(Turn(clock, level, fresh))
                done |= {step["key"] for step in fresh}
                if any(steps.acts(step) for step in fresh):
                    break
        ahead.append([clock.pk, clocks.next_step_at(levels, done)])
    bulk.change(Clock, ["next_step_at"], ahead)
    _write(turns, now=now)


def _fetch(found):
    """Give the clocks what they run by; return `(steps taken, pauses that are over)` by clock."""
    policies = Policy.objects.in_bulk({clock.policy_id for clock in found})
    calendars = CalendarVersion.objects.in_bulk({clock.calendar_id for clock in found})
    for clock in found:
        clock.policy, clock.calendar = policies[clock.policy_id], calendars[clock.calendar_id]
    ids = [clock.pk for clock in found]
    taken, waits = defaultdict(set), defaultdict(list)
    for pk, step in Escalation.objects.filter(clock__in=ids).values_list("clock", "step"):
        taken[pk].add(step)
    over = Pause.objects.filter(clock__in=ids, ended_at__isnull=False)
    for pk, *span in over.values_list("clock", "started_at", "ended_at"):
        waits[pk].append(tuple(span))
    return taken, waits


def _write(turns, *, now):
    """Store what was noticed, tell everybody once, and do what is to be done."""
    roster, notices = Roster([turn.clock.handoff for turn in turns]), Notices()
    ids = bulk.reserve(Event, len(turns))
    events, rows = [], []
    for pk, turn in zip(ids, turns, strict=True):
        clock, said = turn.clock, event_of(turn.clock, turn.level, now=now)
        events.append([pk, clock.handoff.lead_id, *said.values()])
        rows += [[clock.pk, step["key"], due_at(turn), now, pk] for step in turn.fresh]
        handoff = clock.handoff
        who = f"{handoff.lead} of {clock.company}" if clock.company else str(handoff.lead)
        event = Event(pk=pk, kind=said["kind"])
        news = News(clock, event, who, is_late=said["kind"] != REMINDED)
        for step in turn.fresh:
            for user in steps.told(step, clock, roster):
                notices.add(user, news)
    bulk.add(Event, ["id", "lead_id", "kind", "cause", "data"], events, happened_at=now)
    columns = ["clock_id", "step", "due_at", "noticed_at", "event_id"]
    bulk.add(Escalation, columns, rows)
    notices.write(now=now)
    for turn in turns:
        for step in turn.fresh:
            if steps.acts(step):
                steps.act(turn.clock, step, roster, now=now)


def due_at(turn):
    """Return when a level was due: late counts from the deadline itself."""
    return turn.clock.due_at if turn.level.is_breach else turn.level.at


def event_of(clock, level, *, now):
    """Return the kind, cause and data of the event of one level of a clock."""
    late = level.at > clock.due_at
    return {
        "kind": "sla.breached" if level.is_breach else "sla.escalated" if late else REMINDED,
        "cause": f"{LABELS[clock.kind]} by {clock.policy}"[:200],
        "data": {
            "handoff": clock.handoff_id,
            "clock": clock.kind,
            "due_at": clock.due_at.isoformat(),
            "noticed_at": now.isoformat(),
            "steps": [step["key"] for step in level.steps],
        },
    }
