"""Starts, stops and pauses the clocks of a handoff, by the policy that fits it."""

from datetime import timedelta

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from leads import bulk
from leads.conditions.judge import holding
from leads.sweep import one_by_one
from routing.models import Calendar, FollowUp, Handoff, Touch
from sla import deadlines
from sla.models import Clock, ClockKind, Policy

REVIEW, ACCEPT, FIRST_TOUCH = ClockKind.REVIEW, ClockKind.ACCEPT, ClockKind.FIRST_TOUCH
QUALIFY = ClockKind.QUALIFY
AT_THE_START = (ACCEPT, FIRST_TOUCH, QUALIFY)  # of a handoff that was routed
IS_REVIEW = Q(kind=REVIEW)
FAILED = "sla.clock_failed"  # the event of a handoff whose clocks could not be started


def start(handoff, *, now):
    """Start one handoff's clocks if it has none yet, but for that of its review."""
    start_all([handoff], now=now)


def start_all(handoffs, *, now):
    """Start the clocks of these handoffs, as far as they have none yet, but for their review's.

    The first live policy whose segment holds decides. Deadlines count from `opened_at`, on the
    owner's calendar or, in a pool, the team's. Being routed again starts nothing anew.
    """
    before = Clock.objects.filter(handoff__in=handoffs).exclude(kind=REVIEW)
    started = set(before.values_list("handoff", flat=True))
    new = [handoff for handoff in handoffs if handoff.pk not in started]
    policies, calendars, clocks = policies_for(new, now=now), {}, []
    for handoff in new:
        policy = next(iter(policies[handoff.pk]), None)
        if policy is None:
            continue
        holder = calendar_of(handoff, policy)
        if holder.pk not in calendars:
            calendars[holder.pk] = holder.current()
        clocks += _of_start(handoff, policy, calendars[holder.pk])
    bulk.store_new(clocks)
    _note_first_due(clocks)
    begun = {handoff.pk for handoff in new if handoff.accepted_at}
    begun |= set(Touch.objects.filter(handoff__in=new).values_list("handoff", flat=True))
    for handoff in new:
        if handoff.pk in begun:
            _stop_what_was_kept(handoff)


def _of_start(handoff, policy, calendar):
    kinds = [kind for kind in AT_THE_START if kind in policy.compiled["targets"]]
    return [new_clock(handoff, kind, policy, calendar) for kind in kinds]


def foreseen(handoff, judged):
    """Return the clocks that would start for a handoff that need not be stored, nor its lead.

    `judged` says of a list of segments which of them hold for the lead.
    """
    policies = list(Policy.objects.live())
    asked = [policy for policy in policies if policy.compiled["when"]]
    answers = judged([policy.compiled["when"] for policy in asked])
    policy = next(iter(_fitting(policies, dict(zip(asked, answers, strict=True)))), None)
    if policy is None:
        return []
    return _of_start(handoff, policy, calendar_of(handoff, policy).current())


def _note_first_due(clocks):
    """The same as `note_next_due` for handoffs whose clocks have just been started."""
    first: dict = {}
    for clock in clocks:
        due = first.setdefault(clock.handoff_id, (clock.due_at, clock.handoff))
        if clock.due_at < due[0]:
            first[clock.handoff_id] = (clock.due_at, clock.handoff)
    Handoff.objects.set_next_due({handoff: due for due, handoff in first.values()})
    if first:
        _note_follow_ups_due(list(first))


def start_review(handoff, *, now):
    """Start the clock of a handoff that waits for a marketer, by the first policy that has one."""
    for policy in policies_for([handoff], now=now)[handoff.pk]:
        if REVIEW in policy.compiled["targets"]:
            calendar = Calendar.objects.get(pk=policy.compiled["review_calendar"])
            new_clock(handoff, REVIEW, policy, calendar.current()).save()
            note_next_due(handoff)
            return


def calendar_of(handoff, policy):
    """Return the calendar by which a routed handoff's clocks count."""
    if handoff.owner is None:
        return handoff.pool.team.calendar
    of_team = policy.compiled.get("calendar_of") == Policy.CalendarOf.TEAM
    return handoff.owner.team.calendar if of_team else handoff.owner.working_calendar


def _stop_what_was_kept(handoff):
    """Clocks that start late find some promises kept already."""
    if handoff.accepted_at:
        stop(handoff, ACCEPT, at=handoff.accepted_at)
    first = handoff.touches.order_by("entered_at", "pk").first()
    if first:
        stop(handoff, FIRST_TOUCH, at=first.occurred_at)


def policies_for(handoffs, *, now):
    """Return `{handoff's id: the live policies that fit its lead, in their order}`."""
    policies = list(Policy.objects.live())
    asked = [policy for policy in policies if policy.compiled["when"]]
    judged = holding([policy.compiled["when"] for policy in asked], today=now.date())
    answers = judged([handoff.lead_id for handoff in handoffs]) if handoffs else {}
    found = {}
    for handoff in handoffs:
        holds = dict(zip(asked, answers[handoff.lead_id], strict=True))
        found[handoff.pk] = _fitting(policies, holds)
    return found


def _fitting(policies, holds):
    """Those that fit a lead, of which `holds` says whose segments do; without one, it fits all."""
    return [policy for policy in policies if holds.get(policy, True)]


