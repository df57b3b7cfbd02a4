"""How well the sources send: what came, when, how late, and what could not be stored."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Prefetch, Q

from leads.models import RefusedEvent, Source, SourceHour, SourceToken

HOURS = 24  # that are looked back on
COUNTS = ("stored", "duplicates", "refused")
# By the edges of SourceHour.lags.
WITHIN = ("1 second", "10 seconds", "1 minute", "10 minutes", "1 hour", "1 day")


@dataclass(frozen=True)
class Hour:
    """What a source sent in one hour."""

    at: object
    stored: int = 0
    duplicates: int = 0
    refused: int = 0

    @property
    def sent(self):
        return self.stored + self.duplicates + self.refused


@dataclass(frozen=True)
class Health:
    """A source with the hours of the last day, the newest first; the newest has not ended."""

    source: Source
    hours: list[Hour]
    last_at: object
    lags: list[int]
    open: int  # refused events about which nobody has decided

    @property
    def this_hour(self):
        return self.hours[0]

    @property
    def total(self):
        """The whole day as one."""
        sums = {name: sum(getattr(hour, name) for hour in self.hours) for name in COUNTS}
        return Hour(self.hours[-1].at, **sums)

    @property
    def per_hour(self):
        """How much came in an hour, on average of those that have ended."""
        ended = self.hours[1:]
        return round(sum(hour.sent for hour in ended) / len(ended))

    @property
    def usual_delay(self):
        return delay(self.lags, 50)

    @property
    def longest_delay(self):
        """The delay that 95 of 100 do not exceed."""
        return delay(self.lags, 95)


def of_sources(sources, *, now):
    """Return the Health of each of these sources, by name."""
    newest = now.replace(minute=0, second=0, microsecond=0)
    oldest = newest - timedelta(hours=HOURS - 1)
    valid = Prefetch(
        "tokens", SourceToken.objects.filter(revoked_at=None).order_by("pk"), to_attr="valid_tokens"
    )
    hours = SourceHour.objects.filter(hour__gte=oldest).order_by("hour")
    refused = Count(
        "refused_events", filter=Q(refused_events__state=RefusedEvent.State.OPEN), distinct=True
    )
    sources = sources.annotate(open_refused=refused).order_by("name")
    sources = sources.prefetch_related(valid, Prefetch("hours", hours, to_attr="recent"))
    moments = [newest - timedelta(hours=ago) for ago in range(HOURS)]
    return [_health(source, moments) for source in sources]


def _health(source, moments):
    rows: dict = {moment: [] for moment in moments}
    for row in source.recent:
        rows.setdefault(row.hour, []).append(row)
    hours = [
        Hour(
            moment,
            *(sum(getattr(row, name) for row in rows[moment]) for name in COUNTS),
        )
        for moment in moments
    ]
    lags = [sum(column) for column in zip(*(row.lags for row in source.recent), strict=True)]
    last_at = max((row.last_at for row in source.recent), default=None)
    return Health(source, hours, last_at, lags, source.open_refused)


def delay(lags, percent):
    """Return in words how late that many of a hundred came at most; empty if none came."""
    wanted, seen = sum(lags) * percent / 100, 0
    for count, words in zip(lags, WITHIN, strict=False):
        seen += count
        if seen and seen >= wanted:
            return f"within {words}"
    return "over 1 day" if seen or any(lags) else ""
