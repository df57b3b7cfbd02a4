from django.core.management.base import BaseCommand
from django.utils import timezone

from leads.models import Delivery


class Command(BaseCommand):
    help = "Decide about the messages that are held after a restore: list, release or discard."

    def add_arguments(self, parser):
        parser.add_argument("verb", choices=["list", "release", "discard"])

    def handle(self, *, verb, **options):
        if verb == "release":
            self.stdout.write(f"{Delivery.objects.release(now=timezone.now()):,} will be sent.")
        elif verb == "discard":
            self.stdout.write(f"{Delivery.objects.discard():,} will not be sent.")
        else:
            held = Delivery.objects.held().order_by("pk")
            for one in held.iterator(chunk_size=2_000):
                said = one.payload.get("subject", "")
                self.stdout.write(f"{one.pk}\t{one.channel}\t{one.address}\t{said}")
            self.stdout.write(f"{held.count():,} held.")
