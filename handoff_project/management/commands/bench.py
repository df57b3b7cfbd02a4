import json

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from handoff_project.demo.benches import BENCHES, NotMeasurable
from handoff_project.demo.client import NoAnswer


class Command(BaseCommand):
    help = "Measure Handoff on the demo company; the last line is JSON."

    def add_arguments(self, parser):
        parser.add_argument("name", choices=BENCHES)
        parser.add_argument("-n", type=int, dest="times", help="How often it is measured.")
        parser.add_argument("--url", default=settings.HANDOFF_BASE_URL)

    def handle(self, *, name, times, url, **options):
        if settings.HANDOFF_ENV != "demo":
            raise CommandError("Benches run on a demo only (HANDOFF_ENV=demo).")
        bench, usual = BENCHES[name]
        try:
            found = bench(url=url, times=times or usual, say=self.stdout.write)
        except (NotMeasurable, NoAnswer) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps({"bench": name, **found}))
