"""Works through an import chunk by chunk: each in one transaction with the progress it makes.

So a worker that dies costs nothing: the next one goes on with the first line that is not accounted
for. One import is worked on at a time; the others wait their turn.
"""

import itertools
import uuid
from collections import Counter
from contextlib import contextmanager

from django.db import DataError, IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from leads.deadlocks import retried
from leads.imports import files, lines, mapping, reading, undo
from leads.imports.chunk import REFUSED
from leads.imports.dry_run import ImaginedChunk, Memory
from leads.imports.writing import StoredChunk
from leads.models import Event, ImportLine, ImportRun
from leads.models.imports import LEASE

SIZE = 500  # rows of a chunk
MOST_TOLD = 50_000  # problems of a run that are kept one by one
MOST_ATTEMPTS = 5  # without getting any further
State, Kind = ImportRun.State, ImportRun.Kind


class Lost(Exception):
    """The run is no longer ours: it was cancelled, or another worker has taken it over."""


def claim(*, now, run=None):
    """Return the run to work on next (or this one), leased to us; or None."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    with transaction.atomic():
        if run is None and ImportRun.objects.filter(lease_until__gte=Now()).exists():
            return None
        waiting = ImportRun.objects.filter(free, state__in=ImportRun.OPEN)
        waiting = waiting.filter(pk=run.pk) if run else waiting
        found = waiting.order_by("asked_at").select_for_update(skip_locked=True).first()
        if found is None:
            return None
        found.attempts += 1
        if found.attempts > MOST_ATTEMPTS:
            fail(found, f"It stopped {MOST_ATTEMPTS} times at line {found.next_line}.", now=now)
            return None
        found.state, found.lease = State.RUNNING, uuid.uuid4()
        found.started_at = found.started_at or now
        found.save(update_fields=["attempts", "state", "lease", "started_at"])
        ImportRun.objects.filter(pk=found.pk).update(lease_until=Now() + LEASE)
    return found


def fail(run, problem, *, now):
    run.state, run.problem, run.ended_at = State.FAILED, problem[:300], now
    run.lease = run.lease_until = None
    run.save(update_fields=["state", "problem", "ended_at", "lease", "lease_until"])


def release(run):
    """Let another worker go on at once."""
    ImportRun.objects.filter(pk=run.pk, lease=run.lease).update(lease=None, lease_until=None)


@contextmanager
def opened(run):
    """Yield a Job for a claimed run. Raise Unreadable or BadMapping."""
    if run.kind == Kind.UNDO:
        yield UndoJob(run)
        return
    with files.spooled(pieces(run.batch)) as path:
        yield FileJob(run, path)


def pieces(batch):
    """Yield the bytes of the file, one piece in memory at a time."""
    for number in range(batch.chunks.count()):
        yield bytes(batch.chunks.get(number=number).data)


def work(run, *, clock, enough=lambda: False):
    """Work on a claimed run until it ends or `enough()` says to stop; return whether it ended.

    What is wrong with the file fails the run and is told; anything else is tried again by the next
    worker, from the same line. `clock` gives the time of each step.
    """
    try:
        with opened(run) as job:
            while job.step(now=clock()):
                if enough():
                    return False
    except (files.Unreadable, mapping.BadMapping) as error:
        fail(run, str(error), now=clock())
    except Lost:
        pass
    finally:
        release(run)
    return True


class Job:
    """A claimed run that is worked on step by step."""

    def __init__(self, run):
        self.run, self.lease = run, run.lease

    def _hold(self):
        """Make sure that the run is ours, and lock its row until the transaction ends."""
        if not self.run.holds(self.lease):
            raise Lost

    def _progress(self, counts, **values):
        """Note how so many more lines ended, in the transaction that ended them."""
        more = {name: F(name) + n for name, n in counts.items() if n}
        more["lines"] = F("lines") + sum(counts.values())
        ImportRun.objects.filter(pk=self.run.pk).update(**more, **values, attempts=0)

    @transaction.atomic
    def _finish(self, now):
        self._hold()
        run = ImportRun.objects.get(pk=self.run.pk)
        run.state, run.ended_at, run.done_share = State.DONE, now, 1
        run.lease = run.lease_until = None
        run.save()
        if run.kind != Kind.CHECK:
            done = "leads.imported" if run.kind == Kind.LOAD else "leads.import_undone"
            names = ("lines", "created", "updated", "unchanged", "refused", "removed", "reverted")
            counts = {name: getattr(run, name) for name in names}
            Event.objects.create(
                kind=done,
                actor=run.started_by,
                cause=run.batch.name,
                data={"import": run.batch_id, "run": run.pk, **counts},
                happened_at=now,
            )


class FileJob(Job):
    """A dry run or an import: rows of the file become lines, and lines become leads."""

    def __init__(self, run, path):
        super().__init__(run)
        self.memory = Memory()
        self.kept = run.told.count()
        if run.kind == Kind.CHECK and run.next_line:
            self._begin_again()
        self.reading = reading.Reading(**run.batch.reading)
        mapping.check(run.batch.mapping, self.reading)
        make = run.kind == Kind.LOAD
        self.columns = mapping.columns_of(run.batch.mapping, self.reading, make=make)
        self.rows = self._from(reading.rows(path, self.reading))

    @transaction.atomic
    def _begin_again(self):
        """What a dry run remembers died with it; it has changed nothing, so it starts anew."""
        self._hold()
        self.run.told.all().delete()
        ImportRun.objects.filter(pk=self.run.pk).update(
            next_line=0, lines=0, created=0, updated=0, unchanged=0, refused=0, blank=0, problems=0
        )
        self.run.refresh_from_db()

    def _from(self, rows):
        """Yield the rows that are not accounted for yet."""
        for number, row in enumerate(rows):
            if row.line >= self.run.next_line:
                yield row
            elif number % 20_000 == 0:  # reading on to the place takes a while
                self._hold()

    def step(self, *, now):
        """Deal with the next chunk; return whether there was one. Raise Lost."""
        rows = list(itertools.islice(self.rows, SIZE))
        if not rows:
            self._finish(now)
            return False
        strict = self.run.batch.strict
        read = [lines.read(row, self.columns, strict=strict, now=now) for row in rows]
        chunk = self._account(read, now)
        if self.run.kind == Kind.CHECK:
            chunk.remember()
        return True

    @retried
    @transaction.atomic
    def _account(self, read, now):
        self._hold()
        if self.run.kind == Kind.CHECK:
            chunk = ImaginedChunk(
                read, memory=self.memory, observed_at=self.run.batch.created_at, now=now
            )
            ends, told = chunk.work_out(), chunk.told
        else:
            chunk = None
            ends, told = self._store(read, now)
        told = [(line, one) for line in read for one in line.problems] + told
        self._tell(told)
        self._progress(
            Counter(ends),
            next_line=read[-1].number + 1,
            problems=F("problems") + len(told),
            done_share=self._share(read[-1].number),
        )
        return chunk

    def _store(self, read, now):
        """Store the lines together, or one by one where the database refuses one of them."""
        try:
            with transaction.atomic():
                chunk = StoredChunk(read, run=self.run, now=now)
                return chunk.store(), chunk.told
        except (DataError, IntegrityError):
            ends, told = [], []
        for line in read:
            try:
                with transaction.atomic():
                    chunk = StoredChunk([line], run=self.run, now=now)
                    ends += chunk.store()
                    told += chunk.told
            except (DataError, IntegrityError) as error:
                why = str(error).partition("\n")[0]
                told.append((line, lines.Problem("", f"The database refused it: {why}", True)))
                ends.append(REFUSED)
        return ends, told

    def _tell(self, told):
        told = sorted(told, key=lambda pair: pair[0].number)[: MOST_TOLD - self.kept]
        self.kept += len(told)
        ImportLine.objects.bulk_create(
            ImportLine(
                run=self.run,
                line=line.number,
                field=one.field[:100],
                refused=one.refused,
                reason=one.reason[:300],
                raw=lines.raw(line.cells),
            )
            for line, one in told
        )

    def _share(self, line):
        total = self.reading.lines
        return min(1.0, line / total) if total else 0.0


class UndoJob(Job):
    """Takes an import back, a slice of the records it made at a time."""

    def step(self, *, now):
        """Deal with the next slice; return whether there was one. Raise Lost."""
        if self._slice(now):
            return True
        self._finish(now)
        return False

    @retried
    @transaction.atomic
    def _slice(self, now):
        self._hold()
        self.run.refresh_from_db()
        load = self.run.batch.latest(Kind.LOAD)
        done = undo.take_back(
            load, phase=self.run.phase, after=self.run.next_line, by=self.run, now=now
        )
        if done is None:
            return False
        ImportLine.objects.bulk_create(done.told)
        self._progress(
            done.counts,
            phase=done.phase,
            next_line=done.last,
            problems=F("problems") + len(done.told),
        )
        return True
