from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Greatest

LONGEST_STAY = 1_000  # days


class LifecycleStage(models.Model):
    """A place on the path from lead to customer, with the words both sides agreed on."""

    class Key(models.TextChoices):
        LEAD = "lead", "Lead"
        MQL = "mql", "MQL"
        SQL = "sql", "SQL"
        OPPORTUNITY = "opportunity", "Opportunity"
        CUSTOMER = "customer", "Customer"

    key = models.CharField(max_length=12, primary_key=True, choices=Key)
    position = models.PositiveSmallIntegerField(unique=True)
    label = models.CharField(max_length=40)
    definition = models.TextField(help_text="What both sides mean by this stage.")
    next_step_owner = models.CharField(max_length=80, blank=True, default="")
    signals = models.TextField(
        max_length=1000, blank=True, default="", help_text="By what one tells that it is reached."
    )
    required_data = models.TextField(
        max_length=1000, blank=True, default="", help_text="What must be known of a lead in it."
    )
    longest_stay = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_STAY)],
        help_text="Days after which a lead counts as stuck in it. Empty: it may stay.",
    )

    WORDS = (
        *("label", "definition", "next_step_owner", "signals", "required_data"),
        "longest_stay",
    )

    class Meta:
        ordering = ["position"]

    def __str__(self):
        return self.label

    def agree(self, *, by, now):
        """Keep the words as they are now as the next version; return it, None if they are kept."""
        words = {name: getattr(self, name) for name in self.WORDS}
        last = self.wordings.first()
        if last is not None and all(getattr(last, name) == said for name, said in words.items()):
            return None
        version = last.version + 1 if last else 1
        return self.wordings.create(version=version, agreed_by=by, agreed_at=now, **words)


class StageWording(models.Model):
    """What a stage meant from a moment on: one version of the words that both sides agreed on."""

    stage = models.ForeignKey(LifecycleStage, models.CASCADE, related_name="wordings")
    version = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=40)
    definition = models.TextField()
    next_step_owner = models.CharField(max_length=80, blank=True, default="")
    signals = models.TextField(blank=True, default="")
    required_data = models.TextField(blank=True, default="")
    longest_stay = models.PositiveSmallIntegerField(null=True, blank=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    agreed_at = models.DateTimeField()

    class Meta:
        ordering = ["stage", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "version"], name="leads_one_wording_per_version"
            ),
        ]

    def __str__(self):
        return f"Version {self.version}"

    def in_words(self):
        """Return everything but the label, as sentences."""
        stay = f"{self.longest_stay} days" if self.longest_stay else ""
        parts = (
            ("", self.definition),
            ("Next step: ", self.next_step_owner),
            ("Signals: ", self.signals),
            ("Required: ", self.required_data),
            ("Longest stay: ", stay),
        )
        return " ".join(f"{name}{said.rstrip('.')}." for name, said in parts if said)


class StageTransition(models.Model):
    """A lead's move from one stage to another: who or what moved it, why, and when."""

    lead = models.ForeignKey("Lead", models.CASCADE, related_name="transitions")
    from_stage = models.ForeignKey(LifecycleStage, models.PROTECT, null=True, related_name="+")
    to_stage = models.ForeignKey(LifecycleStage, models.PROTECT, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    cause = models.CharField(max_length=200)
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "pk"]
        indexes = [models.Index(fields=["lead", "happened_at"], name="leads_transition_lead")]

    def __str__(self):
        return f"{self.from_stage_id or 'new'} -> {self.to_stage_id}"


def in_stage_since():
    """An expression over leads: since when each is in its stage.

    A lead that became an MQL once more, out of nurture, is in its stage since then.
    """
    entered, answers = _entries()
    return Greatest(
        "created_at",
        Subquery(entered.order_by("-happened_at").values("happened_at")[:1]),
        Subquery(answers.order_by("-decided_at").values("decided_at")[:1]),
    )


def in_stage_longer(stage, *, days, now):
    """A condition over leads: `in_stage_since` lies more than so many days back, in this stage.

    It asks for later entries instead of the latest one, which the database answers at once for
    all leads.
    """
    at = now - timedelta(days=days)
    entered, answers = _entries()
    return (
        Q(stage=stage, created_at__lte=at)
        & ~Exists(entered.filter(happened_at__gt=at))
        & ~Exists(answers.filter(decided_at__gt=at))
    )


def _entries():
    lead = OuterRef("pk")
    answers = apps.get_model("leads.Qualification").objects.filter(lead=lead, state="confirmed")
    return StageTransition.objects.filter(lead=lead, to_stage=OuterRef("stage")), answers
