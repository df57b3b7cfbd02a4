import json

from django.core.management.base import BaseCommand
from django.utils import timezone

from reporting.invariants import checking


class Command(BaseCommand):
    help = (
        "Check everything that must always be true of what is stored. Nothing is written without"
        " --store. Ends with 1 if something is wrong, 2 if something only asks for attention."
    )

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="One line of JSON for each.")
        parser.add_argument(
            "--store",
            action="store_true",
            help="Keep the result for the health page and tell of new leaks, as every night.",
        )

    def handle(self, *, store, **options):
        now = timezone.now()
        findings = checking.check(now=now) if store else checking.look(now=now)
        for finding in findings:
            self._report(finding, as_json=options["json"])
        broken = [finding for finding in findings if not finding.holds]
        if not options["json"]:
            said = f"{len(broken)} do not hold" if broken else "all of them hold"
            self.stdout.write(f"{len(findings)} invariants; {said}.")
        if any(finding.invariant.is_fatal for finding in broken):
            raise SystemExit(1)
        if broken:
            raise SystemExit(2)

    def _report(self, finding, *, as_json):
        invariant = finding.invariant
        if as_json:
            told = {"sentence": invariant.sentence, "fatal": invariant.is_fatal, "of": invariant.of}
            self.stdout.write(json.dumps(finding.as_json() | told))
        elif not finding.holds:
            word = "Wrong" if invariant.is_fatal else "Look"
            self.stdout.write(f"{word}: {invariant.sentence} ({invariant.key})")
            named = ", ".join(
                f"{one.id} (lead {one.lead})" if one.lead else str(one.id)
                for one in finding.examples
            )
            more = ", ..." if finding.count > len(finding.examples) else ""
            self.stdout.write(f"  {finding.count:,} by {invariant.of}: {named}{more}")
            self.stdout.write(f"  {invariant.remedy}")
