from django.conf import settings
from django.db import models
from django.db.models import Q


class Score(models.Model):
    """What a lead scores by the definition that was live when it was last scored.

    Narrow on purpose: rescoring everybody writes here and leaves the wide lead row alone.
    """

    class Bucket(models.TextChoices):
        GOOD_READY = "good_ready", "Good fit, ready"
        POOR_READY = "poor_ready", "Poor fit, ready"
        GOOD_UNREADY = "good_unready", "Good fit, not ready"
        POOR_UNREADY = "poor_unready", "Poor fit, not ready"

    lead = models.OneToOneField("Lead", models.CASCADE, primary_key=True, related_name="score")
    definition = models.ForeignKey("MQLDefinition", models.PROTECT, null=True, related_name="+")
    fit = models.IntegerField(default=0)
    interest = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    tier = models.CharField(max_length=1, default="D")
    bucket = models.CharField(max_length=12, choices=Bucket, default=Bucket.POOR_UNREADY)
    do_not_pass = models.BooleanField(default=False)
    fast_track = models.BooleanField(default=False)
    qualifies = models.BooleanField(default=False)
    scored_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Read by qualify_missed().
            models.Index(fields=["lead"], condition=Q(qualifies=True), name="leads_score_passing"),
        ]

    def __str__(self):
        return f"{self.total} ({self.tier})"


class Qualification(models.Model):
    """The fact that a lead became an MQL: by which definition, with which score, and why."""

    class Cause(models.TextChoices):
        THRESHOLD = "threshold", "Reached the thresholds"
        FAST_TRACK = "fast_track", "Fast track"

    lead = models.ForeignKey("Lead", models.CASCADE, related_name="qualifications")
    ordinal = models.PositiveSmallIntegerField(help_text="1 for the first time, 2 for the second.")
    definition = models.ForeignKey("MQLDefinition", models.PROTECT, related_name="+")
    cause = models.CharField(max_length=12, choices=Cause)
    fit = models.IntegerField()
    interest = models.IntegerField()
    total = models.IntegerField()
    tier = models.CharField(max_length=1)
    explanation = models.JSONField(help_text="The waterfall at that moment; adds up to the total.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    qualified_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "ordinal"], name="leads_one_qualification_per_ordinal"
            ),
        ]

    def __str__(self):
        return f"MQL {self.ordinal} of lead {self.lead_id}"
