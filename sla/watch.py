"""Notices deadlines: each step of each clock once, however many workers look."""

import logging

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import F, prefetch_related_objects

from leads import bulk
from leads.models import Event
from leads.sweep import one_by_one
from routing.models import CalendarVersion, Handoff
from sla import clocks, pauses, steps
from sla.models import Clock, Escalation, Policy
from sla.notices import News, Notices
from sla.roster import Roster

BATCH = 2000  # clocks that are claimed together
# What the verbs lock before clocks is locked with them: so this never waits for a verb. Reviews end
# with the lead's lock in hand.
WORK = (~clocks.IS_REVIEW, ("self", "handoff"))
REVIEW = (clocks.IS_REVIEW, ("self", "handoff", "handoff__lead"))
log = logging.getLogger(__name__)


def watch(*, now):
    """Take every step that is due; return of how many clocks.

    Clocks are claimed with SKIP LOCKED, many in one transaction; should one of them fail, one by
    one, so that it holds up no other. A sweep that comes late takes the same steps in the same
    order, and both times are kept.
    """
    done = 0
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
    related = due.select_related("handoff__lead").defer("handoff__packet")
    named = related.annotate(company=F("handoff__packet__company__name"))
    return named.select_for_update(skip_locked=True, no_key=True, of=locked)


@transaction.atomic
def _batch(of, *, now):
    found = list(_due(of, now=now)[:BATCH])
    if found:
        take(found, now=now)
    return len(found)


def take(found, *, now):
    """Take the steps of these locked clocks that are due by `now`, in their order.

    Whatever moves a lead ends a clock's turn: its later steps come next, if they still apply.
    """
    _fetch(found)
    roster, notices = Roster([clock.handoff for clock in found]), Notices()
    moves, events, taken, ahead = [], [], [], []
    for clock in found:
        done = {row.step for row in clock.escalations.all()}
        if clock.state == Clock.State.PAUSED:
            pauses.end(clock, now=now)
        levels = clock.levels()
        for level in levels:
            fresh = [step for step in level.steps if step["key"] not in done]
            if level.at > now or not fresh:
                continue
            event = event_of(clock, level, now=now)
            events.append(event)
            due_at = clock.due_at if level.is_breach else level.at
            rows = [row_of(clock, step, event, due_at, now) for step in fresh]
            taken += rows
            done |= {step["key"] for step in fresh}
            _tell(clock, fresh, event, roster, notices)
            pairs = zip(rows, fresh, strict=True)
            acting = [(clock, row, step) for row, step in pairs if steps.acts(step)]
            moves += acting
            if acting:
                break
        ahead.append([clock.pk, clocks.next_step_at(levels, done)])
    bulk.change(Clock, ["next_step_at"], ahead)
    bulk.store_new(events)
    bulk.store_new(taken)
    notices.write(now=now)
    for clock, row, step in moves:
        steps.act(clock, row, step, roster, now=now)


def _fetch(found):
    """Give the clocks what their steps depend on, in one query for each kind of thing."""
    policies = Policy.objects.in_bulk({clock.policy_id for clock in found})
    calendars = CalendarVersion.objects.in_bulk({clock.calendar_id for clock in found})
    prefetch_related_objects(found, "pauses", "escalations")
    for clock in found:
        clock.policy, clock.calendar = policies[clock.policy_id], calendars[clock.calendar_id]


def event_of(clock, level, *, now):
    """Return the event of one level of a clock, not stored yet."""
    late = level.at > clock.due_at
    kind = "sla.breached" if level.is_breach else "sla.escalated" if late else "sla.reminded"
    return Event(
        lead=clock.handoff.lead,
        kind=kind,
        cause=f"{clock.get_kind_display()} by {clock.policy}"[:200],
        data={
            "handoff": clock.handoff_id,
            "clock": clock.kind,
            "due_at": clock.due_at.isoformat(),
            "noticed_at": now.isoformat(),
            "steps": [step["key"] for step in level.steps],
        },
        happened_at=now,
    )


def row_of(clock, step, event, due_at, now):
    """Return the Escalation of one step that is taken, not stored yet."""
    return Escalation(clock=clock, step=step["key"], due_at=due_at, noticed_at=now, event=event)


def _tell(clock, fresh, event, roster, notices):
    handoff = clock.handoff
    who = f"{handoff.lead} of {clock.company}" if clock.company else str(handoff.lead)
    news = News(clock, event, who, is_late=event.kind != "sla.reminded")
    for step in fresh:
        for user in steps.told(step, clock, roster):
            notices.add(user, news)
