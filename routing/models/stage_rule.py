"""What happens to leads that stay too long in a stage."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef

from leads.models import Lead, LifecycleStage
from leads.models.lifecycle import LONGEST_STAY, in_stage_longer, in_stage_since
from routing.models.follow_up import FollowUp
from routing.models.handoff import Handoff
from routing.models.reassignment import OWNED, PLACED
from routing.models.recycling import Recycling
from routing.models.team import Pool, Rep


def stuck(leads, stage, *, days, now):
    """Those of the leads that are in this stage for more than so many days, longest first.

    Left out is who rests on a track until something wakes it, and who is disqualified: nobody is
    expected to move them. Each has `stage_since`.
    """
    resting = Recycling.objects.waiting().filter(handoff__lead=OuterRef("pk"))
    longer = leads.known().filter(in_stage_longer(stage, days=days, now=now))
    found = longer.exclude(status=Lead.Status.UNQUALIFIED).exclude(Exists(resting))
    return found.annotate(stage_since=in_stage_since()).order_by("stage_since", "pk")


class StageRule(models.Model):
    """When a lead is in a stage for longer than so many days, something is done, once."""

    class Action(models.TextChoices):
        FOLLOW_UP = "follow_up", "Plan a follow-up for whoever has the lead"
        MOVE = "move", "Give the lead to somebody else"
        NOTIFY = "notify", "Tell people"

    class Told(models.TextChoices):
        OWNER = "owner", "Whoever has the lead"
        MANAGERS = "managers", "Those who may reassign every lead"
        MARKETING = "marketing", "Those in marketing who decide about leads"

    stage = models.ForeignKey(LifecycleStage, models.PROTECT, related_name="+")
    days = models.PositiveSmallIntegerField(
        "longer than (days)", validators=[MinValueValidator(1), MaxValueValidator(LONGEST_STAY)]
    )
    action = models.CharField("what happens", max_length=9, choices=Action)
    kind = models.CharField(
        "kind of follow-up",
        max_length=13,
        choices=FollowUp.PLANNED,
        blank=True,
        default="",
        help_text="Where a follow-up is planned. The policy says by when it is due.",
    )
    note = models.CharField(
        max_length=300, blank=True, default="", help_text="What whoever has the lead shall do."
    )
    to_rep = models.ForeignKey(
        Rep,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="to the rep",
        help_text="Where the lead is given to somebody else: a rep or a pool.",
    )
    to_pool = models.ForeignKey(
        Pool, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="to the pool"
    )
    told = models.CharField(
        "who is told", max_length=9, choices=Told, blank=True, default="", help_text="By a notice."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["stage__position", "days", "pk"]
        verbose_name = "rule for long stays"
        verbose_name_plural = "rules for long stays"

    def __str__(self):
        return f"{self.stage} for more than {self.days} {'day' if self.days == 1 else 'days'}"

    NEEDS: ClassVar[dict[str, tuple[str, str]]] = {
        Action.FOLLOW_UP: ("kind", "Choose what kind of follow-up is planned."),
        Action.NOTIFY: ("told", "Choose who is told."),
    }

    def clean(self):
        name, problem = self.NEEDS.get(self.action, ("", ""))
        if name and not getattr(self, name):
            raise ValidationError({name: problem})
        if self.action == self.Action.MOVE and (self.to_rep is None) == (self.to_pool is None):
            raise ValidationError({"to_rep": "Choose either a rep or a pool."})

    def does(self):
        """Say what happens, in words."""
        if self.action == self.Action.FOLLOW_UP:
            return f"Plan a follow-up: {self.get_kind_display().lower()}"
        if self.action == self.Action.MOVE:
            return f"Give the lead to {self.to_rep or self.to_pool}"
        return f"Tell: {self.get_told_display().lower()}"

    def due(self, *, now):
        """The leads for which it is to be done: long enough there, and not yet done since then.

        What needs somebody who has the lead waits until there is one.
        """
        found = stuck(Lead.objects.unmerged(), self.stage_id, days=self.days, now=now)
        done = StageRuleRun.objects.filter(
            rule=self, lead=OuterRef("pk"), since=OuterRef("stage_since")
        )
        at = self._states()
        if at:
            open_ones = Handoff.objects.filter(lead=OuterRef("pk"), state__in=at)
            found = found.filter(Exists(open_ones))
        return found.filter(~Exists(done))

    def _states(self):
        """The states of a lead's handoff in which it can be done; none: in all, and without one."""
        if self.action == self.Action.MOVE:
            return PLACED
        to_owner = self.action == self.Action.NOTIFY and self.told == self.Told.OWNER
        return OWNED if to_owner or self.action == self.Action.FOLLOW_UP else ()


class StageRuleRun(models.Model):
    """That a rule was carried out for one stay of one lead. A later stay is another one."""

    rule = models.ForeignKey(StageRule, models.PROTECT, related_name="runs")
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="stage_rule_runs")
    since = models.DateTimeField(help_text="When the lead came into the stage.")
    done_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "lead", "since"], name="routing_one_run_per_stay"
            ),
        ]

    def __str__(self):
        return f"{self.rule}: {self.lead}"
