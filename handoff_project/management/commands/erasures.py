from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from handoff_project.backups import erasures
from handoff_project.backups.programs import Unusable


class Command(BaseCommand):
    help = "Keep the list of erasures beside the backups, or erase again whom it names."

    def add_arguments(self, parser):
        parser.add_argument(
            "home",
            nargs="?",
            type=Path,
            default=settings.DATA_DIR / "backups",
            help=f"The folder of {erasures.NAME}; the data folder's backups without it.",
        )
        parser.add_argument(
            "--apply", action="store_true", help="Erase whom the list names and the database has."
        )

    def handle(self, *, home, apply, **options):
        try:
            if apply:
                self.apply(erasures.kept(home))
            else:
                count = erasures.keep(home, erasures.of_database())
                self.stdout.write(f"{home / erasures.NAME}: {count:,} erasures.")
        except Unusable as error:
            raise CommandError(str(error)) from None

    def apply(self, found):
        done, problems = erasures.apply(found, now=timezone.now())
        self.stdout.write(f"Erased again: {done:,} of the {len(found):,} that the list names.")
        if problems:
            raise CommandError("\n".join(["Not erased:", *problems]))
