from django.db import models


class Backfill(models.Model):
    """A walk through the touchpoints of before, to find those that show a new signal.

    The row is all there is to know about the work: any worker goes on where another one stopped.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.WAITING, State.RUNNING)

    signal = models.OneToOneField("Signal", models.CASCADE, related_name="backfill")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    last_at = models.DateTimeField(null=True, help_text="Touchpoints up to this one are done.")
    last_digest = models.UUIDField(null=True)
    total = models.PositiveIntegerField(default=0, help_text="Touchpoints of the kind, at first.")
    done = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0, help_text="Of those, how many show the signal.")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    def __str__(self):
        return f"{self.done:,} of {self.total:,} touchpoints looked at"

    @property
    def is_open(self):
        return self.state in self.OPEN

    @property
    def share(self):
        """How much of it is done, from 0 to 1."""
        return min(self.done / self.total, 1) if self.total else 0

    def cancel(self, *, now):
        """Stop it; return whether it was going on. What was found stays."""
        return self._claim(self.OPEN, state=self.State.CANCELLED, ended_at=now)

    def resume(self):
        """Let it go on where it stopped; return whether it had been stopped."""
        return self._claim([self.State.CANCELLED], state=self.State.WAITING, ended_at=None)

    def _claim(self, states, **values):
        rows = Backfill.objects.filter(pk=self.pk, state__in=states)
        return bool(rows.update(**values))
