"""What the company's marketers answered about the leads that just missed the definition."""

import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from leads.models import User

CONFIRMED = 0.6  # share of the answers
OPENS, CLOSES = time(8), time(16)  # UTC
WHY = ("Known from the fair, asks the right questions.", "Their planners read everything.", "")
WHY_NOT = (
    "Looked around once, no project yet.",
    "Reads along for a colleague.",
    "Only the webinar interested them.",
    "Chose a tool in spring, as they told us at the fair.",
)


@dataclass(frozen=True)
class Answer:
    """Who answered, when, and what."""

    by: User
    at: datetime
    confirms: bool
    note: str


class Marketers:
    """They answer in turns, within a working day; the same way for the same seed."""

    def __init__(self, *, seed, latest):
        self.rng = random.Random(f"{seed} reviews")
        self.latest = latest  # by then everything is answered
        emails = ("mark@handoff.example", "sofia@handoff.example")
        self.people = [User.objects.get(email=email) for email in emails]

    def answer(self, asked_at):
        """Return the Answer to a question of this moment."""
        rng, start = self.rng, _working(asked_at)
        at = start + timedelta(minutes=rng.uniform(10, 200))
        confirms = rng.random() < CONFIRMED
        return Answer(
            by=rng.choice(self.people),
            at=min(at, asked_at + 0.9 * (self.latest - asked_at)),
            confirms=confirms,
            note=rng.choice(WHY if confirms else WHY_NOT),
        )


def _working(moment):
    """The moment itself in working hours, else when the next ones begin."""
    if moment.weekday() < 5 and moment.time() < CLOSES:
        return max(moment, moment.replace(hour=OPENS.hour, minute=0, second=0, microsecond=0))
    day = moment + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.replace(hour=OPENS.hour, minute=0, second=0, microsecond=0)
