from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from handoff_project.backups import erasures, restoring
from handoff_project.backups.programs import Unusable


class Command(BaseCommand):
    help = (
        "Load a backup into an empty database. Messages that waited in it are held, and whoever was"
        " erased since is erased again."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="The backup: a folder with a manifest.")
        parser.add_argument(
            "--force", action="store_true", help="Replace all that the database holds now."
        )

    def handle(self, *, folder, force, **options):
        home = folder.resolve().parent
        try:
            listed = erasures.keep(home, erasures.of_database())
            found, held = restoring.restore(folder, force=force)
        except Unusable as error:
            raise CommandError(str(error)) from None
        rows = sum(found.rows.values())
        self.stdout.write(f"Restored as of {found.made_at}: {rows:,} rows, all counted.")
        if held:
            self.stdout.write(
                f"{held:,} messages waited then and are held, for they may have gone out since."
                " `manage.py held release` sends them, `manage.py held discard` does not."
            )
        call_command("migrate", verbosity=0, interactive=False)
        if listed:
            call_command("erasures", home, apply=True, stdout=self.stdout)
        self.stdout.write("Now run `manage.py check_invariants`, then start everything.")
