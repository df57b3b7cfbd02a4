"""Business time beside other libraries: the same hours, the same starts, the answers compared."""

import random
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from zoneinfo import ZoneInfo

from routing.hours import BusinessCalendar

ZONE = ZoneInfo("Europe/Berlin")
TARGET = timedelta(hours=16)
CASES = 20_000
FEWER = 20  # businesstimedelta is asked about one case of so many: it is slow
DAYS_OFF = [
    date(year, month, day)
    for year in range(2025, 2030)
    for month, day in ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))
]


def business_time(*, times, say, **options):
    """Due dates of 16 business hours: how often a second, and how much oftener than others."""
    starts = _starts(random.Random(2026))
    office = BusinessCalendar(ZONE.key, {day: [("09:00", "17:00")] for day in range(5)}, DAYS_OFF)
    others = {"": _businesstimedelta(), "_timegrid": _timegrid()}
    rates: dict = {name: [] for name, other in others.items() if other}
    ours: list[float] = []
    found: dict = {}
    due = [office.due_at(start, TARGET) for start in starts]
    for _ in range(times):
        ours.append(_rate(lambda start: office.due_at(start, TARGET), starts))
        for name, measured in rates.items():
            asked, ask = others[name]
            measured.append(_rate(ask, [asked(start) for start in _share(name, starts)]))
    for name, measured in rates.items():
        asked, ask = others[name]
        pairs = zip(_share(name, starts), _share(name, due), strict=True)
        same = sum(_aware(ask(asked(start))) == answer for start, answer in pairs)
        ratio = statistics.median(a / b for a, b in zip(ours, measured, strict=True))
        found |= {
            f"due_at_ratio{name}": round(ratio, 1),
            f"due_at_same{name}": round(same / len(_share(name, starts)), 4),
        }
        say(
            f"{name.strip('_') or 'businesstimedelta'}: {statistics.median(measured):,.0f} a second"
        )
    say(f"ours: {statistics.median(ours):,.0f} a second")
    return found | {"due_at_per_s": round(statistics.median(ours))}


def _starts(chance):
    """Whole seconds of three years, at any hour."""
    first, span = datetime(2026, 1, 1, tzinfo=UTC), int(timedelta(days=1000).total_seconds())
    return [first + timedelta(seconds=chance.randrange(span)) for _ in range(CASES)]


def _share(name, cases):
    return cases if name else cases[::FEWER]


def _rate(ask, cases):
    start = time.perf_counter()
    for case in cases:
        ask(case)
    return len(cases) / (time.perf_counter() - start)


def _aware(answer):
    return answer if answer.tzinfo else answer.replace(tzinfo=ZONE)


def _businesstimedelta():
    """How it is asked: `(how a start is given, what is measured)`; None where it is missing."""
    try:
        import businesstimedelta
        import pytz
    except ImportError:
        return None
    zone = pytz.timezone(ZONE.key)
    rules = businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(clock(9), clock(17), [0, 1, 2, 3, 4], tz=zone),
            businesstimedelta.HolidayRule(DAYS_OFF, tz=zone),
        ]
    )
    span = businesstimedelta.BusinessTimeDelta(rules, timedelta=TARGET)
    return (lambda start: start.astimezone(zone)), (lambda start: start + span)


def _timegrid():
    """It knows no zones, so its times are local and naive."""
    try:
        import timegrid
    except ImportError:
        return None
    office = timegrid.TimeGridCalendar.weekdays(clock(9), clock(17))
    for day in DAYS_OFF:
        office = office.close(day)
    span = timegrid.hours(16)
    return (
        lambda start: start.astimezone(ZONE).replace(tzinfo=None),
        lambda start: office.add_work_duration(start, span),
    )
