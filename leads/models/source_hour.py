import random

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Sum

# Upper edges, in seconds, of the delays that are told apart: from what was done to its arrival.
EDGES = (1, 10, 60, 600, 3_600, 86_400)
SLOTS = 8


class SourceHourQuerySet(models.QuerySet):
    def add(self, source, *, at, stored=0, duplicates=0, refused=0, delays=()):
        """Count items that arrived at this time, in the caller's transaction.

        `delays`, in seconds, say how late they came. The counts lie in one of several rows, so
        that batches which arrive at once rarely wait for each other: call it last.
        """
        lags = [0] * (len(EDGES) + 1)
        for seconds in delays:
            lags[sum(seconds > edge for edge in EDGES)] += 1
        hour = at.replace(minute=0, second=0, microsecond=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO leads_sourcehour AS h "
                "(source_id, hour, slot, stored, duplicates, refused, lags, last_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
                "ON CONFLICT (source_id, hour, slot) DO UPDATE SET "
                "stored = h.stored + excluded.stored, "
                "duplicates = h.duplicates + excluded.duplicates, "
                "refused = h.refused + excluded.refused, "
                "lags = ARRAY(SELECT a + b FROM unnest(h.lags, excluded.lags) AS two (a, b)), "
                "last_at = GREATEST(h.last_at, excluded.last_at)",
                [source.pk, hour, self._slot(), stored, duplicates, refused, lags, at],
            )

    @staticmethod
    def _slot():
        return random.randrange(SLOTS)

    def totals(self):
        """Return what was stored, a duplicate and refused, in all."""
        found = self.aggregate(*map(Sum, ("stored", "duplicates", "refused")))
        return {name.removesuffix("__sum"): count or 0 for name, count in found.items()}


class SourceHour(models.Model):
    """How many events and touchpoints a source sent in one hour, and what became of them.

    Whatever was sent is stored, a duplicate or refused; the three always add up to it.
    """

    pk = models.CompositePrimaryKey("source_id", "hour", "slot")
    source = models.ForeignKey("Source", models.CASCADE, related_name="hours", db_index=False)
    hour = models.DateTimeField()
    slot = models.SmallIntegerField()
    stored = models.IntegerField(default=0)
    duplicates = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    lags = ArrayField(models.IntegerField(), help_text="How many were how late, by EDGES.")
    last_at = models.DateTimeField()

    objects = SourceHourQuerySet.as_manager()

    def __str__(self):
        return f"{self.source_id} at {self.hour:%Y-%m-%d %H:00}"


class RateLimit(models.Model):
    """How far ahead of its rate a sender is: until then, what it has sent so far would take.

    Not logged: after a crash everybody begins anew.
    """

    key = models.CharField(max_length=80, primary_key=True)
    busy_until = models.DateTimeField()

    def __str__(self):
        return self.key
