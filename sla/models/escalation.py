from django.db import models
from django.db.models import Q

from sla import deadlines
from sla.models.clock import Clock

WORDS = {
    deadlines.LATE: "Late",
    "remind": "Owner reminded",
    "manager": "Manager told",
    "people": "People told by name",
    "backup": "Moved to the backup",
    "pool": "Moved to the pool",
    "rotation": "Rep taken out of rotation",
    "webhook": "Webhooks called",
    "release": "Released without review",
    "decline": "Declined without review",
}


class Escalation(models.Model):
    """A step that was taken because of a clock: which, when it was due, when it was noticed.

    A step is named by when and what ("before-15-business-remind"), so that it is taken once for a
    clock, also when the clock goes on by another version of its policy. That the promise was missed
    is a step of every clock ("late").
    """

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="escalations")
    step = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    noticed_at = models.DateTimeField()
    event = models.ForeignKey(
        "leads.Event", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    outcome = models.CharField(
        max_length=200, blank=True, default="", help_text="What came of it, where it did something."
    )

    class Meta:
        ordering = ["noticed_at", "due_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["clock", "step"], name="sla_each_step_once"),
        ]
        indexes = [
            # Missed promises, the latest first: the inbox.
            models.Index(
                fields=["-noticed_at"], condition=Q(step="late"), name="sla_escalation_missed"
            ),
        ]

    def __str__(self):
        return f"{self.words}: {self.clock}"

    @property
    def words(self):
        """What was done, in words."""
        return self.outcome or WORDS[self.step.rpartition("-")[2]]
