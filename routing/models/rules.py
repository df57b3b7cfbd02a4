from django.db import models, transaction
from django.db.models import Q

from leads.versions import Version, one_at_a_time
from routing.models.team import Pool


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
        """Return the rules in the intermediate form: ordered, segments inlined, catch-all last."""
        rules = [
            {
                "id": rule.pk,
                "label": rule.label,
                "when": rule.segment.form(),
                "pool": rule.pool_id,
                "pool_name": rule.pool.name,
                "method": rule.method,
            }
            for rule in self.rules.select_related("segment", "pool").order_by("position", "pk")
        ]
        last: dict = {
            "id": None,
            "label": "Catch-all",
            "when": {},
            "pool": self.catch_all_id,
            "pool_name": self.catch_all.name,
            "method": Rule.Method.ROUND_ROBIN,
        }
        return {"version": self.version, "rules": [*rules, last]}

    @classmethod
    @transaction.atomic
    def draft_from_live(cls):
        """Return a new draft with the live version's rules. Raise DoesNotExist without one."""
        one_at_a_time(cls)
        live = cls.objects.get(state=cls.State.PUBLISHED)
        draft = cls.objects.create(catch_all=live.catch_all)
        for rule in live.rules.order_by("position", "pk"):
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
    """Leads of a segment go to a pool, by a method. Rules are tried in order; the first wins."""

    class Method(models.TextChoices):
        ROUND_ROBIN = "round_robin", "Round robin"
        CLAIM = "claim", "Claim from the pool"

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(default=0)
    label = models.CharField(max_length=80)
    segment = models.ForeignKey("leads.Segment", models.PROTECT, related_name="+")
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="+")
    method = models.CharField(max_length=12, choices=Method, default=Method.ROUND_ROBIN)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self):
        return self.label
