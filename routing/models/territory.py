from django.core.exceptions import ValidationError
from django.db import models

from routing.models.team import Pool, Rep


class TerritoryQuerySet(models.QuerySet["Territory"]):
    def forms(self):
        """Return these in the intermediate form, in their order, with as many queries for many."""
        asked = self.select_related("pool", "primary__user", "backup__user")
        return [one.form() for one in asked.prefetch_related("segment__conditions__signal")]


class Territory(models.Model):
    """A part of the market with somebody who answers for it. The first that holds counts."""

    name = models.CharField(max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(
        default=1, help_text="Where two territories overlap, the lower number has the lead."
    )
    segment = models.ForeignKey(
        "leads.Segment",
        models.PROTECT,
        related_name="+",
        help_text="Countries, regions, postal codes, company sizes, industries or lists.",
    )
    primary = models.ForeignKey(
        Rep,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Gets its leads. Empty: the pool does.",
    )
    backup = models.ForeignKey(
        Rep,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Gets them when the primary cannot.",
    )
    pool = models.ForeignKey(
        Pool, models.PROTECT, related_name="+", help_text="Has them when neither can."
    )

    objects = TerritoryQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "territories"

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        if self.backup_id and not self.primary_id:
            raise ValidationError({"backup": "Name the primary first: this is who stands in."})
        if self.backup_id and self.backup_id == self.primary_id:
            raise ValidationError({"backup": "The backup is somebody else than the primary."})

    def form(self):
        """Return the territory in the intermediate form, its segment written out."""
        return {
            "id": self.pk,
            "name": self.name,
            "when": self.segment.form(),
            "primary": self.primary_id,
            "primary_name": str(self.primary or ""),
            "backup": self.backup_id,
            "backup_name": str(self.backup or ""),
            "pool": self.pool_id,
            "pool_name": self.pool.name,
        }
