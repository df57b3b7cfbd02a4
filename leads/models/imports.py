from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

LEASE = timedelta(seconds=60)  # a worker that dies frees its run after this
COUNTS = ("created", "updated", "unchanged", "refused", "blank", "removed", "reverted", "kept")


BUSY = "Something is being done with this import already."


class NotPossible(Exception):
    """The import cannot be worked on in this way now; the message says why."""


class Import(models.Model):
    """A file of leads: how it is read, and what each column means. Its runs do the work."""

    name = models.CharField("file", max_length=200)
    size = models.BigIntegerField(help_text="Bytes.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file as hex.")
    source = models.ForeignKey("Source", models.PROTECT, related_name="+")
    reading = models.JSONField(help_text="As leads.imports.reading.Reading.")
    mapping = models.JSONField(default=list, help_text="What each column means, in their order.")
    strict = models.BooleanField(
        default=False, help_text="Refuse a line if any of its values cannot be read."
    )
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    created_at = models.DateTimeField()
    file_removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.name

    def latest(self, kind=None):
        """Return the latest run, of this kind if one is given; or None."""
        runs = self.runs.filter(kind=kind) if kind else self.runs
        return runs.order_by("-pk").first()

    def check_draft(self):
        """Raise NotPossible when how it is read and mapped may no longer change."""
        self._check(ImportRun.Kind.CHECK, self.latest(ImportRun.Kind.CHECK))

    def ask_for(self, kind, *, by, now):
        """Queue a run of this kind and return it. Raise NotPossible.

        A load that was cancelled or failed goes on where it stopped.
        """
        before = self.latest(kind)
        self._check(kind, before)
        try:
            with transaction.atomic():
                if kind != ImportRun.Kind.CHECK and before:
                    before.go_on()
                    return before
                return self.runs.create(kind=kind, started_by=by, asked_at=now)
        except IntegrityError:
            raise NotPossible(BUSY) from None

    def _check(self, kind, before):
        loaded = self.latest(ImportRun.Kind.LOAD)
        if kind == ImportRun.Kind.UNDO:
            if loaded is None or loaded.is_open:
                raise NotPossible("Nothing has been imported that could be taken back.")
        elif self.file_removed_at:
            raise NotPossible("The file has been removed; upload it again.")
        elif self.latest(ImportRun.Kind.UNDO):
            raise NotPossible("This import was taken back; upload the file again.")
        elif loaded and kind == ImportRun.Kind.CHECK:
            raise NotPossible("The import has begun; a dry run would tell nothing.")
        if before and before.is_open:
            raise NotPossible(BUSY)
        if before and kind != ImportRun.Kind.CHECK and before.state == ImportRun.State.DONE:
            raise NotPossible("This has been done already.")


class ImportChunk(models.Model):
    """A piece of an import's file. In the database, because any host's worker may read it."""

    batch = models.ForeignKey(Import, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="leads_one_chunk_per_number"),
        ]

    def __str__(self):
        return f"{self.batch_id}/{self.number}"


class ImportRun(models.Model):
    """One pass over an import: a dry run, the import itself, or taking it back.

    Progress is written in the transaction of the lines it counts, so a run that dies goes on at
    `next_line` (of an undo: after the lead or company of this id) and does nothing twice.
    """

    class Kind(models.TextChoices):
        CHECK = "check", "Dry run"
        LOAD = "load", "Import"
        UNDO = "undo", "Undo"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    OPEN = (State.WAITING, State.RUNNING)

    batch = models.ForeignKey(Import, models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=5, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    phase = models.PositiveSmallIntegerField(default=0, help_text="Of an undo: leads, companies.")
    next_line = models.PositiveBigIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0, help_text="Lines read; the counts add up to it.")
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    blank = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    reverted = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    problems = models.PositiveIntegerField(default=0, help_text="Values left out, and refusals.")
    done_share = models.FloatField(default=0, help_text="Of the file, from 0 to 1.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Since it last got further.")
    problem = models.CharField(max_length=300, blank=True, default="")
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lines=sum((F(name) for name in COUNTS[1:]), F(COUNTS[0]))),
                name="leads_import_lines_are_accounted_for",
            ),
            models.UniqueConstraint(
                fields=["batch"],
                condition=Q(state__in=["waiting", "running"]),
                name="leads_one_open_run_per_import",
            ),
        ]
        indexes = [
            # Read every two seconds by run_imports().
            models.Index(
                fields=["asked_at"],
                condition=Q(state__in=["waiting", "running"]),
                name="leads_import_open",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of {self.batch}"

    @property
    def is_open(self):
        return self.state in self.OPEN

    def cancel(self, *, now):
        """Stop after the lines that are being worked on; return whether there was one to stop."""
        running = ImportRun.objects.filter(pk=self.pk, state__in=self.OPEN)
        stopped = running.update(
            state=self.State.CANCELLED, ended_at=now, lease=None, lease_until=None
        )
        self.refresh_from_db()
        return bool(stopped)

    def go_on(self):
        """Queue again what was cancelled or failed, from where it stopped."""
        stopped = ImportRun.objects.filter(
            pk=self.pk, state__in=(self.State.CANCELLED, self.State.FAILED)
        )
        stopped.update(state=self.State.WAITING, ended_at=None, attempts=0, problem="")
        self.refresh_from_db()

    def waiting_before(self):
        """Return how many runs are worked on before this one."""
        free = ImportRun.objects.filter(state__in=self.OPEN, asked_at__lt=self.asked_at)
        return free.count() if self.state == self.State.WAITING else 0

    def holds(self, lease):
        """Whether the run is still ours, its row locked; and the lease begins anew."""
        mine = ImportRun.objects.filter(pk=self.pk, lease=lease, state=self.State.RUNNING)
        return bool(mine.update(lease_until=Now() + LEASE))


class ImportLine(models.Model):
    """What was wrong with a line: with all of it, or with one value that was left out."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="told", db_index=False)
    line = models.PositiveIntegerField()
    field = models.CharField(max_length=100, blank=True, default="")
    refused = models.BooleanField(help_text="The line was refused; else a value was left out.")
    reason = models.CharField(max_length=300)
    raw = models.TextField(blank=True, default="", help_text="The line's cells, cut short.")

    class Meta:
        indexes = [models.Index(fields=["run", "line"], name="leads_import_line_in_order")]

    def __str__(self):
        return f"{self.line}: {self.reason}"

    @property
    def what(self):
        """What came of it, in words."""
        if self.run.kind == ImportRun.Kind.UNDO:
            return "Not taken back"
        return "The line was refused" if self.refused else "The value was left out"


class ImportedRecord(models.Model):
    """A lead or a company that a run of an import met; the first line that named it."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="records", db_index=False)
    line = models.PositiveIntegerField()
    lead = models.ForeignKey("Lead", models.CASCADE, null=True, related_name="+")
    company = models.ForeignKey("Company", models.CASCADE, null=True, related_name="+")
    created = models.BooleanField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False, company__isnull=True)
                | Q(lead__isnull=True, company__isnull=False),
                name="leads_imported_is_lead_or_company",
            ),
            models.UniqueConstraint(fields=["run", "lead"], name="leads_imported_lead_once"),
            models.UniqueConstraint(fields=["run", "company"], name="leads_imported_company_once"),
        ]

    def __str__(self):
        return f"{self.run_id}: line {self.line}"
