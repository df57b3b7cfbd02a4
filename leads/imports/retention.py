"""What is kept of an import, and for how long: the file a week, its broken lines a month."""

from datetime import timedelta

from leads.models import Import, ImportChunk, ImportLine, ImportRun

FILE_KEPT = timedelta(days=7)
LINES_KEPT = timedelta(days=30)


def forget(*, now):
    """Remove files and lines that are old enough; counts and what was changed stay."""
    old = Import.objects.filter(file_removed_at=None, created_at__lt=now - FILE_KEPT)
    for batch in old.exclude(runs__state__in=ImportRun.OPEN):
        remove_file(batch, now=now)
    ImportLine.objects.filter(run__ended_at__lt=now - LINES_KEPT).delete()


def remove_file(batch, *, now):
    """Remove what was uploaded; what came of it stays."""
    ImportChunk.objects.filter(batch=batch).delete()
    batch.reading["sample"] = []
    batch.file_removed_at = now
    batch.save(update_fields=["reading", "file_removed_at"])
