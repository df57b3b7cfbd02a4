from datetime import UTC

from django.db import models
from django.db.models import Q


class RescoringQuerySet(models.QuerySet):
    def newest(self):
        """Return the pass that began last, or None before the first one."""
        return self.order_by("-started_at", "-pk").first()

    def with_reasons(self):
        """Read with each what `because` tells."""
        return self.select_related("definition__published_by").defer("definition__compiled")

    def running(self):
        return self.filter(state=Rescoring.State.RUNNING)

    def behind(self, live, *, today):
        """Say how far the stored scores are behind the live definition and this UTC day.

        Empty when every one is by `live` and as of that day. Where nothing is live, none is behind.
        """
        newest = self.newest()
        if live is None or (newest and newest.is_of(live) and newest.holds(today)):
            return ""
        if newest and newest.is_of(live) and newest.is_running:
            return f"The live scores are being brought up to date: {newest}."
        return "The live scores are about to be brought up to date."


class Rescoring(models.Model):
    """A pass over every lead that brings its score up to the live definition and to the day.

    The row is all there is to know about the work: any worker goes on where another one stopped.
    """

    class Cause(models.TextChoices):
        PUBLISHED = "published", "A definition was published"
        NEW_DAY = "new_day", "A new day began, so windows moved on"
        ASKED = "asked", "It was asked for"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        OVERTAKEN = "overtaken", "Overtaken by the next one"

    definition = models.ForeignKey("MQLDefinition", models.PROTECT, related_name="rescorings")
    # Whose scores were all written when it began: only what tells the two apart is looked at.
    instead_of = models.ForeignKey("MQLDefinition", models.PROTECT, null=True, related_name="+")
    cause = models.CharField(max_length=10, choices=Cause)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    last_lead = models.BigIntegerField(default=0, help_text="Leads up to this id are done.")
    total = models.PositiveIntegerField(help_text="Leads that there were when it began.")
    done = models.PositiveIntegerField(default=0, help_text="Leads looked at.")
    changed = models.PositiveIntegerField(default=0, help_text="Of those, scores written anew.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = RescoringQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="leads_one_running_rescoring"
            ),
        ]

    def __str__(self):
        return f"{self.done:,} of {self.total:,} leads rescored"

    @property
    def is_running(self):
        return self.state == self.State.RUNNING

    @property
    def is_finished(self):
        return self.state == self.State.FINISHED

    @property
    def because(self):
        """What caused it, within a sentence, and who where a person did."""
        if self.cause != self.Cause.PUBLISHED:
            said = str(self.get_cause_display())
            return said[0].lower() + said[1:]
        by = self.definition.published_by
        return f"{self.definition} was published{f' by {by}' if by else ''}"

    def is_of(self, definition):
        return self.definition_id == definition.pk

    @property
    def day(self):
        """The UTC day that windows end with."""
        return self.started_at.astimezone(UTC).date()

    def holds(self, today):
        """Whether, if it is the newest, every score is by its definition and as of this UTC day.

        Leads that something happened to since are pending, and scored within the second.
        """
        return self.state == self.State.FINISHED and self.day == today

    @property
    def share(self):
        """How much of it is done, 0 to 1. Leads may have come or gone since it began."""
        if self.state == self.State.FINISHED:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else 0.0

    def went_on(self, *, last_lead, done, changed):
        """Note that the leads up to this id are done, so many more, and so many scores changed."""
        self.last_lead = last_lead
        self.done += done
        self.changed += changed
        self.save(update_fields=["last_lead", "done", "changed"])

    def finish(self, *, now):
        self.state, self.ended_at = self.State.FINISHED, now
        self.save(update_fields=["state", "ended_at"])
