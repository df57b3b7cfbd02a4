import os
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leads.imports import mapping, reading, runner, uploads
from leads.imports.files import PIECE, Unreadable
from leads.models import ImportRun, NotPossible

SHOWN = 50  # problems that are printed
COUNTS = ("created", "updated", "unchanged", "refused", "blank")


class Command(BaseCommand):
    help = "Import leads from a CSV or XLSX file; docs/import.md describes the mapping."

    def add_arguments(self, parser):
        parser.add_argument("file", help="A CSV or XLSX file.")
        parser.add_argument("--mapping", help="A YAML file that says what each column means.")
        parser.add_argument("--dry-run", action="store_true", help="Only tell what would happen.")
        parser.add_argument("--source", help="From whom the values are said to be.")
        parser.add_argument(
            "--create-custom-fields",
            action="store_true",
            help="Make a custom field of every column that means nothing else.",
        )

    def handle(self, *, file, dry_run, **options):
        said = self._said(options)
        try:
            batch = self._take_in(Path(file), said)
            kind = ImportRun.Kind.CHECK if dry_run else ImportRun.Kind.LOAD
            run = batch.ask_for(kind, by=None, now=timezone.now())
        except (Unreadable, mapping.BadMapping, NotPossible, OSError) as error:
            raise CommandError(str(error)) from None
        claimed = runner.claim(now=timezone.now(), run=run)
        if claimed:
            try:
                runner.work(claimed, clock=timezone.now)
            except KeyboardInterrupt:
                claimed.cancel(now=timezone.now())
        run.refresh_from_db()
        self._report(run)
        if run.state != ImportRun.State.DONE:
            raise CommandError(f"{run.get_state_display()} at line {run.next_line}. {run.problem}")

    def _said(self, options):
        """The mapping file, with what the command line says on top of it."""
        said = {}
        if options["mapping"]:
            try:
                said = mapping.from_yaml(Path(options["mapping"]).read_text(encoding="utf-8"))
            except (mapping.BadMapping, OSError, UnicodeDecodeError) as error:
                raise CommandError(str(error)) from None
        if options["source"]:
            said["source"] = options["source"]
        said["create"] = options["create_custom_fields"] or said.pop("create_custom_fields", False)
        return said

    def _take_in(self, path, said):
        known = {name: said[name] for name in mapping.SETTINGS if name in said}
        with open(path, "rb") as file:
            batch = uploads.take_in(
                iter(lambda: file.read(PIECE), b""),
                name=os.path.basename(path),
                by=None,
                now=timezone.now(),
                source=said.get("source", uploads.SOURCE),
                create=said["create"],
                **known,
            )
        found = reading.Reading(**batch.reading)
        if "columns" in said:
            batch.mapping = mapping.in_order(said["columns"], found)
        batch.strict = bool(said.get("strict"))
        mapping.check(batch.mapping, found)
        batch.save()
        self._tell(batch, found)
        return batch

    def _tell(self, batch, found):
        how = f"sheet {found.sheet}" if found.sheet else f"{found.encoding}, {found.delimiter!r}"
        self.stdout.write(f"{batch.name}: {how}, heading on line {found.heading_line}.")
        for note in found.notes:
            self.stdout.write(note)
        self.stdout.write(mapping.as_yaml(batch.mapping, found))

    def _report(self, run):
        for told in run.told.order_by("line", "pk")[:SHOWN]:
            what = "refused" if told.refused else "left out"
            where = f", {told.field}" if told.field else ""
            self.stdout.write(f"line {told.line}{where}: {told.reason} ({what})")
        if run.problems > SHOWN:
            self.stdout.write(f"... and {run.problems - SHOWN} more; see the import in the admin.")
        counts = ", ".join(f"{getattr(run, name)} {name}" for name in COUNTS)
        what = "would be" if run.kind == ImportRun.Kind.CHECK else "were"
        self.stdout.write(f"{run.lines} lines {what}: {counts}.")
