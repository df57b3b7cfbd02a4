from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from leads.models.rule import BOUNDS, ScoringRule
from leads.versions import Version, one_at_a_time


class NotPublishable(Exception):
    """The draft lacks something that every published definition has."""


class DefinitionQuerySet(models.QuerySet):
    def live(self):
        """Return the published definition, or None before the first one."""
        return self.filter(state=MQLDefinition.State.PUBLISHED).first()


class MQLDefinition(Version):
    """One version of what marketing and sales call an MQL. Published versions never change."""

    version = models.PositiveIntegerField(unique=True, editable=False)
    note = models.CharField(max_length=300, blank=True, default="", help_text="What changed, why.")
    fit_threshold = models.IntegerField(
        null=True,
        blank=True,
        validators=BOUNDS,
        help_text="Points of fit that a lead needs. Empty: not asked.",
    )
    interest_threshold = models.IntegerField(
        null=True,
        blank=True,
        validators=BOUNDS,
        help_text="Points of interest that a lead needs. Empty: not asked.",
    )
    total_threshold = models.IntegerField(
        null=True,
        blank=True,
        validators=BOUNDS,
        help_text="Points in total that a lead needs. Empty: not asked.",
    )
    tier_a = models.IntegerField(
        "tier A from", validators=BOUNDS, default=80, help_text="Total points."
    )
    tier_b = models.IntegerField(
        "tier B from", validators=BOUNDS, default=60, help_text="Total points."
    )
    tier_c = models.IntegerField(
        "tier C from", validators=BOUNDS, default=40, help_text="Total points; D below."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    objects = DefinitionQuerySet.as_manager()

    THRESHOLDS = ("fit_threshold", "interest_threshold", "total_threshold")

    class Meta:
        verbose_name = "MQL definition"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="published"), name="leads_one_live_definition"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(compiled__isnull=False),
                name="leads_published_definition_is_compiled",
            ),
        ]
        permissions = [
            ("publish_mqldefinition", "Can publish an MQL definition"),
            ("approve_for_marketing", "Can approve a definition for marketing"),
            ("approve_for_sales", "Can approve a definition for sales"),
        ]

    def __str__(self):
        return f"MQL definition v{self.version}"

    def clean(self):
        if not self.tier_a > self.tier_b > self.tier_c:
            raise ValidationError({"tier_a": "Tier A must start above B, and B above C."})

    def compile(self):
        """Return the definition in the intermediate form that scoring reads.

        Rules come in the order in which they are checked. Segments are written out, so that
        editing one later changes drafts alone.
        """
        rules = [
            rule.form()
            for rule in self.rules.select_related("segment", "signal", "group").order_by(
                "position", "pk"
            )
        ]
        return {
            "thresholds": {
                axis: getattr(self, f"{axis}_threshold") for axis in ("fit", "interest", "total")
            },
            "tiers": {"A": self.tier_a, "B": self.tier_b, "C": self.tier_c},
            "groups": [
                {"id": group.pk, "name": group.name, "kind": group.kind, "cap": group.cap}
                for group in self.groups.order_by("pk")
            ],
            "rules": rules,
        }

    @classmethod
    @transaction.atomic
    def draft_from_live(cls, *, by):
        """Return a new draft with what the live version has, or an empty one before the first."""
        one_at_a_time(cls)
        live = cls.objects.live()
        last = cls.objects.order_by("-version").values_list("version", flat=True).first() or 0
        return (live or cls()).copied(version=last + 1, by=by)

    @transaction.atomic
    def draft_from_this(self, *, by):
        """Return a new draft with what this version has: how one goes back to an older one."""
        one_at_a_time(MQLDefinition)
        return self.copied(version=MQLDefinition.objects.latest("version").version + 1, by=by)

    def copied(self, *, version, by):
        """Return a draft of that number with this one's thresholds, tiers, groups and rules."""
        kept = {name: getattr(self, name) for name in ("tier_a", "tier_b", "tier_c")}
        kept |= {name: getattr(self, name) for name in self.THRESHOLDS}
        draft = MQLDefinition.objects.create(version=version, created_by=by, **kept)
        if self.pk is None:
            return draft
        groups: dict = {None: None}
        for group in self.groups.order_by("pk"):
            groups[group.pk] = draft.groups.create(name=group.name, kind=group.kind, cap=group.cap)
        for rule in self.rules.order_by("position", "pk"):
            rule.pk, rule._state.adding, rule.definition = None, True, draft
            rule.group = groups[rule.group_id]
            rule.save()
        return draft

    @transaction.atomic
    def publish(self, *, by, now):
        """Make this draft the live version and retire the one before.

        Raise NotPublishable for a version that is no draft or that nothing could ever trigger.
        Leads are rescored by the sweep that looks for scores of an older version.
        """
        one_at_a_time(MQLDefinition)
        draft = MQLDefinition.objects.get(pk=self.pk)
        if not draft.is_draft:
            raise NotPublishable(f"{self} is already {draft.get_state_display().lower()}.")
        fast = draft.rules.filter(kind=ScoringRule.Kind.FAST_TRACK).exists()
        if not fast and all(getattr(draft, name) is None for name in self.THRESHOLDS):
            raise NotPublishable("Set a threshold or a fast-track rule: nothing could qualify.")
        self.go_live(draft.compile(), instead_of=MQLDefinition.objects.all(), by=by, now=now)
