from django.db import models
from django.db.models import Q


class InvariantCheck(models.Model):
    """One look at all invariants: what was found wrong, or that nothing was."""

    checked_at = models.DateTimeField()
    seconds = models.FloatField(help_text="How long it took.")
    results = models.JSONField(help_text="For each invariant its key, a count and examples.")
    violated = models.PositiveSmallIntegerField(help_text="How many invariants do not hold.")

    class Meta:
        ordering = ["-checked_at", "-pk"]
        indexes = [models.Index(fields=["-checked_at", "-id"], name="reporting_check_newest")]
        permissions = [
            ("view_health", "Can see whether all is well, and misdirected leads"),
            ("be_told_of_leaks", "Is told of leads that nobody has"),
        ]

    def __str__(self):
        return f"Check of {self.checked_at:%d %b %Y %H:%M}"


class Leak(models.Model):
    """A lead that an invariant found with nobody: since when, and since when no longer.

    Somebody is told when it is noticed, and again only if it comes back after it was mended.
    """

    key = models.CharField(max_length=40, help_text="The invariant's.")
    row = models.BigIntegerField(help_text="The id of what breaks it.")
    noticed_at = models.DateTimeField()
    mended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "row"], condition=Q(mended_at=None), name="reporting_one_open_leak"
            ),
        ]

    def __str__(self):
        return f"{self.key} {self.row}"
