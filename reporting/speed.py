"""Speed-to-lead: how soon after the handoff a rep first reached out."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q
from django.db.models.functions import Extract

from reporting.median import Median
from sla.models import Clock


@dataclass(frozen=True)
class Speed:
    """Handoffs of a period by their first-touch clock.

    `handoffs` had a first touch promised; `touched` had one; `judged` were touched or are past
    their deadline; `within` were touched in time. Leads rejected before their deadline are left
    out, later ones count as late; clocks that still run in time are not judged yet. `median` is
    wall-clock time, over touched ones.
    """

    handoffs: int
    touched: int
    judged: int
    within: int
    median: timedelta | None

    @property
    def share(self):
        """Share within target of those judged, 0 to 1; None before there are any."""
        return self.within / self.judged if self.judged else None


def speed_to_lead(clocks, *, since, until, now):
    """Return the Speed of the first-touch clocks that started in [since, until).

    `clocks` is a queryset that already holds only what the reader may see.
    """
    promised = clocks.filter(
        kind=Clock.Kind.FIRST_TOUCH, started_at__gte=since, started_at__lt=until
    ).owed()
    touched = Q(stopped_at__isnull=False)
    late = Q(due_at__lt=now) & ~Q(state=Clock.State.PAUSED)  # it was in time when it was paused
    counts = promised.aggregate(
        handoffs=Count("pk"),
        touched=Count("pk", filter=touched),
        judged=Count("pk", filter=touched | late),
        within=Count("pk", filter=Q(stopped_at__lte=F("due_at"))),
        median=Median(Extract(F("stopped_at") - F("started_at"), "epoch"), filter=touched),
    )
    median = counts.pop("median")
    return Speed(median=None if median is None else timedelta(seconds=float(median)), **counts)
