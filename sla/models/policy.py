from django.db import models, transaction
from django.db.models import Q

from leads.versions import Version, one_at_a_time


class NotDraft(Exception):
    """Only a draft that promises something can be published."""


class PolicyQuerySet(models.QuerySet):
    def live(self):
        """The published policies, in the order in which they are tried."""
        return self.filter(state=Policy.State.PUBLISHED).order_by("position", "pk")


class Policy(Version):
    """One version of a promise: for which leads, and how soon. Published versions never change."""

    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1, editable=False)
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Policies are tried in this order; the first that fits holds."
    )
    segment = models.ForeignKey(
        "leads.Segment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The leads it is for. Empty: every lead that no earlier policy fits.",
    )

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["position", "name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="sla_one_policy_per_version"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(state="published"), name="sla_one_live_policy_per_name"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(compiled__isnull=False),
                name="sla_published_policy_is_compiled",
            ),
        ]
        permissions = [("publish_policy", "Can publish an SLA policy")]

    def __str__(self):
        return f"{self.name} v{self.version}"

    def compile(self):
        """Return what the clocks read: the segment written out, and the targets by clock."""
        return {
            "when": self.segment.form() if self.segment else None,
            "targets": {
                target.clock: {"minutes": target.minutes, "warn_minutes": target.warn_minutes}
                for target in self.targets.all()
            },
        }

    @transaction.atomic
    def draft_from_this(self):
        """Return a new draft version with this one's order, segment and targets."""
        one_at_a_time(Policy)
        latest = Policy.objects.filter(name=self.name).latest("version")
        draft = Policy.objects.create(
            name=self.name, version=latest.version + 1, position=self.position, segment=self.segment
        )
        for target in self.targets.all():
            target.pk, target._state.adding, target.policy = None, True, draft
            target.save()
        return draft

    @transaction.atomic
    def publish(self, *, by, now):
        """Make this draft the live version of its name. Clocks that run keep their version."""
        one_at_a_time(Policy)
        draft = Policy.objects.get(pk=self.pk)
        if not draft.is_draft:
            raise NotDraft(f"{self} is already {draft.get_state_display().lower()}.")
        if not draft.targets.exists():
            raise NotDraft(f"{self} promises nothing yet: add a target.")
        same = Policy.objects.filter(name=self.name)
        self.go_live(draft.compile(), instead_of=same, by=by, now=now)


class Target(models.Model):
    """How soon one thing is promised, in business time."""

    class Clock(models.TextChoices):
        ACCEPT = "accept", "Accept"
        FIRST_TOUCH = "first_touch", "First touch"

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="targets")
    clock = models.CharField(max_length=12, choices=Clock)
    minutes = models.PositiveIntegerField(help_text="Business minutes from the handoff.")
    warn_minutes = models.PositiveIntegerField(
        default=5, help_text="Business minutes before the deadline when the owner is reminded."
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "clock"], name="sla_one_target_per_clock"),
            models.CheckConstraint(
                condition=Q(minutes__gte=1, minutes__lte=60 * 24 * 60),
                name="sla_target_minutes_make_sense",
            ),
        ]

    def __str__(self):
        return f"{self.get_clock_display()} within {self.minutes} business minutes"
