from django.conf import settings
from django.db import models


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

    class Meta:
        ordering = ["position"]

    def __str__(self):
        return self.label


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
