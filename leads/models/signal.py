from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Q

from leads import bulk
from leads.models.backfill import Backfill


class Patterns(NamedTuple):
    """What of a signal is looked at when touchpoints arrive."""

    pk: int
    kind: str
    event: str
    path_prefix: str
    whole_parts: bool


class SignalQuerySet(models.QuerySet):
    def current(self):
        """Return the newest revision of each signal: what people choose from."""
        return self.filter(is_current=True)

    def to_look_for(self):
        """Return the Patterns of the active ones by kind."""
        found: dict[str, list[Patterns]] = {}
        with connection.cursor() as cursor:  # asked for each batch that arrives
            cursor.execute(
                "SELECT id, kind, event, path_prefix, whole_parts FROM leads_signal WHERE is_active"
            )
            for row in cursor.fetchall():
                found.setdefault(row[1], []).append(Patterns(*row))
        return found

    def ids_by_key(self):
        """Return `{key: [ids of all its revisions]}`."""
        found: dict[str, list[int]] = {}
        for key, pk in self.order_by("pk").values_list("key", "pk"):
            found.setdefault(key, []).append(pk)
        return found


class Signal(models.Model):
    """A named, described piece of behaviour that rules may ask about.

    A touchpoint shows the signal when its kind matches and every pattern given here matches.
    Patterns are looked at once, when the touchpoint arrives, and once by a `Backfill` when they are
    new; never while scoring. So a row's patterns never change: other ones are a new revision, a row
    with the same key. Published versions go on with the revision that they were published with.
    """

    PATTERN = ("kind", "event", "path_prefix", "whole_parts")

    key = models.SlugField(max_length=60)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(max_length=24, help_text="The touchpoint kind, for example page_view.")
    event = models.CharField(
        max_length=120, blank=True, default="", help_text="The event's name, if it must match."
    )
    path_prefix = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="The page's path starts with this, for example /pricing.",
    )
    whole_parts = models.BooleanField(
        "whole parts of the path",
        default=True,
        help_text="/pricing is also /pricing/eu, and not /pricing-old. Otherwise it is both.",
    )
    is_active = models.BooleanField(default=True)
    revision = models.PositiveSmallIntegerField(default=1, editable=False)
    is_current = models.BooleanField(default=True, editable=False)

    objects = SignalQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(is_current=True),
                name="leads_one_current_signal_per_key",
                violation_error_message="There is a signal with this key.",
            ),
            models.UniqueConstraint(fields=["key", "revision"], name="leads_signal_revision"),
        ]

    def __str__(self):
        return self.name

    def pattern_in_words(self):
        """Return what shows the signal: "Page view, event “Pricing”, page /pricing"."""
        said = [self.kind.replace("_", " ").capitalize()]
        said += [f"event “{self.event}”"] if self.event else []
        if self.path_prefix:
            said.append(f"page {self.path_prefix}{'' if self.whole_parts else '…'}")
        return ", ".join(said)

    def clean(self):
        same = Signal.objects.current().filter(key=self.key)
        if same.exclude(pk=self.pk).exists():
            raise ValidationError({"key": "There is a signal with this key."})

    @transaction.atomic
    def keep(self, *, now):
        """Save a signal that somebody made or edited.

        With other patterns it becomes a new revision, with which drafts and segments go on; this
        object is then that row. What happened before is looked through in the background.
        """
        stored = Signal.objects.select_for_update().filter(pk=self.pk).first()
        if stored is None:
            self.save()
            Backfill.objects.create(signal=self, asked_at=now)
            return
        same = Signal.objects.filter(key=stored.key)
        same.update(name=self.name, description=self.description, is_active=self.is_active)
        if any(getattr(self, name) != getattr(stored, name) for name in self.PATTERN):
            same.update(is_current=False)
            self.pk, self._state.adding = None, True
            self.revision, self.is_current = stored.revision + 1, True
            self.save()
            Backfill.objects.create(signal=self, asked_at=now)
            self._take_over(stored)

    def _take_over(self, stored):
        """Versions that are not drafts any more keep the revision that they were signed with."""
        rules, conditions = self.scoringrule_set.model, self.segmentcondition_set.model
        drafts = rules.objects.filter(signal=stored, definition__state="draft")
        drafts.update(signal=self)
        conditions.objects.filter(signal=stored).update(signal=self)
        self.play_set.model.objects.filter(signal=stored).update(signal=self)


class SignalDay(models.Model):
    """How often a lead showed a signal on one UTC day, how long, and in how many visits.

    What behaviour rules read; `leads.scoring.aggregate` counts it from the touchpoints. A migration
    puts the counts into the primary key's index: scoring reads that alone, lead by lead in the
    order of their ids, whether it asks for one lead or for everybody.
    """

    pk = models.CompositePrimaryKey("lead_id", "signal_id", "day")
    lead = models.ForeignKey("Lead", models.CASCADE, related_name="signal_days", db_index=False)
    signal = models.ForeignKey(Signal, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    n = models.IntegerField()
    seconds = models.IntegerField(default=0, db_default=0)
    visits = models.IntegerField(
        default=0,
        db_default=0,
        help_text="Visits that showed the signal first on this day; none counts on two days.",
    )

    def __str__(self):
        return f"{self.signal_id} x{self.n} on {self.day}"


class PendingQuerySet(models.QuerySet):
    def ask_for(self, leads):
        """Have all leads of this queryset scored anew, in the caller's transaction."""
        ids = leads.unmerged().order_by("pk").values_list("pk", flat=True)
        Pending.objects.bulk_create((Pending(lead_id=pk) for pk in ids), batch_size=5_000)

    def recount(self, days):
        """Have the daily aggregate counted anew for these `(lead id, UTC day)`, then the scores."""
        asked = sorted(set(days))
        if asked:
            bulk.copy(Pending, ("lead_id", "day"), asked)


class Pending(models.Model):
    """A lead that wants scoring and, perhaps, a UTC day whose aggregate is to be counted anew.

    Written in the transaction of whatever changed the lead; deleted by the scorer in the
    transaction that does it. So a change is scored, whatever dies in between; twice does no harm.
    """

    lead = models.ForeignKey("Lead", models.CASCADE, db_index=False, related_name="+")
    day = models.DateField(null=True)

    objects = PendingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "pending"

    def __str__(self):
        return f"lead {self.lead_id}"
