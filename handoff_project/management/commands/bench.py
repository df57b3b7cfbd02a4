import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from handoff_project.demo.bench_intake import intake
from handoff_project.demo.bench_pages import pages
from handoff_project.demo.bench_routing import routing
from handoff_project.demo.bench_scoring import scoring
from handoff_project.demo.bench_sla import sla
from handoff_project.demo.benches import BENCHES, NotMeasurable
from handoff_project.demo.client import NoAnswer

ALL: dict[str, Any] = BENCHES | {
    "scoring": (scoring, 3),
    "intake": (intake, 3),
    "sla": (sla, 3),
    "routing": (routing, 1),
    "pages": (pages, 60),
}
SIZES = ("leads", "companies", "touchpoints", "events", "rows", "seconds")


class Command(BaseCommand):
    help = (
        "Measure Handoff; the last line is JSON. scoring, intake, sla, routing and pages make a "
        "data set of their own and drop it in the end, the others measure the demo company."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", choices=ALL)
        parser.add_argument("-n", type=int, dest="times", help="How often it is measured.")
        parser.add_argument("--url", default=settings.HANDOFF_BASE_URL)
        parser.add_argument(
            "--leads",
            type=int,
            help="scoring: 1,000,000; intake: 100,000; routing: 10,000; pages: 100,000.",
        )
        parser.add_argument("--companies", type=int, help="scoring: a tenth of the leads.")
        parser.add_argument("--touchpoints", type=int, help="scoring: twenty for each lead.")
        parser.add_argument("--events", type=int, help="intake: 40,000 sent in each round.")
        parser.add_argument("--rows", type=int, help="intake: 100,000 lines are imported.")
        parser.add_argument("--seconds", type=int, help="intake: 10 at each fixed rate.")

    def handle(self, *, name, times, **options):
        if settings.HANDOFF_ENV != "demo":
            raise CommandError("Benches run on a demo only (HANDOFF_ENV=demo).")
        bench, usual = ALL[name]
        given = {size: options[size] for size in ("url", *SIZES)}
        if any(given[size] is not None and given[size] < 1 for size in SIZES):
            raise CommandError("Sizes are whole numbers from 1.")
        try:
            found = bench(**given, times=times or usual, say=self.stdout.write)
        except (NotMeasurable, NoAnswer) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None
        self.stdout.write(json.dumps({"bench": name} | found))
