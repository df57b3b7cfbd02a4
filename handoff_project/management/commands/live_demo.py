from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from handoff_project.demo.client import NoAnswer, client_of
from handoff_project.demo.traffic import Traffic


class Command(BaseCommand):
    help = "Let leads arrive at the running demo through its API, until Ctrl-C."

    def add_arguments(self, parser):
        parser.add_argument("--per-minute", type=float, default=12, help="Leads, on average.")
        parser.add_argument("--for", type=float, dest="seconds", help="Stop after these seconds.")
        parser.add_argument("--url", default=settings.HANDOFF_BASE_URL)

    def handle(self, *, per_minute, seconds, url, **options):
        if settings.HANDOFF_ENV != "demo":
            raise CommandError("Invented leads may arrive in a demo only (HANDOFF_ENV=demo).")
        if per_minute <= 0:
            raise CommandError("Say how many leads a minute, more than 0.")
        arrived = 0
        try:
            with client_of("Demo traffic", url=url) as client:
                for line in Traffic(client).run(per_minute=per_minute, seconds=seconds):
                    self.stdout.write(line)
                    self.stdout.flush()
                    arrived += 1
        except NoAnswer as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self.stdout.write("")
        self.stdout.write(f"{arrived} leads arrived.")
