import json
from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from routing import replay
from routing.models import Pool, Rep, RuleSet


class Command(BaseCommand):
    help = (
        "Decide every stored routing decision again from its record: nothing may differ. With "
        "--rule-set, list what that version, which may be a draft, would have decided otherwise."
    )

    def add_arguments(self, parser):
        parser.add_argument("--since", help="A day or moment: 2026-03-01 or 2026-03-01T09:00Z.")
        parser.add_argument("--rule-set", type=int, metavar="VERSION", help="The other version.")
        parser.add_argument("--json", action="store_true", help="One line of JSON for each.")

    def handle(self, *, since, rule_set, **options):
        version = _version(rule_set)
        self.names = {
            "pool": dict(Pool.objects.values_list("pk", "name")),
            "rep": {rep.pk: str(rep) for rep in Rep.objects.select_related("user")},
        }
        counts = {"decisions": 0, "differences": 0, "skipped": 0}
        try:
            for one in replay.replayed(since=_moment(since), version=version, now=timezone.now()):
                counts["decisions"] += 1
                counts["skipped"] += bool(one.skipped)
                counts["differences"] += one.differs
                if one.differs:
                    self.stdout.write(self._json(one) if options["json"] else self._words(one))
        except ValidationError as error:
            raise CommandError(f"{version} is not complete. {' '.join(error.messages)}") from None
        self.stdout.write(json.dumps(counts) if options["json"] else _summed_up(counts, version))
        if counts["differences"] and version is None:
            raise CommandError("Stored decisions are made otherwise today.", returncode=1)

    def _words(self, one):
        at = one.decision.decided_at.isoformat(timespec="seconds")
        basis = f" (rests on {', '.join(one.rests_on)})" if one.rests_on else ""
        head = f"Decision {one.decision.pk} of {at}, lead {one.decision.handoff.lead_id}"
        said = self._said(one.then), self._said(one.again)
        if said[0] == said[1]:
            return f"{head}: {said[0]} both times, found in another way{basis}"
        return f"{head}: {said[0]}; now {said[1]}{basis}"

    def _said(self, found):
        to = self.names["rep"].get(found["rep"]) or self.names["pool"].get(found["pool"])
        return f"“{found['rule']}” to {to}"

    def _json(self, one):
        shown = ("rule", "pool", "rep", "nobody")
        return json.dumps(
            {
                "decision": one.decision.pk,
                "handoff": one.decision.handoff_id,
                "then": {name: one.then[name] for name in shown if name in one.then},
                "now": {name: one.again[name] for name in shown if name in one.again},
                "rests_on": one.rests_on,
            }
        )


def _version(number):
    if number is None:
        return None
    found = RuleSet.objects.filter(version=number).first()
    if found is None:
        raise CommandError(f"There is no rule set v{number}.")
    return found


def _moment(text):
    if text is None:
        return None
    try:
        day = parse_date(text)
        moment = datetime.combine(day, time()) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--since takes a day such as 2026-03-01, not {text!r}.")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _summed_up(counts, version):
    decided = counts["decisions"] - counts["skipped"]
    by = f"by {version}" if version else "from their records"
    said = f"{decided} decisions were made again {by}: {counts['differences']} differ."
    if counts["skipped"]:
        said += f" {counts['skipped']} were stored before inputs were kept and are left out."
    return said
