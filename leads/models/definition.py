from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q

from leads.models.custom_field import CustomField
from leads.models.guide import USUAL
from leads.models.needed import NeededFields
from leads.models.nurture import NurtureTrack
from leads.models.rule import BOUNDS, ScoringRule
from leads.models.score import Score
from leads.models.sign_off import NotApprovable, NotPublishable, SignedOff, side_of
from leads.models.signal import Signal
from leads.versions import one_at_a_time

# Rules in force. PostgreSQL returns at most 1,664 columns, and the scoring statement returns two
# for every rule beside its totals.
MOST_RULES = 800


class DefinitionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The versions that this user may read: those in the making are for who has the admin."""
        if not user.has_perm("leads.view_mqldefinition"):
            return self.none()
        if user.has_perm("leads.use_admin"):
            return self
        return self.exclude(state=MQLDefinition.State.DRAFT)

    def live(self):
        """Return the published definition, or None before the first one."""
        return self.filter(state=MQLDefinition.State.PUBLISHED).first()


class MQLDefinition(NeededFields, SignedOff):
    """One version of what marketing and sales call an MQL. Published versions never change."""

    class Decider(models.TextChoices):
        AUTOMATIC = "automatic", "The definition itself, at once"
        MARKETER = "marketer", "A marketer confirms each lead"

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
    decider = models.CharField(
        "decided by",
        max_length=10,
        choices=Decider,
        blank=True,
        default="",
        help_text="Who says that a lead that meets the definition is an MQL.",
    )
    borderline = models.PositiveSmallIntegerField(
        "borderline band",
        default=0,
        validators=[MaxValueValidator(1000)],
        help_text="Points below a threshold within which a marketer is asked. 0: nobody is.",
    )
    reject_track = models.ForeignKey(
        NurtureTrack,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="rejected leads go to",
        help_text="The nurture track of leads that are declined or sent back.",
    )
    cool_down_days = models.PositiveSmallIntegerField(
        "cool-down",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Days before such a lead may come back.",
    )
    reviewed_at = models.DateTimeField(
        null=True, editable=False, help_text="When one who signs last looked at it and kept it."
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )

    drafted_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = DefinitionQuerySet.as_manager()

    THRESHOLDS = ("fit_threshold", "interest_threshold", "total_threshold")
    KEPT = (
        "tier_a",
        "tier_b",
        "tier_c",
        "decider",
        "borderline",
        "needed_fields",
        "if_missing",
        "reject_track",
        "cool_down_days",
    )

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
        self.check_needed()

    def compile(self):
        """Return the definition in the intermediate form that scoring reads.

        Rules come in the order in which they are checked. Segments are written out, so that
        editing one later changes drafts alone.
        """
        rules = [
            rule.form()
            for rule in self.rules.filter(is_active=True)
            .select_related("segment", "signal", "group")
            .prefetch_related("segment__conditions__signal")
            .order_by("position", "pk")
        ]
        return {
            "thresholds": {
                axis: getattr(self, f"{axis}_threshold") for axis in ("fit", "interest", "total")
            },
            "tiers": {"A": self.tier_a, "B": self.tier_b, "C": self.tier_c},
            "decider": self.decider,
            "borderline": self.borderline,
            **self.needed_form(),
            "rejects": {
                "track": self.reject_track.name if self.reject_track else None,
                "cool_down_days": self.cool_down_days,
            },
            "buckets": {guide.bucket: guide.form() for guide in self.guides.all()},
            "groups": [
                {"id": group.pk, "name": group.name, "kind": group.kind, "cap": group.cap}
                for group in self.groups.order_by("pk")
            ],
            "rules": rules,
            "examples": [example.form() for example in self.examples.all()],
        }

    def readable(self):
        """Return the form to show or judge by: what is frozen, else what the draft says now.

        Raise ValidationError for a draft that makes no sense yet or has too many rules.
        """
        form = self.compiled or self.compile()
        if len(form["rules"]) > MOST_RULES:
            raise ValidationError(
                f"{len(form['rules'])} rules are in force; a version can have {MOST_RULES}."
            )
        return form

    def check_publishable(self, compiled, *, today):
        """Raise NotPublishable, with everything that the compiled form lacks.

        A published definition has a trigger, a decider and a destination for rejected leads, and
        no red example.
        """
        rules, lacks = len(compiled["rules"]), []
        if rules > MOST_RULES:
            raise NotPublishable(
                f"{rules} rules are in force, and a version can have at most {MOST_RULES}. "
                "Switch some off, or ask for more at once with segments."
            )
        fast = any(rule["kind"] == ScoringRule.Kind.FAST_TRACK for rule in compiled["rules"])
        if not fast and all(points is None for points in compiled["thresholds"].values()):
            lacks.append("Set a threshold or a fast-track rule: nothing could qualify.")
        if not compiled["decider"]:
            lacks.append("Say who decides: the definition itself, or a marketer.")
        if not all(compiled["rejects"].values()):
            lacks.append("Say where rejected leads go: a nurture track and a cool-down.")
        for rule, field in CustomField.objects.switched_off_in(compiled["rules"]):
            lacks.append(f"“{rule}” asks for “{field}”, which is switched off.")
        from leads.scoring import examples  # it judges by the statement, which reads the models

        for name in examples.red(compiled, today=today):
            lacks.append(f"The example “{name}” is red.")
        if lacks:
            raise NotPublishable(" ".join(lacks))

    @transaction.atomic
    def review(self, *, by, now):
        """Note that the live version was looked at and is kept, by one who signs for a side.

        Raise NotApprovable for anybody else, NotPublishable for a version that is not live.
        """
        one_at_a_time(MQLDefinition)
        self._now_in(self.State.PUBLISHED)
        if side_of(by) is None:
            raise NotApprovable("Those who sign a definition review it: marketing and sales.")
        MQLDefinition.objects.filter(pk=self.pk).update(reviewed_at=now, reviewed_by=by)
        self.refresh_from_db()
        self._record("leads.definition_reviewed", by=by, now=now)

    @property
    def last_looked_at(self):
        """When somebody last looked at this version: at its latest review, else when it began."""
        return self.reviewed_at or self.published_at

    @classmethod
    @transaction.atomic
    def draft_from_live(cls, *, by):
        """Return a new draft with what the live version has, or an empty one before the first."""
        one_at_a_time(cls)
        live = cls.objects.live()
        return (live or cls()).copied(version=cls.next_version(), by=by)

    @transaction.atomic
    def draft_from_this(self, *, by):
        """Return a new draft with what this version has: how one goes back to an older one."""
        one_at_a_time(MQLDefinition)
        return self.copied(version=MQLDefinition.next_version(), by=by)

    @classmethod
    def next_version(cls):
        """Return the number of the next draft; the caller holds `one_at_a_time`."""
        last = cls.objects.order_by("-version").values_list("version", flat=True).first()
        return (last or 0) + 1

    def copied(self, *, version, by):
        """Return a draft of that number with all that this one holds, rule by rule."""
        kept = {name: getattr(self, name) for name in (*self.THRESHOLDS, *self.KEPT)}
        older = self if self.pk else None
        draft = MQLDefinition.objects.create(
            version=version, created_by=by, drafted_from=older, **kept
        )
        if older is None:
            draft.add_guides()
            return draft
        groups: dict = {None: None}
        for group in self.groups.order_by("pk"):
            groups[group.pk] = draft.groups.create(name=group.name, kind=group.kind, cap=group.cap)
        for rule in self.rules.select_related("signal").order_by("position", "pk"):
            rule.group = groups[rule.group_id]
            if rule.signal and not rule.signal.is_current:
                rule.signal = Signal.objects.current().get(key=rule.signal.key)
            _copy(rule, into=draft)
        for row in (*self.guides.all(), *self.examples.all()):
            _copy(row, into=draft)
        draft.add_guides()
        return draft

    def add_guides(self):
        """Give the draft the usual words for those of the four buckets that have none yet."""
        told = set(self.guides.values_list("bucket", flat=True))
        for bucket in Score.Bucket:
            if bucket not in told:
                do, dont = USUAL[bucket]
                self.guides.create(bucket=bucket, do=do, dont=dont)


def _copy(row, *, into):
    row.pk, row._state.adding, row.definition = None, True, into
    row.save()
