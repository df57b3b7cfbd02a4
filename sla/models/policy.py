from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from leads.versions import Version, one_at_a_time
from routing.models import FollowUp
from sla import deadlines
from sla.models.target import Target


class NotDraft(Exception):
    """Only a draft can be published, only what is live can be withdrawn."""


class PolicyQuerySet(models.QuerySet):
    def live(self):
        """The published policies, in the order in which they are tried."""
        return self.filter(state=Policy.State.PUBLISHED).order_by("position", "pk")


class Policy(Version):
    """One version of a promise: for which leads, and how soon. Published versions never change."""

    class CalendarOf(models.TextChoices):
        REP = "rep", "The rep's own, else their team's"
        TEAM = "team", "The team's"

    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1, editable=False)
    position = models.PositiveSmallIntegerField(
        "order",
        default=0,
        editable=False,
        help_text="Policies are tried in this order; the first that fits holds.",
    )
    segment = models.ForeignKey(
        "leads.Segment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The leads it is for. Empty: every lead that no earlier policy fits.",
    )
    calendar_of = models.CharField(
        "calendar",
        max_length=4,
        choices=CalendarOf,
        default=CalendarOf.REP,
        help_text="Whose working hours count. In a pool the team's do.",
    )
    pause_hours = models.PositiveSmallIntegerField(
        "longest pause",
        default=16,
        help_text="Working hours for which a rep may wait for the lead, in all. 0: no pauses.",
    )
    after_sql = models.CharField(
        "next at SQL",
        max_length=13,
        choices=FollowUp.PLANNED,
        blank=True,
        default=FollowUp.Kind.MEETING,
        help_text="What is planned for the owner when the lead becomes an SQL, due as any "
        "follow-up is. Empty: nothing.",
    )
    review_calendar = models.ForeignKey(
        "routing.Calendar",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The marketers' working hours, in which a review before the handoff counts.",
    )
    review_lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="marketing lead",
        help_text="Is told about late reviews where a step tells the manager.",
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
        """Return what the clocks read: the segment written out, and the targets by clock.

        Raise ValidationError, in words, for a policy that makes no sense.
        """
        steps: dict[str, list] = {}
        for step in self.steps.prefetch_related("people"):
            steps.setdefault(step.clock, []).append(step)
        targets = {target.clock: target for target in self.targets.all()}
        problems = self._problems(targets, steps)
        if problems:
            raise ValidationError(problems)
        return {
            "when": self.segment.form() if self.segment else None,
            "calendar_of": self.calendar_of,
            "pause_minutes": 60 * self.pause_hours,
            "after_sql": self.after_sql,
            "review_calendar": self.review_calendar_id,
            "review_lead": self.review_lead_id,
            "targets": {
                clock: target.form(steps.get(clock, ())) for clock, target in targets.items()
            },
        }

    def target_of(self, kind):
        """Return the compiled target of a clock of this kind, or None where nothing is promised.

        Follow-ups always have one.
        """
        default = deadlines.FOLLOW_UP if kind == Target.Clock.FOLLOW_UP else None
        return (self.compiled or {})["targets"].get(kind, default)

    def _problems(self, targets, steps):
        if not targets:
            return [f"{self} promises nothing yet: add a target."]
        problems = [said for target in targets.values() for said in target.problems()]
        if Target.Clock.REVIEW in targets and self.review_calendar is None:
            problems.append("Choose the review calendar: the review's target counts its hours.")
        for clock, of_clock in steps.items():
            if clock not in targets:
                label = Target.Clock(clock).label
                problems.append(f"There are steps for “{label}”, but no target: add one.")
            else:
                problems += [said for one in of_clock for said in one.problems(targets[clock])]
        return problems

    @transaction.atomic
    def draft_from_this(self):
        """Return a new draft version with this one's order, segment, targets and steps."""
        one_at_a_time(Policy)
        latest = Policy.objects.filter(name=self.name).latest("version")
        draft = Policy.objects.get(pk=self.pk)
        draft.pk, draft._state.adding, draft.version = None, True, latest.version + 1
        draft.state, draft.compiled, draft.content_hash = self.State.DRAFT, None, ""
        draft.published_by = draft.published_at = draft.retired_at = None
        draft.save()
        for target in self.targets.all():
            target.pk, target._state.adding, target.policy = None, True, draft
            target.save()
        for step in self.steps.all():
            people = list(step.people.all())
            step.pk, step._state.adding, step.policy = None, True, draft
            step.save()
            step.people.set(people)
        return draft

    @transaction.atomic
    def publish(self, *, by, now):
        """Make this draft the live version of its name. Clocks that run keep their version."""
        one_at_a_time(Policy)
        draft = Policy.objects.get(pk=self.pk)
        if not draft.is_draft:
            raise NotDraft(f"{self} is already {draft.get_state_display().lower()}.")
        compiled = draft.compile()
        order = draft._order()
        same = Policy.objects.filter(name=self.name)
        self.go_live(compiled, instead_of=same, by=by, now=now)
        _number(order)
        self.refresh_from_db()

    def _order(self):
        """Return the names of the live policies in their order, with this one in its place.

        A new one comes behind the others, but before the one for every lead. Raise NotDraft where
        one of them would never be reached.
        """
        live = list(Policy.objects.live())
        whole = [one.name for one in live if one.compiled["when"] is None and one.name != self.name]
        names = [one.name for one in live]
        if self.name not in names:
            names.insert(names.index(whole[0]) if whole and self.segment else len(names), self.name)
        here = names.index(self.name)
        if whole and names.index(whole[0]) < here:
            raise NotDraft(f"It would never be reached: {whole[0]} is for every lead already.")
        if self.segment is None and here < len(names) - 1:
            behind = names[here + 1]
            raise NotDraft(
                f"It is for every lead, so {behind} behind it would never be reached. "
                "Give it a segment, or move it to the end."
            )
        return names

    @transaction.atomic
    def withdraw(self, *, now):
        """Take a live policy out of force, with nothing in its place. Running clocks go on."""
        one_at_a_time(Policy)
        taken = Policy.objects.filter(pk=self.pk, state=self.State.PUBLISHED).update(
            state=self.State.RETIRED, retired_at=now
        )
        if not taken:
            raise NotDraft(f"{self} is not live.")
        self.refresh_from_db()

    @transaction.atomic
    def move(self, step):
        """Try this live policy one place earlier (-1) or later (1); its drafts move with it.

        Return the policy that it passed, or None where there is none to pass. Raise NotDraft where
        one of the two would never be reached.
        """
        one_at_a_time(Policy)
        live = list(Policy.objects.live())
        if self not in live:
            raise NotDraft(f"{self} is not live.")
        here = live.index(self)
        there = here + step
        if not 0 <= there < len(live):
            return None
        other = live[there]
        if None in (self.compiled["when"], other.compiled["when"]):
            raise NotDraft("The policy for every lead is the last one tried.")
        live[here], live[there] = other, self
        _number([policy.name for policy in live])
        return other


def _number(names):
    """Give the live policies of these names, and their drafts, the positions 1 to n."""
    for position, name in enumerate(names, start=1):
        Policy.objects.filter(name=name).exclude(state=Policy.State.RETIRED).exclude(
            position=position
        ).update(position=position)
