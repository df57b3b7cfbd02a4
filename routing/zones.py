"""Time zones: what a clock on the wall means, and when the clocks change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class ClockChange:
    """The clocks of a zone are put forward (`by` is positive) or back, at an instant in UTC."""

    at: datetime
    by: timedelta
    zone: ZoneInfo

    @property
    def is_forward(self):
        return self.by > timedelta(0)

    @property
    def length(self):
        return abs(self.by)

    @property
    def before(self):
        """What the clocks show when they are put."""
        return (self.at - ONE_SECOND).astimezone(self.zone).replace(tzinfo=None) + ONE_SECOND

    @property
    def after(self):
        """What they show then."""
        return self.at.astimezone(self.zone).replace(tzinfo=None)


def zone_named(name: str) -> ZoneInfo:
    """Return a zone by its IANA name. Raise ValueError, in words, where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, AttributeError, OSError):
        said = f"{name!r} is not a time zone; they are named like Europe/Berlin."
        raise ValueError(said) from None


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant, in UTC, at which a zone's clocks show this time or a later one.

    A time that the clocks skip moves forward to where they go on; of one that occurs twice, the
    first is meant.
    """
    old, new = _offset(wall.replace(tzinfo=zone)), _offset(wall.replace(tzinfo=zone, fold=1))
    instant = wall.replace(tzinfo=UTC) - old
    if new > old:  # skipped: both are asked of a moment that the clocks never showed
        return _first_unlike(zone, instant - (new - old), instant)
    return instant


def clock_changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[ClockChange]:
    """Yield the changes of a zone's clocks after one instant and up to another, in order."""
    here = since.astimezone(UTC)
    while here < until:
        there = min(here + ONE_DAY, until.astimezone(UTC))
        by = _offset(there.astimezone(zone)) - _offset(here.astimezone(zone))
        if by:
            yield ClockChange(_first_unlike(zone, here, there), by, zone)
        here = there


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta(0)


def _first_unlike(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first instant in (low, high], to the second, at which the offset of `low` is over."""
    old = _offset(low.astimezone(zone))
    low = low.replace(microsecond=0)
    while high - low > ONE_SECOND:
        middle = low + (high - low) // (2 * ONE_SECOND) * ONE_SECOND
        if _offset(middle.astimezone(zone)) == old:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
