"""When a promise is due, and when its steps are: pure functions of a target, hours and a start.

A target comes in the compiled form of a policy (`Target.form`). Live clocks, previews, the test
panel and the explanation all ask here, so they cannot disagree.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from routing.hours import BusinessCalendar, always_open

BUSINESS, WALL, END_OF_DAY, WORKING_DAYS = "business", "wall", "end_of_day", "working_days"
BEFORE, AT, AFTER = "before", "at", "after"
OWN = "own"  # the unit of a clock that is due when somebody said so
LATE = "late"  # the key of the step that every clock has: the missed promise is noticed
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Due:
    """A deadline with what it came from: the target's own, and its outer bound's if it has one."""

    target_at: datetime
    bound_at: datetime | None

    @property
    def by_bound(self):
        """Whether the outer bound came first and is what counts."""
        return self.bound_at is not None and self.bound_at < self.target_at

    @property
    def due_at(self):
        return self.bound_at if self.by_bound else self.target_at


@dataclass(frozen=True)
class Level:
    """The steps of one clock that are due at one instant."""

    at: datetime
    steps: list[dict]
    is_breach: bool  # the missed promise is noticed here


def due(target, hours, start, pauses=()):
    """Return the Due of a target that runs since `start`.

    `pauses` are `(from, to)` in order; the time that was left when one began is left when it ends.
    One that began after a deadline changes nothing about it.
    """
    target = modern(target)
    bound = target["bound"]
    bound_at = None
    if bound:
        counted = counting(bound["unit"], hours)
        bound_at = counted.due_at(start, timedelta(minutes=bound["minutes"]))
        bound_at = _after_pauses(bound_at, counted, pauses)
    counted = counting(target["unit"], hours)
    return Due(_after_pauses(_target_at(target, hours, start), counted, pauses), bound_at)


def _target_at(target, hours, start):
    if target["unit"] == OWN:
        return target["at"]
    if target["unit"] == END_OF_DAY:
        return end_of_day(hours, start, cut_off=timedelta(minutes=target["cut_off"]))
    return counting(target["unit"], hours).due_at(start, timedelta(minutes=target["minutes"]))


def _after_pauses(deadline, counted, pauses):
    for began, ended in pauses:
        if began < deadline and ended > began:
            deadline = counted.due_at(ended, counted.elapsed(began, deadline))
    return deadline


def counting(unit, hours):
    """Return the calendar by which a unit counts, for somebody who works in `hours`."""
    if unit in (WALL, OWN):
        return always_open()
    return working_days(hours) if unit == WORKING_DAYS else hours


@lru_cache(maxsize=400)
def working_days(hours):
    """Return the calendar that is open day and night on the days on which `hours` open at all."""
    whole = [("00:00", "24:00")]
    return BusinessCalendar(
        hours.zone,
        {day: whole for day, spans in hours.weekly.items() if list(spans)},
        hours.holidays,
        {day: whole if list(spans) else [] for day, spans in hours.exceptions.items()},
    )


def end_of_day(hours, start, *, cut_off):
    """Return when the business day ends that is on at `start`, or begins next.

    With less than `cut_off` of it left, the business day after it is meant. A shift belongs to the
    day on which it opens; hours that never close end at midnight.
    """
    ends = _closing(hours, start)
    return _closing(hours, ends) if hours.elapsed(start, ends) < cut_off else ends


def _closing(hours, at):
    opens, zone = hours.next_open(at), ZoneInfo(hours.zone)
    spans = hours.segments(opens - DAY, opens + 3 * DAY)
    began = next(start for start, end in spans if end > opens)
    day = began.astimezone(zone).date()
    ends = max(end for start, end in spans if start.astimezone(zone).date() == day)
    if ends - began <= DAY:
        return ends
    midnight = opens.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight + DAY).astimezone(UTC)


def levels(target, hours, start, pauses=()):
    """Return the Levels of a target's steps in order of time; the missed promise is one of them.

    A step before the deadline that would lie before the start is left out; one that would lie in a
    pause is due when it ends.
    """
    target = modern(target)
    deadline = due(target, hours, start, pauses).due_at
    anchor = max([start, *(ended for began, ended in pauses if began < deadline)])
    found = {just_after(deadline): [{"key": LATE}]}
    for step in target["steps"]:
        at = _step_at(step, hours, anchor, deadline)
        if at is not None and (at > start or pauses):
            found.setdefault(at, []).append(step)
    return [Level(at, found[at], at == just_after(deadline)) for at in sorted(found)]


def _step_at(step, hours, anchor, deadline):
    counted, minutes = counting(step["unit"], hours), timedelta(minutes=step["minutes"])
    if step["when"] == BEFORE:
        left = counted.elapsed(anchor, deadline) - minutes
        return counted.due_at(anchor, max(left, timedelta(0)))
    if step["when"] == AFTER:
        return counted.due_at(deadline, minutes)
    # At the very deadline what is done is still in time. Where people have gone home by then,
    # they are told when they are back.
    asleep = not (hours.is_open(deadline) or hours.is_open(deadline - INSTANT))
    wakes = step["unit"] == BUSINESS and asleep
    return hours.next_open(deadline) if wakes else just_after(deadline)


def just_after(deadline):
    """Return the first instant at which a deadline has been missed."""
    return deadline + INSTANT


def modern(target):
    """Return a compiled target in today's form; policies were once published with less in it."""
    if "unit" in target:
        return target
    before = target["warn_minutes"]
    steps = [form_of_step(BEFORE, before, "remind")] if 0 < before < target["minutes"] else []
    steps += [form_of_step(AT, 0, "remind"), form_of_step(AT, 0, "manager")]
    return {
        "unit": BUSINESS,
        "minutes": target["minutes"],
        "cut_off": 0,
        "bound": None,
        "steps": steps,
    }


def due_by_hand(target, at):
    """Return a compiled target with the moment that somebody set instead of its own."""
    return modern(target) | {"unit": OWN, "at": at, "bound": None}


def form_of_step(when, minutes, action, *, unit=BUSINESS, people=()):
    """Return a step as it is compiled; its key says when and what, so that each is taken once."""
    return {
        "key": LATE if action == LATE else f"{when}-{minutes}-{unit}-{action}",
        "when": when,
        "minutes": minutes,
        "unit": unit,
        "action": action,
        "people": list(people),
    }


# What holds for follow-ups where a policy says nothing about them: two business days of eight
# hours, or a time of one's own within thirty days.
FOLLOW_UP = {
    "unit": BUSINESS,
    "minutes": 16 * 60,
    "cut_off": 0,
    "bound": {"minutes": 30 * 24 * 60, "unit": WALL},
    "steps": [form_of_step(AT, 0, "remind"), form_of_step(AFTER, 240, "manager")],
}
