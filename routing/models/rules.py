from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from leads.text import fold
from leads.versions import Version, one_at_a_time
from routing.models.team import Pool, Rep
from routing.models.territory import Territory


class RuleSetNotDraft(Exception):
    """Only a draft can be published."""


class RuleSetQuerySet(models.QuerySet):
    def live(self):
        """Return the published rule set, or None before the first one."""
        return self.filter(state=RuleSet.State.PUBLISHED).first()


class RuleSet(Version):
    """One version of who gets which lead. Published versions never change."""

    version = models.PositiveIntegerField(unique=True, editable=False)
    note = models.CharField(max_length=300, blank=True, default="", help_text="What changed, why.")
    catch_all = models.ForeignKey(
        Pool, models.PROTECT, related_name="+", help_text="Gets every lead that no rule matches."
    )

    objects = RuleSetQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="published"), name="routing_one_live_rule_set"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(compiled__isnull=False),
                name="routing_published_rule_set_is_compiled",
            ),
        ]
        permissions = [("publish_ruleset", "Can publish a rule set")]

    def __str__(self):
        return f"Rule set v{self.version}"

    def save(self, *args, **kwargs):
        if self.version is None:
            last = RuleSet.objects.order_by("-version").first()
            self.version = last.version + 1 if last else 1
        super().save(*args, **kwargs)

    def compile(self):
        """Return the rules in force in the intermediate form: ordered, the catch-all last.

        Segments and territories are written out. Raise ValidationError where a rule makes no sense.
        """
        territories = Territory.objects.forms()
        rules = self.rules.filter(is_active=True).order_by("position", "pk")
        asked = rules.select_related("pool", "rep__user")
        asked = asked.prefetch_related("segment__conditions__signal")
        forms = [rule.form(self.catch_all, territories) for rule in asked]
        last = Rule(label="Catch-all", pool=self.catch_all)
        return {"version": self.version, "rules": [*forms, last.form(self.catch_all, [])]}

    def readable(self):
        """Return the form of a version as it was published, or of a draft as it is now."""
        return self.compiled or self.compile()

    @classmethod
    @transaction.atomic
    def draft_from_live(cls):
        """Return a new draft with the live version's rules. Raise DoesNotExist without one."""
        return cls.objects.get(state=cls.State.PUBLISHED).draft_from_this()

    @transaction.atomic
    def draft_from_this(self):
        """Return a new draft with the rules of this version."""
        one_at_a_time(RuleSet)
        draft = RuleSet.objects.create(catch_all=self.catch_all)
        for rule in self.rules.order_by("position", "pk"):
            rule.pk, rule._state.adding, rule.rule_set = None, True, draft
            rule.save()
        return draft

    @transaction.atomic
    def publish(self, *, by, now):
        """Make this draft the live version. Raise RuleSetNotDraft for any other state."""
        one_at_a_time(RuleSet)
        draft = RuleSet.objects.get(pk=self.pk)
        if not draft.is_draft:
            raise RuleSetNotDraft(f"{self} is already {draft.get_state_display().lower()}.")
        self.go_live(draft.compile(), instead_of=RuleSet.objects.all(), by=by, now=now)


class Rule(models.Model):
    """Leads of a segment go to somebody, or to a pool by a method, within limits.

    Rules are tried in order; the first that fits and finds somebody decides.
    """

    class Target(models.TextChoices):
        POOL = "pool", "A pool"
        TERRITORY = "territory", "Whoever has the territory"
        ACCOUNT_OWNER = "account_owner", "The account owner"
        PREVIOUS_OWNER = "previous_owner", "Who had the lead before"
        REP = "rep", "A named rep"

    class Method(models.TextChoices):
        ROUND_ROBIN = "round_robin", "Round robin"
        WEIGHTED = "weighted", "Weighted turns"
        LEAST_OPEN = "least_open", "Least open work"
        CLAIM = "claim", "Claim from the pool"

    class Otherwise(models.TextChoices):
        STOP = "stop", "It waits in the pool"
        NEXT = "next", "The next rule is tried"

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(
        "in force", default=True, help_text="A rule that is not in force stays for later."
    )
    label = models.CharField(max_length=80)
    segment = models.ForeignKey(
        "leads.Segment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: every lead.",
    )
    target = models.CharField("goes to", max_length=14, choices=Target, default=Target.POOL)
    rep = models.ForeignKey(Rep, models.PROTECT, null=True, blank=True, related_name="+")
    pool = models.ForeignKey(
        Pool,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Where the lead goes or waits. Empty, where there is a person: the catch-all.",
    )
    method = models.CharField(max_length=12, choices=Method, default=Method.ROUND_ROBIN)
    otherwise = models.CharField(
        "when nobody can",
        max_length=4,
        choices=Otherwise,
        default=Otherwise.STOP,
        help_text="Nobody of those who are asked is there, within the limits.",
    )
    open_cap = models.PositiveSmallIntegerField(
        "most open leads", null=True, blank=True, help_text="Where it is tighter than the rep's."
    )
    daily_cap = models.PositiveSmallIntegerField(
        "most leads a day", null=True, blank=True, help_text="Where it is tighter than the rep's."
    )
    working_hours = models.BooleanField(
        "only in working hours", default=False, help_text="Of the rep's calendar."
    )
    match_language = models.BooleanField(
        "only who speaks the lead's language", default=False, help_text="Where it is known."
    )
    skills = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="All of these, separated by commas.",
    )

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self):
        return self.label

    def clean(self):
        super().clean()
        self.skills = list(dict.fromkeys(fold(one).casefold() for one in self.skills if fold(one)))
        if self.target == self.Target.REP and not self.rep_id:
            raise ValidationError({"rep": "Choose the rep who gets these leads."})
        if self.target != self.Target.REP and self.rep_id:
            raise ValidationError({"rep": "Only a rule for a named rep has one."})
        if self.target == self.Target.POOL and not self.pool_id:
            raise ValidationError({"pool": "Choose the pool that gets these leads."})

    def form(self, catch_all, territories):
        """Return the rule in the intermediate form; its pool is always one, if not the catch-all.

        Raise ValidationError where it makes no sense.
        """
        self.clean()
        return {
            "id": self.pk,
            "label": self.label,
            "when": self._when(),
            "target": self.target,
            "rep": self.rep_id,
            "rep_name": str(self.rep or ""),
            "pool": (self.pool or catch_all).pk,
            "pool_name": (self.pool or catch_all).name,
            "method": self.method,
            "otherwise": self.otherwise,
            "limits": {
                "open": self.open_cap,
                "daily": self.daily_cap,
                "hours": self.working_hours,
                "language": self.match_language,
                "skills": self.skills,
            },
            "territories": territories if self.target == self.Target.TERRITORY else [],
        }

    def _when(self):
        if self.segment is None:
            return {}
        try:
            return self.segment.form()
        except ValidationError as error:
            said = f"{self}: {self.segment}: {' '.join(error.messages)}"
            raise ValidationError({"segment": said}) from None
