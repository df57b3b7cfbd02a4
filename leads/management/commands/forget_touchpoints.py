from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leads.partitions import forget_before


class Command(BaseCommand):
    help = "Drop the touchpoints of months past; scores and daily counts stay as they are."

    def add_arguments(self, parser):
        parser.add_argument("--before", required=True, help="The first month to keep: 2026-01.")

    def handle(self, *, before, **options):
        now = timezone.now()
        try:
            first = date.fromisoformat(f"{before}-01")
        except ValueError:
            raise CommandError(f"“{before}” is no month such as 2026-01.") from None
        if first > now.date():
            raise CommandError("That month has not begun.")
        months = forget_before(first, now=now)
        for month in months:
            self.stdout.write(f"{month:%Y-%m} is forgotten.")
        if not months:
            self.stdout.write(f"There is nothing from before {before}.")
