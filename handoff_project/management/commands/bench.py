import json

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from handoff_project.demo.bench_scoring import scoring
from handoff_project.demo.benches import BENCHES, NotMeasurable
from handoff_project.demo.client import NoAnswer

ALL = BENCHES | {"scoring": (scoring, 3)}


class Command(BaseCommand):
    help = (
        "Measure Handoff; the last line is JSON. scoring makes a data set of its own and drops it "
        "in the end, the others measure the demo company."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", choices=ALL)
        parser.add_argument("-n", type=int, dest="times", help="How often it is measured.")
        parser.add_argument("--url", default=settings.HANDOFF_BASE_URL)
        parser.add_argument("--leads", type=int, help="scoring: 1,000,000 unless given.")
        parser.add_argument("--companies", type=int, help="scoring: a tenth of the leads.")
        parser.add_argument("--touchpoints", type=int, help="scoring: twenty for each lead.")

    def handle(self, *, name, times, **options):
        if settings.HANDOFF_ENV != "demo":
            raise CommandError("Benches run on a demo only (HANDOFF_ENV=demo).")
        bench, usual = ALL[name]
        sizes = ("leads", "companies", "touchpoints")
        given = {size: options[size] for size in ("url", *sizes)}
        if any(given[size] is not None and given[size] < 1 for size in sizes):
            raise CommandError("Sizes are whole numbers from 1.")
        try:
            found = bench(**given, times=times or usual, say=self.stdout.write)
        except (NotMeasurable, NoAnswer) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None
        self.stdout.write(json.dumps({"bench": name, **found}))
