import hashlib
import json

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q

from leads.conditions.terms import terms_of
from leads.models.segment import ConditionColumns
from leads.versions import one_at_a_time

OTHER_POINTS = "The group is for other points than this rule's."
MOST_POINTS = 10_000  # that a rule may give or take, or a threshold ask for
BOUNDS = [MinValueValidator(-MOST_POINTS), MaxValueValidator(MOST_POINTS)]


class NotPublishable(Exception):
    """The draft lacks something that every published definition has."""


class DefinitionQuerySet(models.QuerySet):
    def live(self):
        """Return the published definition, or None before the first one."""
        return self.filter(state=MQLDefinition.State.PUBLISHED).first()


class MQLDefinition(models.Model):
    """One version of what marketing and sales call an MQL. Published versions never change."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    version = models.PositiveIntegerField(unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
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
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    published_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    compiled = models.JSONField(
        null=True, editable=False, help_text="What scoring reads: rules with segments inlined."
    )
    content_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

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

    @property
    def is_draft(self):
        return self.state == self.State.DRAFT

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
        live = MQLDefinition.objects.filter(state=self.State.PUBLISHED)
        live.update(state=self.State.RETIRED, retired_at=now)
        compiled = draft.compile()
        text = json.dumps(compiled, sort_keys=True)
        MQLDefinition.objects.filter(pk=self.pk).update(
            state=self.State.PUBLISHED,
            published_by=by,
            published_at=now,
            compiled=compiled,
            content_hash=hashlib.sha256(text.encode()).hexdigest(),
        )
        self.refresh_from_db()


class RuleGroup(models.Model):
    """Rules of one axis whose points together have a cap."""

    class Kind(models.TextChoices):
        FIT = "fit", "Fit points"
        INTEREST = "interest", "Interest points"

    definition = models.ForeignKey(MQLDefinition, models.CASCADE, related_name="groups")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.INTEREST)
    cap = models.PositiveSmallIntegerField(
        help_text="The most points that the group's rules give together."
    )

    class Meta:
        verbose_name = "group"
        constraints = [
            models.UniqueConstraint(fields=["definition", "name"], name="leads_one_group_per_name"),
        ]

    def __str__(self):
        return f"{self.name} (at most {self.cap})"

    def clean(self):
        super().clean()
        if self.pk and self.rules.exclude(kind=self.kind).exists():
            raise ValidationError({"kind": "Rules of the group give other points."})


class ScoringRule(ConditionColumns):
    """One rule of a definition: a do-not-pass or fast-track case, or points on one axis."""

    class Kind(models.TextChoices):
        DO_NOT_PASS = "do_not_pass", "Do not pass"
        FAST_TRACK = "fast_track", "Fast track"
        FIT = "fit", "Fit points"
        INTEREST = "interest", "Interest points"

    definition = models.ForeignKey(MQLDefinition, models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=12, choices=Kind)
    label = models.CharField(max_length=80, help_text="What a rep reads, e.g. 'Pricing page'.")
    segment = models.ForeignKey(
        "Segment",
        models.PROTECT,
        null=True,
        blank=True,
        help_text="Asks for a segment instead of a single field.",
    )
    points = models.IntegerField(default=0, validators=BOUNDS, help_text="May be negative.")
    per = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1)],
        help_text="Touchpoints for which the points are given once: 3 opens = 5 points.",
    )
    cap = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The most points this rule gives (or takes)."
    )

    half_life_days = models.PositiveSmallIntegerField(
        "half-life",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days after which a touchpoint is worth half. Empty: points do not fade.",
    )
    group = models.ForeignKey(
        RuleGroup, models.SET_NULL, null=True, blank=True, related_name="rules"
    )

    class Meta:
        verbose_name = "rule"
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(per__gte=1), name="leads_rule_per_is_positive"),
            # Many rules add up in an integer column.
            models.CheckConstraint(
                condition=Q(points__range=(-MOST_POINTS, MOST_POINTS)),
                name="leads_rule_points_are_bounded",
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def counts_behaviour(self):
        return bool(self.signal_id) and not self.field

    def clean(self):
        super().clean()
        if sum([bool(self.segment_id), bool(self.field), self.counts_behaviour]) != 1:
            raise ValidationError(
                "A rule asks for exactly one of: a segment, a field, or a signal in a window."
            )
        if self.counts_behaviour and self.kind in (self.Kind.DO_NOT_PASS, self.Kind.FAST_TRACK):
            raise ValidationError({"field": "Choose 'Behaviour' and an operator for this rule."})
        if self.half_life_days and not self.counts_behaviour:
            raise ValidationError({"half_life_days": "Only counted signals fade."})
        if self.group and (self.group.kind, self.group.definition) != (self.kind, self.definition):
            raise ValidationError({"group": OTHER_POINTS})
        if self.segment:
            self._refuse_scores(self.segment.form(), "segment")
        elif self.field:
            self._refuse_scores({"all": [self.term()]}, "field")
        if self.counts_behaviour and not self.window_days:
            raise ValidationError({"window_days": "Say in how many days the signal counts."})

    def form(self):
        """Return the rule in the intermediate form: a typed term of the definition."""
        common = {
            "id": self.pk,
            "kind": self.kind,
            "label": self.label,
            "points": self.points,
            "group": self.group_id,
            "group_name": self.group.name if self.group else None,
        }
        if self.group and self.group.kind != self.kind:
            raise ValidationError({"group": f"{self}: {OTHER_POINTS}"})
        if self.signal is not None and self.counts_behaviour:
            return common | {
                "type": "count",
                "signal": self.signal_id,
                "signal_name": self.signal.name,
                "per": self.per,
                "days": self.window_days,
                "cap": self.cap,
                "half_life": self.half_life_days,
            }
        when = self.segment.form() if self.segment else {"all": [self.term()]}
        self._refuse_scores(when, "segment" if self.segment else "field")
        return common | {"type": "when", "when": when}

    def _refuse_scores(self, when, column):
        """A score that asks for itself would change with every scoring."""
        if any(term["field"].startswith("score.") for _, term in terms_of(when)):
            raise ValidationError({column: f"{self}: a rule cannot ask for the score it makes."})
