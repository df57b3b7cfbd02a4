"""Once a month: which MQLs nobody has moved for long, and what a marketer said to each."""

from datetime import timedelta

from django.db import models
from django.db.models import Exists, OuterRef

from leads.models import Lead, LifecycleStage, Touchpoint
from routing.models.follow_up import FollowUp
from routing.models.handoff import Handoff
from routing.models.recycling import Recycling
from routing.models.stage_rule import stuck
from routing.models.touch import Touch

QUIET = 90  # days without any activity
MOST = 2_000  # leads that one month proposes; the longest ones first


def quiet(*, now):
    """The MQLs without activity for long: the lead did nothing, nobody reached out or plans to."""
    at, lead = now - timedelta(days=QUIET), OuterRef("pk")
    handoffs = Handoff.objects.filter(lead=lead)
    about_to_move = handoffs.filter(state__in=(Handoff.State.REVIEW, Handoff.State.NEW))
    did = Touchpoint.objects.filter(lead=lead, occurred_at__gt=at)
    touched = Touch.objects.filter(handoff__lead=lead, occurred_at__gt=at)
    planned = FollowUp.objects.open().filter(handoff__lead=lead, due_at__gt=now)
    found = stuck(Lead.objects.unmerged(), LifecycleStage.Key.MQL, days=QUIET, now=now)
    return found.filter(
        *(~Exists(rows) for rows in (about_to_move, did, touched, planned)), Exists(handoffs)
    )


class CleanUp(models.Model):
    """One month's proposals. The unique month lets one sweep alone make them."""

    month = models.DateField(unique=True)
    made_at = models.DateTimeField()

    def __str__(self):
        return f"{self.month:%B %Y}"


class CleanUpItem(models.Model):
    """One MQL without activity: proposed to rest, and what somebody said to it."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        RESTS = "rests", "Rests"
        KEPT = "kept", "Kept as it is"

    clean_up = models.ForeignKey(CleanUp, models.CASCADE, related_name="items")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="clean_up_items")
    since = models.DateTimeField(help_text="Since when it is an MQL.")
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    recycling = models.OneToOneField(Recycling, models.SET_NULL, null=True, related_name="+")
    withdrawn_from = models.CharField(
        max_length=10, blank=True, default="", help_text="The state of the handoff that ended."
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("leads.User", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-clean_up__month", "since", "pk"]
        verbose_name = "MQL without activity"
        verbose_name_plural = "MQLs without activity"
        constraints = [
            models.UniqueConstraint(
                fields=["clean_up", "lead"], name="routing_one_proposal_per_month"
            ),
        ]
        permissions = [("decide_clean_up", "Can let MQLs without activity rest")]

    def __str__(self):
        return f"{self.lead}, {self.clean_up}"