def start_missing(*, now):
    """Start the clocks that could not be started when their handoff was opened or routed."""
    begun = Clock.objects.filter(handoff=OuterRef("pk"), kind__in=AT_THE_START)
    in_review = Q(state=Handoff.State.REVIEW)
    missing = (
        Handoff.objects.open()
        .exclude(state=Handoff.State.NEW)
        .filter(lead__events__kind=FAILED)
        .filter((in_review & Q(clocks=None)) | (~in_review & ~Exists(begun)))
    )

    def claim(passed_over):
        left = missing.exclude(pk__in=[*passed_over, *looked_at])
        found = left.order_by("pk").select_for_update(skip_locked=True, of=("self",)).first()
        if found:
            looked_at.append(found.pk)
        return found

    def act(handoff):
        begin = start_review if handoff.state == Handoff.State.REVIEW else start
        begin(handoff, now=now)

    looked_at: list[int] = []
    return one_by_one(claim, act, limit=200)


def new_clock(handoff, kind, policy, calendar, *, follow_up=None, started=None):
    """Return a clock, not stored yet, that runs since the handoff was opened, or `started`.

    That of a follow-up with a time of its own is due then.
    """
    target, hours = deadlines.modern(policy.target_of(kind)), calendar.hours()
    started = started or handoff.opened_at
    if follow_up and follow_up.due_at:
        target = deadlines.due_by_hand(target, follow_up.due_at)
    due = deadlines.due(target, hours, started)
    clock = Clock(
        handoff=handoff,
        kind=kind,
        follow_up=follow_up,
        policy=policy,
        calendar=calendar,
        unit=target["unit"],
        target_minutes=_nominal(target, hours, started),
        started_at=started,
        next_step_at=deadlines.levels(target, hours, started)[0].at,
    )
    clock.set_deadline(due)
    return clock


def stop(handoff, kind, *, at):
    """Stop an open clock at the moment when what was promised was done."""
    for clock in handoff.clocks.open().filter(kind=kind).select_for_update():
        end_pause(clock, at=at)
        clock.finish(at=at)
        clock.save()
    note_next_due(handoff)


def cancel(handoff, *, at):
    """End every clock that is still open: from now on, what was promised is no longer owed."""
    for clock in handoff.clocks.open().select_for_update().order_by("pk"):
        end_pause(clock, at=at)
        clock.state, clock.cancelled_at, clock.next_step_at = Clock.State.CANCELLED, at, None
        clock.save()
    note_next_due(handoff)


def revive(handoff, *, since):
    """Let the clocks run again that were cancelled at this moment: it should not have happened.

    What was promised is still promised by the same time; steps that were taken stay taken.
    """
    cancelled = handoff.clocks.filter(state=Clock.State.CANCELLED, cancelled_at=since)
    for clock in cancelled.select_for_update().order_by("pk"):
        clock.state, clock.cancelled_at = Clock.State.RUNNING, None
        reckon(clock)
    note_next_due(handoff)


def run_by(clock, policy):
    """Have an open clock run by another version of its policy, since the same start; store it."""
    target = deadlines.modern(clock.target_by(policy))
    clock.policy, clock.unit = policy, target["unit"]
    hours = clock.calendar.hours()
    if clock.state == Clock.State.RUNNING:
        reckon(clock)
    else:
        # What is left is reckoned when the pause ends, which stays where it was.
        clock.set_deadline(deadlines.due(target, hours, clock.started_at, clock.waits()))
    clock.target_minutes = _nominal(target, hours, clock.started_at)
    clock.save()


def _nominal(target, hours, started):
    """Return the minutes that a target takes from its start; of the end of a day, what is left."""
    if target["minutes"] and target["unit"] != deadlines.OWN:
        return target["minutes"]
    ends = deadlines.due(target | {"bound": None}, hours, started).due_at
    counted = deadlines.counting(target["unit"], hours)
    return counted.elapsed(started, ends) // timedelta(minutes=1)


def reckon(clock):
    """Work out the deadline and the next step of a running clock anew, and store the clock."""
    hours = clock.calendar.hours()
    clock.set_deadline(deadlines.due(clock.target, hours, clock.started_at, clock.waits()))
    taken = set(clock.escalations.values_list("step", flat=True))
    clock.next_step_at = next_step_at(clock.levels(), taken)
    clock.save()


def next_step_at(levels, taken):
    """Return when the first Level is due of which not all steps were taken, or None."""
    waiting = (level.at for level in levels if any(s["key"] not in taken for s in level.steps))
    return next(waiting, None)


def end_pause(clock, *, at, by=None):
    """Let a clock run on that was paused, with the time that was left; return the pause or None."""
    pause = clock.pauses.filter(ended_at=None).first()
    if pause is None:
        return None
    pause.ended_at, pause.ended_by = max(pause.started_at, min(at, pause.limit_at)), by
    pause.save()
    clock.__dict__.pop("_prefetched_objects_cache", None)  # they are others now
    clock.state = Clock.State.RUNNING
    reckon(clock)
    return pause


def note_next_due(handoff):
    running = handoff.clocks.running().order_by("due_at")
    handoff.set_next_due(running.values_list("due_at", flat=True).first())
    _note_follow_ups_due([handoff.pk])


def _note_follow_ups_due(handoffs):
    """Have the open follow-ups of these handoffs say when their running clocks are due.

    The first contact has the first-touch clock, and no time while that one waits for the lead.
    """
    running = Clock.objects.running()
    first = running.filter(handoff=OuterRef("handoff"), kind=FIRST_TOUCH)
    own = running.filter(follow_up=OuterRef("pk"))
    FollowUp.objects.open().filter(handoff__in=handoffs).update(
        due_at=Case(
            When(kind=FollowUp.Kind.FIRST, then=Subquery(first.values("due_at")[:1])),
            default=Coalesce(Subquery(own.values("due_at")[:1]), F("due_at")),
        )
    )
