from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from handoff_project.demo import company, people
from leads.models import Lead, MQLDefinition, User
from routing.models import Handoff, Team


class Command(BaseCommand):
    help = "Make the demo company: a year of leads and handoffs, and open work for today."

    def add_arguments(self, parser):
        parser.add_argument("--seed", type=int, default=7, help="Another number, another company.")
        parser.add_argument("--leads", type=int, default=5000)
        parser.add_argument(
            "--if-empty", action="store_true", help="Do nothing when a company is there already."
        )
        parser.add_argument(
            "--logins", action="store_true", help="Print the demo's log-ins and do nothing else."
        )

    def handle(self, *, seed, leads, if_empty, logins, **options):
        if settings.HANDOFF_ENV != "demo":
            raise CommandError("The demo company is made in a demo only (HANDOFF_ENV=demo).")
        if logins:
            self._print_logins()
        elif _is_in_use():
            if not if_empty:
                raise CommandError("The demo company needs an empty database; this one is in use.")
        elif leads < company.FEWEST:
            raise CommandError(f"The demo company needs at least {company.FEWEST} leads.")
        else:
            self._make(seed, leads)

    def _make(self, seed, leads):
        self.stdout.write(f"Making a demo company with {leads} leads; this takes half a minute.")
        company.make(seed=seed, leads=leads, now=timezone.now())
        handoffs = Handoff.objects.all()
        self.stdout.write(
            f"Made {Lead.objects.count()} leads and {handoffs.count()} handoffs, "
            f"{handoffs.open().count()} of them open."
        )

    def _print_logins(self):
        rows = [
            ("Role", "E-mail", "Password"),
            *[(role, email, people.PASSWORD) for role, _, email in people.logins()],
        ]
        for role, email, password in rows:
            self.stdout.write(f"{role:<10}  {email:<24}  {password}")


def _is_in_use():
    demo = [email for _, _, email in people.logins()]
    known = User.objects.filter(email__in=demo)
    kept = (Lead.objects, MQLDefinition.objects, Team.objects, known)
    return any(rows.exists() for rows in kept)
