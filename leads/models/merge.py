from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class MergeQuerySet(models.QuerySet):
    def standing(self):
        """The merges that were not undone."""
        return self.filter(undone_at=None)

    def visible_to(self, user):
        """The merges into leads that this user may see."""
        leads: Any = self.model._meta.get_field("survivor").related_model
        return self.filter(survivor__in=leads.objects.visible_to(user))


class Merge(models.Model):
    """Two leads became one: which stayed, who did it, and all that is needed to undo it."""

    survivor = models.ForeignKey("Lead", models.CASCADE, related_name="merges")
    other = models.ForeignKey("Lead", models.CASCADE, related_name="merged_by")
    merged_at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    moved = models.JSONField(
        default=dict, help_text="Ids of the rows that moved, and the values that were replaced."
    )
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )

    objects = MergeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["other"], condition=Q(undone_at=None), name="leads_merged_once"
            ),
            models.CheckConstraint(
                condition=~Q(survivor=F("other")), name="leads_not_merged_with_itself"
            ),
        ]
        permissions = [("merge_leads", "Can merge two leads that are one person")]

    def __str__(self):
        return f"{self.other} is {self.survivor}"
