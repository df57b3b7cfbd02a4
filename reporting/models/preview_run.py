from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q

from leads.models import Lead, MQLDefinition
from leads.versions import hash_of


class NotPreviewable(Exception):
    """Only a draft and a version that waits for sign-off have something to preview."""


class PreviewRunQuerySet(models.QuerySet):
    def waiting_or_running(self):
        return self.filter(state__in=PreviewRun.CURRENT)

    @transaction.atomic
    def ask(self, definition, *, by, now):
        """Have the exact preview of a draft, as it is now, worked out; return its PreviewRun.

        What was still under way for an older text of the draft is cancelled. Raise NotPreviewable
        for a version that is live or was, ValidationError for a draft that is not complete.
        """
        # Two who ask at once take turns, and the second finds what the first began.
        found = _alone(definition)
        if not may_be_previewed(found):
            raise NotPreviewable(f"{found} is {found.get_state_display().lower()}.")
        form, live = found.readable(), MQLDefinition.objects.live()
        return self._one_of(found, form, live, by=by, now=now)

    @transaction.atomic
    def follow(self, definition, *, by, now):
        """Ask for the preview of a draft that was saved, unless its text has one already.

        However often it is saved, one run is under way, of the newest text. While the draft is
        not complete, or once it is live, none is.
        """
        found, live = _alone(definition), MQLDefinition.objects.live()
        try:
            form = found.readable() if may_be_previewed(found) else None
        except ValidationError:
            form = None
        if form is None:
            for run in self.waiting_or_running().filter(definition=found):
                run.cancel(now=now)
            return
        latest: Any = self.filter(definition=found).exclude(state__in=PreviewRun.ENDED).first()
        if not (latest and latest.is_of(form, live)):
            self._one_of(found, form, live, by=by, now=now)

    def _one_of(self, definition, form, live, *, by, now):
        """Return the run of this text that is under way, begun here unless it was; no other is."""
        current = self.waiting_or_running().filter(definition=definition).first()
        if current and current.is_of(form, live):
            return current
        if current:
            current.cancel(now=now)
        return self.create(
            definition=definition,
            against=live,
            content_hash=hash_of(form),
            form=form,
            requested_by=by,
            requested_at=now,
        )


def _alone(definition):
    """Return the definition as it is now; until the commit nobody else asks about it."""
    return MQLDefinition.objects.select_for_update(no_key=True).get(pk=definition.pk)


def may_be_previewed(definition):
    return definition.is_draft or definition.in_review


class PreviewRun(models.Model):
    """The exact preview of one text of a draft: asked for, worked out step by step, and kept.

    `reporting.work` does the steps; `result` grows with them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    CURRENT = (State.WAITING, State.RUNNING)
    ENDED = (State.CANCELLED, State.FAILED)  # without a result

    definition = models.ForeignKey(MQLDefinition, models.CASCADE, related_name="preview_runs")
    against = models.ForeignKey(
        MQLDefinition,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="What was live when it was asked for, if anything.",
    )
    content_hash = models.CharField(max_length=64)
    form = models.JSONField(help_text="The draft as it was compiled when it was asked for.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    step = models.PositiveSmallIntegerField(default=0, help_text="How many steps are done.")
    steps = models.PositiveSmallIntegerField(default=0, help_text="Of how many.")
    tries = models.PositiveSmallIntegerField(
        default=0, help_text="How often the present step was begun."
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, help_text="As of when leads were judged.")
    finished_at = models.DateTimeField(null=True)
    today = models.DateField(null=True, help_text="The UTC day that windows end with.")
    result = models.JSONField(default=dict)
    error = models.CharField(max_length=300, blank=True, default="")

    objects = PreviewRunQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["definition"],
                condition=Q(state__in=["waiting", "running"]),
                name="reporting_one_current_preview_run",
            ),
        ]
        indexes = [
            # Read every two seconds by the worker.
            models.Index(
                fields=["requested_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="reporting_preview_to_do",
            ),
        ]

    def __str__(self):
        return f"Preview of {self.definition}"

    @property
    def is_current(self):
        return self.state in self.CURRENT

    @property
    def is_done(self):
        return self.state == self.State.DONE

    @property
    def is_failed(self):
        return self.state == self.State.FAILED

    def is_of(self, form, live):
        """Whether it compares this compiled form with this live version: else it is stale."""
        return self.content_hash == hash_of(form) and self.against_id == (live and live.pk)

    def cancel(self, *, now):
        """Stop it before its next step; return whether there was anything to stop."""
        return self._end(self.State.CANCELLED, now=now)

    def fail(self, error, *, now):
        """Give it up, and say why."""
        return self._end(self.State.FAILED, now=now, error=str(error)[:300])

    def finish(self, *, now):
        """Note that all steps are done."""
        return self._end(self.State.DONE, now=now)

    def _end(self, state, *, now, **values):
        ours = PreviewRun.objects.waiting_or_running().filter(pk=self.pk)
        ended = ours.update(state=state, finished_at=now, **values)
        self.refresh_from_db()
        return bool(ended)


class PreviewLead(models.Model):
    """A lead that a draft gains, loses or moves, as the latest run of the draft found it.

    At most `reporting.work.LISTED` of a kind are kept. Rows of older runs are swept away by newer
    ones.
    """

    class Kind(models.TextChoices):
        GAINED = "gained", "Gained"
        LOST = "lost", "Lost"
        MOVED_UP = "moved_up", "Moved to a higher tier"
        MOVED_DOWN = "moved_down", "Moved to a lower tier"

    # Without a constraint, so that deleting a draft need not list them.
    run = models.ForeignKey(
        PreviewRun, models.DO_NOTHING, related_name="leads", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind)
    position = models.PositiveIntegerField()
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    tier_before = models.CharField(max_length=1)
    tier = models.CharField(max_length=1)
    total_before = models.IntegerField()
    total = models.IntegerField()

    class Meta:
        ordering = ["kind", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "kind", "position"], name="reporting_preview_leads_in_order"
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.lead}"


class PreviewMeeting(models.Model):
    """In which week of a run's window a lead first met the live definition, and the draft.

    Week 0 is before the window. Rows last as long as their run.
    """

    pk = models.CompositePrimaryKey("run_id", "lead_id")
    run = models.ForeignKey(
        PreviewRun, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    lead = models.ForeignKey(
        Lead, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    live_week = models.PositiveSmallIntegerField(null=True)
    draft_week = models.PositiveSmallIntegerField(null=True)

    def __str__(self):
        return f"lead {self.lead_id}: {self.live_week}, {self.draft_week}"
