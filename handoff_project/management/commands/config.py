import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from handoff_project.configuration import sections
from leads.configuration import transfer
from leads.configuration.definition import DRAFT, LIVE, chosen
from leads.configuration.document import LARGEST, Invalid
from leads.models import NotPublishable, Segment, User
from leads.scoring import checks


class Command(BaseCommand):
    help = "Write the configuration as a YAML file, or take one over. See docs/configuration.md."

    def add_arguments(self, parser):
        verbs = parser.add_subparsers(dest="verb", required=True)
        export = verbs.add_parser("export", help="Write the configuration.")
        export.add_argument("--output", type=Path, help="The file; standard output without it.")
        export.add_argument(
            "--definition",
            default=LIVE,
            help="live (the default), draft (the newest that is not live) or a version's number.",
        )
        take = verbs.add_parser("import", help="Take over a file. Nothing is published.")
        take.add_argument("file", help="The file; - for standard input.")
        take.add_argument("--dry-run", action="store_true", help="Say what would change.")
        take.add_argument("--as-user", metavar="EMAIL", help="Who makes the draft.")

    def handle(self, *, verb, **options):
        if verb == "export":
            self._export(options["output"], options["definition"])
        else:
            by = _user(options["as_user"])
            self._import(options["file"], dry_run=options["dry_run"], by=by)

    def _export(self, output, which):
        if which not in (LIVE, DRAFT) and not (which.isascii() and which.isdigit()):
            raise CommandError("--definition takes live, draft or a number.")
        version = chosen(which)
        if version is None and which != LIVE:
            raise CommandError("There is no such version of the definition.")
        text = transfer.export(sections(which))
        if output is None:
            self.stdout.write(text, ending="")
        else:
            try:
                output.write_text(text, encoding="utf-8")
            except OSError as error:
                raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        self._warn(version)

    def _warn(self, version):
        """Say on standard error what a reader of the file might take for something else."""
        if version is None:
            self.stderr.write("There is no definition yet.")
            return
        self.stderr.write(f"The definition is {version}, {version.get_state_display().lower()}.")
        newest = chosen(DRAFT)
        if newest and newest.version > version.version:
            self.stderr.write(f"{newest} is newer; --definition draft writes it.")
        for segment in Segment.objects.all() if version.compiled else ():
            if segment.differs_in(version.compiled):
                self.stderr.write(
                    f"Segment “{segment}” is written as it is now; {version} holds an older text."
                )

    def _import(self, name, *, dry_run, by):
        content, now = _content(name), timezone.now()
        try:
            with transaction.atomic():
                run = transfer.load(content, sections(), by=by, now=now)
                if dry_run:
                    self.stdout.write("A dry run: this is what the import would do.")
                self._report(run)
                if run.draft:
                    self._next_steps(run.draft, dry_run=dry_run, now=now)
                transaction.set_rollback(dry_run)
        except Invalid as error:
            lines = "\n".join(f"  {problem}" for problem in error.problems)
            count = len(error.problems)
            problems = f"{count} problem{'' if count == 1 else 's'}"
            raise CommandError(f"{problems}; nothing was written.\n{lines}") from None
        if dry_run:
            self.stdout.write("Nothing was written.")

    def _report(self, run):
        for section in sections():
            lines, same = run.said.get(section.key, []), run.same.get(section.key, 0)
            if lines or same:
                changes = "changes" if section.key in run.changes else "nothing to change"
                kept = f", {same} unchanged" if same else ""
                self.stdout.write(f"{section.title}: {changes}{kept}.")
            for word, sentence in lines:
                self.stdout.write(f"  {sentence}" if word == "note" else f"  {word:<8} {sentence}")
        if not run.changes:
            self.stdout.write("Everything is as the file says.")

    def _next_steps(self, draft, *, dry_run, now):
        form = draft.compile()
        for sentence in checks.warnings(form):
            self.stdout.write(f"Look at this again: {sentence}")
        page = reverse("portal:definition-version", args=[draft.version])
        if dry_run:
            self.stdout.write(f"The import would make {draft} a draft, and publish nothing.")
        else:
            self.stdout.write(
                f"{draft} is a draft; nothing is published. Read it, have both sides sign it and "
                f"publish it at {settings.HANDOFF_BASE_URL}{page}"
            )
        try:
            draft.check_publishable(form, today=now.date())
        except (NotPublishable, ValidationError) as error:
            said = " ".join(getattr(error, "messages", [str(error)]))
            self.stdout.write(f"Before it can be put up for sign-off: {said}")


def _user(email):
    if not email:
        return None
    found = User.objects.filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active user {email!r}.")
    return found


def _content(name):
    """Return the bytes of a file, one more than it may have where it is too large."""
    if name == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    try:
        with open(name, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}.") from None
