from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from leads.intake.people import normal_email
from leads.models import Identity
from leads.privacy.export import export


class Command(BaseCommand):
    help = "Write all that is held of one person as JSON."

    def add_arguments(self, parser):
        parser.add_argument("email", help="An e-mail address by which they are known.")

    def handle(self, *, email, **options):
        named = Identity.objects.filter(kind=Identity.Kind.EMAIL, value=normal_email(email))
        found = named.exclude(lead=None).select_related("lead__company").first()
        if found is None:
            raise CommandError("Nobody is known by this address.")
        for piece in export(found.lead, now=timezone.now()):
            self.stdout.write(piece, ending="")
