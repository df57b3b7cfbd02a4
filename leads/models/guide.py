from django.db import models

from leads.models.score import Score

# What every definition starts with; both sides make the words their own.
USUAL = {
    Score.Bucket.GOOD_READY: (
        "Reach out within the promised time, with what they looked at in hand.",
        "Let it wait, or send the standard newsletter.",
    ),
    Score.Bucket.POOR_READY: (
        "Marketing asks what they need and keeps them informed.",
        "Sales calls: the company is not one we can serve well.",
    ),
    Score.Bucket.GOOD_UNREADY: (
        "Marketing nurtures; sales may connect on social media.",
        "Sales calls or sends a pitch: it is too early.",
    ),
    Score.Bucket.POOR_UNREADY: (
        "Marketing keeps them on the general newsletter.",
        "Anybody in sales spends time on them.",
    ),
}


class BucketGuide(models.Model):
    """What both sides do, and do not do, with leads of one bucket. Every version has four."""

    definition = models.ForeignKey("MQLDefinition", models.CASCADE, related_name="guides")
    bucket = models.CharField(max_length=12, choices=Score.Bucket, editable=False)
    do = models.CharField("do", max_length=300)
    dont = models.CharField("do not", max_length=300)

    class Meta:
        verbose_name = "bucket"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "bucket"], name="leads_one_guide_a_bucket"
            ),
        ]

    def __str__(self):
        return self.get_bucket_display()

    def form(self):
        """Return the guide in the intermediate form."""
        return {"do": self.do, "dont": self.dont}
