from django.db import models


class Walk(models.Model):
    """Work through what was stored before, in chunks, in the background.

    The row is all there is to know about the work: any worker goes on where another one stopped.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (State.WAITING, State.RUNNING)

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def is_open(self):
        return self.state in self.OPEN

    @property
    def share(self):
        """How much of it is done, from 0 to 1."""
        return min(self.done / self.total, 1) if self.total else 0

    def cancel(self, *, now):
        """Stop it; return whether it was going on. What was done stays."""
        return self._claim(self.OPEN, state=self.State.CANCELLED, ended_at=now)

    def resume(self):
        """Let it go on where it stopped; return whether it had been stopped."""
        return self._claim([self.State.CANCELLED], state=self.State.WAITING, ended_at=None)

    def _claim(self, states, **values):
        rows = type(self)._default_manager.filter(pk=self.pk, state__in=states)
        return bool(rows.update(**values))
