from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q


class DuplicateQuerySet(models.QuerySet):
    def proposed(self):
        """Those that wait for an answer."""
        return self.filter(state=Duplicate.State.PROPOSED)

    def visible_to(self, user):
        """The pairs of leads of which this user may see both."""
        leads: Any = self.model._meta.get_field("first").related_model
        visible = leads.objects.visible_to(user)
        return self.filter(first__in=visible, second__in=visible)

    def of(self, lead):
        return self.filter(Q(first=lead) | Q(second=lead))


class Duplicate(models.Model):
    """Two leads that may be one person: why, how likely, and what somebody said to it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        DISMISSED = "dismissed", "Not the same"
        MERGED = "merged", "Merged"

    first = models.ForeignKey("Lead", models.CASCADE, related_name="+")
    second = models.ForeignKey("Lead", models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    score = models.PositiveSmallIntegerField(help_text="How likely, out of 100.")
    reasons = models.JSONField(default=list, help_text="What both have in common, in words.")
    basis = models.CharField(
        max_length=64, help_text="Of the data that was compared: a new answer needs new data."
    )
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = DuplicateQuerySet.as_manager()

    class Meta:
        verbose_name = "possible duplicate"
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="leads_one_row_per_pair"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="leads_pair_in_order"),
        ]
        indexes = [
            models.Index(
                fields=["-score", "id"],
                condition=Q(state="proposed"),
                name="leads_duplicate_proposed",
            ),
        ]

    def __str__(self):
        return f"{self.first} and {self.second}"

    def dismiss(self, *, by, now):
        """They are two people. The pair comes back only if what was compared changes."""
        waiting = Duplicate.objects.proposed().filter(pk=self.pk)
        waiting.update(state=self.State.DISMISSED, decided_at=now, actor=by)
        self.refresh_from_db(fields=["state", "decided_at", "actor"])

    def other_than(self, lead):
        return self.second if self.first_id == lead.pk else self.first


class MatchKeys(models.Model):
    """What a lead may have in common with a duplicate, as of the row that was last looked at."""

    lead = models.OneToOneField("Lead", models.CASCADE, primary_key=True, related_name="+")
    seen = models.DateTimeField(help_text="The lead's `updated_at` as it was then.")
    keys = ArrayField(models.TextField(), default=list)

    class Meta:
        verbose_name_plural = "match keys"
        indexes = [GinIndex(fields=["keys"], name="leads_match_keys", fastupdate=False)]

    def __str__(self):
        return f"Keys of {self.lead_id}"
