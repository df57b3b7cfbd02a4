from django.db import models
from django.db.models import Q

from routing.models.team import Pool, Rep


class DecisionQuerySet(models.QuerySet["Decision"]):
    def in_chunks(self, size):
        """Yield these in the order in which they were made, in lists of at most this size.

        A cursor would hold all of them in memory here, behind a transaction pooler.
        """
        asked = self.order_by("decided_at", "pk")
        chunk = list(asked[:size])
        while chunk:
            yield chunk
            last = chunk[-1]
            behind = Q(decided_at__gt=last.decided_at) | Q(pk__gt=last.pk)
            chunk = list(asked.filter(behind, decided_at__gte=last.decided_at)[:size])


class Decision(models.Model):
    """One run of the router with all it looked at, so that it can be explained and replayed."""

    handoff = models.ForeignKey("Handoff", models.CASCADE, related_name="decisions")
    rule_set = models.ForeignKey("RuleSet", models.PROTECT, related_name="+")
    rule_label = models.CharField(max_length=80)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="+")
    rep = models.ForeignKey(Rep, models.PROTECT, null=True, related_name="+")
    nobody = models.BooleanField(
        default=False, help_text="It waits because nobody could take it, not to be claimed."
    )
    inputs = models.JSONField(
        default=dict, help_text="All that was looked at, see routing.inputs.Inputs."
    )
    trace = models.JSONField(help_text="Rules tried, candidates with reasons, turns before/after.")
    decided_at = models.DateTimeField()

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_at", "-pk"]
        indexes = [
            # The replay reads them in the order in which they were made.
            models.Index(fields=["decided_at", "id"], name="routing_decision_in_order"),
        ]

    def __str__(self):
        return f"{self.rule_label} -> {self.rep or self.pool}"


class Assignment(models.Model):
    """Who held a handoff, from when to when."""

    handoff = models.ForeignKey("Handoff", models.CASCADE, related_name="assignments")
    rep = models.ForeignKey(Rep, models.PROTECT, related_name="assignments")
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="+")
    cause = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["started_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff"],
                condition=Q(ended_at=None),
                name="routing_one_open_assignment_per_handoff",
            ),
        ]
        # How many somebody got today, against their cap.
        indexes = [models.Index(fields=["rep", "started_at"], name="routing_assignment_of_day")]

    def __str__(self):
        return f"{self.rep} holds handoff {self.handoff_id}"
