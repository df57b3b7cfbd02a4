from django.db import models
from django.db.models import Q


class Score(models.Model):
    """What a lead scores by the live definition; while a `Rescoring` runs, by it or the one before.

    Narrow on purpose: rescoring everybody writes here and leaves the wide lead row alone. A row
    is written when what it says changes: `definition` and `scored_at` tell what changed it last.
    """

    class Bucket(models.TextChoices):
        GOOD_READY = "good_ready", "Good fit, ready"
        POOR_READY = "poor_ready", "Poor fit, ready"
        GOOD_UNREADY = "good_unready", "Good fit, not ready"
        POOR_UNREADY = "poor_unready", "Poor fit, not ready"

    class Tier(models.TextChoices):
        A = "A"
        B = "B"
        C = "C"
        D = "D"

    lead = models.OneToOneField("Lead", models.CASCADE, primary_key=True, related_name="score")
    definition = models.ForeignKey("MQLDefinition", models.PROTECT, null=True, related_name="+")
    fit = models.IntegerField(default=0)
    interest = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    tier = models.CharField(max_length=1, choices=Tier, default=Tier.D)
    bucket = models.CharField(max_length=12, choices=Bucket, default=Bucket.POOR_UNREADY)
    do_not_pass = models.BooleanField(default=False)
    fast_track = models.BooleanField(default=False)
    qualifies = models.BooleanField(default=False)
    borderline = models.BooleanField(
        default=False, help_text="So close to the thresholds that a person decides."
    )
    scored_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Read by qualify_missed().
            models.Index(
                fields=["lead"],
                condition=Q(qualifies=True) | Q(borderline=True),
                name="leads_score_passing",
            ),
        ]

    def __str__(self):
        return f"{self.total} ({self.tier})"
