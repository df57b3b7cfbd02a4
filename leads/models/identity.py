from typing import Any

from django.db import models
from django.utils import timezone

from leads import bulk


class IdentityQuerySet(models.QuerySet):
    def claim(self, kind, value):
        """Return the identity, made if it is new, with its row locked until the transaction ends.

        Two transactions that name the same identity meet here: the second waits for the first.
        """
        return self.claim_all(kind, [value])[value]

    def claim_all(self, kind, values):
        """Return `{value: identity}` as `claim` does, locked in a fixed order.

        A name that was erased while we waited for its row is nobody's, and made again.
        """
        bulk.add(
            Identity,
            ["value"],
            ([value] for value in sorted(set(values))),
            passing_over=True,
            kind=kind,
            created_at=timezone.now(),
        )
        named = self.filter(kind=kind, value__in=values).order_by("kind", "value")
        locked: Any = named.select_for_update()
        found = {identity.value: identity for identity in locked}
        return found if found.keys() >= set(values) else self.claim_all(kind, values)


class Identity(models.Model):
    """A name by which some system knows a person. Without a lead, its touchpoints wait."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail address"
        USER = "user", "User id"
        ANONYMOUS = "anonymous", "Anonymous id"
        EXTERNAL = "external", "Id in another system"

    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=320)
    lead = models.ForeignKey("Lead", models.CASCADE, null=True, related_name="identities")
    belongs_to = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="others",
        help_text="The name with which it was seen; it gets that one's lead.",
    )
    traits = models.JSONField(
        default=dict, help_text="What was said of somebody who is no lead yet."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = IdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["kind", "value"], name="leads_one_identity_per_value"),
        ]

    def __str__(self):
        return f"{self.kind}:{self.value}"
