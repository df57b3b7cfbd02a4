from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from handoff_project.backups import erasures, making
from handoff_project.backups.programs import Unusable


class Command(BaseCommand):
    help = "Write a backup into a new folder, while everybody works on. See docs/operations.md."

    def add_arguments(self, parser):
        parser.add_argument(
            "home",
            nargs="?",
            type=Path,
            default=settings.DATA_DIR / "backups",
            help="Where the new folder comes; the data folder's backups without it.",
        )

    def handle(self, *, home, **options):
        try:
            folder, made = making.make(home, now=timezone.now())
            erasures.keep(home, erasures.of_database())
        except Unusable as error:
            raise CommandError(str(error)) from None
        rows = sum(made.rows.values())
        self.stdout.write(f"{folder}: {rows:,} rows, {made.bytes / 1024**2:,.1f} MB.")
        self.stdout.write("Keep SECRET_KEY too, apart from it; the backup does not hold it.")
