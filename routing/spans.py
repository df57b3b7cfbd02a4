"""Spans of open time, as people write them: "09:00" to "12:30", "22:00" to "06:00"."""

import re
from collections.abc import Iterable
from itertools import pairwise

DAY = 24 * 60  # minutes
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|(24:00)")

Spans = Iterable[tuple[str, str]]
Minutes = tuple[tuple[int, int], ...]  # local minutes from midnight; beyond 1440 is the next day


def read_spans(spans: Spans, day: str) -> Minutes:
    """Return the spans of one day in minutes, in order. Raise ValueError where they make no sense.

    `day` is how the day is called in what is refused.
    """
    read = sorted(_read_span(start, end, day) for start, end in spans)
    for (start, end), (later, last) in pairwise(read):
        if later < end:
            both = f"{_clock(start)}-{_clock(end)} and {_clock(later)}-{_clock(last)}"
            raise ValueError(f"{day}: {both} overlap.")
    return tuple(read)


def _read_span(start: str, end: str, day: str) -> tuple[int, int]:
    opens, closes = _minutes(start, day), _minutes(end, day)
    if opens == DAY:
        raise ValueError(f"{day}: 24:00 is the end of a day, never the start of a span.")
    if opens == closes:
        whole = "a whole day is 00:00-24:00."
        raise ValueError(f"{day}: {start}-{end} has no length; {whole}")
    return opens, closes if closes > opens else closes + DAY


def _minutes(text: str, day: str) -> int:
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{day}: {text!r} is not a time of day between 00:00 and 24:00.")
    hours, minutes, midnight = match.groups()
    return DAY if midnight else int(hours) * 60 + int(minutes)


def _clock(minute: int) -> str:
    return "24:00" if minute == DAY else f"{minute % DAY // 60:02}:{minute % 60:02}"
