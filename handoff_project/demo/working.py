"""How a rep worked a handoff: when they accepted, what they tried, how it ended. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from handoff_project.demo import words
from routing.models import Touch

REJECTED, QUALIFIED, RECYCLED, OPEN = "rejected", "qualified", "recycled", "accepted"
REACHED = ("connected", "booked", "replied")
CHANNELS = {
    "connected": "call",
    "booked": "meeting",
    "replied": "email",
    "voicemail": "call",
    "no_answer": "call",
    "sent": "email",
}
DAY = 480  # business minutes
KEPT = 0.95  # share of first touches in time, of those that were accepted in time


@dataclass
class Attempt:
    """A touch: when it was, and when the rep wrote it down."""

    outcome: str
    note: str
    occurred_at: datetime
    entered_at: datetime

    @property
    def channel(self):
        return Touch.Channel(CHANNELS[self.outcome])


@dataclass
class Work:
    """A handoff's way. `accepted_at` is None where it was rejected at once."""

    ending: str
    accepted_at: datetime | None
    attempts: list[Attempt] = field(default_factory=list)
    ended_at: datetime | None = None
    reason: str = ""
    note: str = ""
    later: list[tuple[str, datetime]] = field(default_factory=list)  # stages after SQL


class Habits:
    """Works handoffs; always the same way for the same random source."""

    def __init__(self, rng):
        self.rng = rng

    def work(self, opened_at, *, hours, targets, skill, latest):
        """Return the Work on a handoff that has ended by `latest`.

        `targets` are business minutes by clock, `skill` is the share of promises that are kept.
        """
        accept, tries, end, ending = self._minutes(targets, skill)
        open_for = hours.elapsed(opened_at, latest).total_seconds() / 60
        pace = min(1.0, 0.98 * open_for / end)  # what began late is worked faster

        def at(minutes):
            return hours.due_at(opened_at, timedelta(minutes=minutes * pace))

        work = Work(ending, None if accept is None else at(accept), ended_at=at(end))
        outcomes = self._outcomes(ending, len(tries))
        for (minute, entered), outcome in zip(tries, outcomes, strict=True):
            note = self.rng.choice(words.TOUCH_NOTES[outcome])
            work.attempts.append(Attempt(outcome, note, at(minute), at(entered)))
        if ending == REJECTED:
            weights = [weight for _, weight, _ in words.REJECTIONS]
            work.reason, _, notes = self.rng.choices(words.REJECTIONS, weights)[0]
            work.note = self.rng.choice(notes)
        if ending == QUALIFIED:
            work.later = self._later(work.ended_at, latest)
        return work

    def leave_open(self, work):
        """Change an accepted and touched handoff into one that is still being worked."""
        work.ending, work.ended_at, work.later, work.reason, work.note = OPEN, None, [], "", ""
        return work

    def _minutes(self, targets, skill):
        """Return (accept, [(touch, written down)], end, ending) in business minutes."""
        rng = self.rng
        accept = self._delay(targets["accept"], skill)
        ending = rng.choices([REJECTED, QUALIFIED, RECYCLED], [19, 32, 49])[0]
        if ending == REJECTED and rng.random() < 0.5:
            return None, [], accept, ending
        minute = self._first_touch(accept, targets["first_touch"])
        tries = []
        for _ in range(rng.choices([1, 2, 3, 4], [30, 35, 22, 13])[0]):
            back_dated = rng.random() < 0.06
            tries.append((minute, minute + (rng.uniform(20, 90) if back_dated else 0)))
            minute += rng.uniform(0.3, 1.6) * DAY
        return accept, tries, tries[-1][1] + rng.uniform(0.2, 3) * DAY, ending

    def _delay(self, target, skill):
        if self.rng.random() < skill:
            return target * (0.06 + 0.9 * self.rng.betavariate(1.6, 2.2))
        return target * (1.05 + self.rng.expovariate(1.2))

    def _first_touch(self, accepted, target):
        left = target - accepted
        if left > 1 and self.rng.random() < KEPT:
            return accepted + left * self.rng.uniform(0.05, 0.95)
        return max(accepted + self.rng.uniform(1, 10), self._delay(target, 0))

    def _outcomes(self, ending, count):
        missed = self.rng.choices(("voicemail", "no_answer", "sent"), k=count)
        reached = ending == QUALIFIED or self.rng.random() < 0.5
        if count and reached:
            missed[-1] = self.rng.choice(REACHED)
        return missed

    def _later(self, qualified_at, latest):
        rng, stages = self.rng, []
        moments = [
            ("opportunity", 0.62, qualified_at + timedelta(days=rng.uniform(0.5, 5))),
            ("customer", 0.45, qualified_at + timedelta(days=rng.uniform(14, 75))),
        ]
        for stage, share, at in moments:
            if rng.random() > share or at > latest:
                break
            stages.append((stage, at))
        return stages
