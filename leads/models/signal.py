from django.db import models
from django.db.models import Q


class Signal(models.Model):
    """A named, described piece of behaviour that rules may ask about.

    A touchpoint shows the signal when its kind matches and every pattern given here matches.
    Patterns are looked at once, when the touchpoint arrives; never while scoring.
    """

    key = models.SlugField(max_length=60, unique=True)
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
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class SignalDay(models.Model):
    """How often a lead showed a signal on one UTC day: what behaviour rules read.

    A migration puts `n` into the primary key's index: scoring reads that alone, lead by lead in
    the order of their ids, whether it asks for one lead or for everybody.
    """

    pk = models.CompositePrimaryKey("lead_id", "signal_id", "day")
    lead = models.ForeignKey("Lead", models.CASCADE, related_name="signal_days", db_index=False)
    signal = models.ForeignKey(Signal, models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    n = models.IntegerField()

    def __str__(self):
        return f"{self.signal_id} x{self.n} on {self.day}"


class PendingQuerySet(models.QuerySet):
    def ask_for(self, leads):
        """Have all leads of this queryset scored anew, in the caller's transaction."""
        ids = leads.unmerged().order_by("pk").values_list("pk", flat=True)
        Pending.objects.bulk_create((Pending(lead_id=pk) for pk in ids), batch_size=5_000)


class Pending(models.Model):
    """A lead that wants scoring and, perhaps, a signal that its daily aggregate lacks yet.

    Written in the transaction of whatever changed the lead; deleted by the scorer in the
    transaction that applies it. So a change is scored once, whatever dies in between.
    """

    lead = models.ForeignKey("Lead", models.CASCADE, db_index=False, related_name="+")
    signal = models.ForeignKey(Signal, models.CASCADE, null=True, db_index=False, related_name="+")
    day = models.DateField(null=True)
    n = models.IntegerField(default=0)

    objects = PendingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "pending"
        constraints = [
            models.CheckConstraint(
                condition=Q(signal=None, day=None) | Q(signal__isnull=False, day__isnull=False),
                name="leads_pending_signal_has_day",
            ),
        ]

    def __str__(self):
        return f"lead {self.lead_id}"
