"""Who would get a lead, asked without a lead going anywhere: nothing is written and nobody waits.

The subject is a lead that is there, a lead on paper, or a lead that is there with other values on
paper. It is decided on by the router's own `decided`, on the open work and the turns of now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from leads.conditions import facts as said
from leads.conditions import judge, registry
from leads.models import Company, Lead, MQLDefinition, Score, Signal
from leads.scoring import examples, what_if
from routing import placing
from routing.explanation import Explanation, explain
from routing.models import Decision, Handoff
from routing.router import Rules, decided

FAR = timedelta(days=366)  # from now, before or after: what calendars are asked about
SCORED = ("fit", "interest", "total", "tier", "bucket", "qualifies", "do_not_pass", "fast_track")


class Subject(NamedTuple):
    """A lead, which need not be stored, and what says which segments of a list hold for it."""

    lead: Lead
    judged: Callable[[list], list]


@dataclass(frozen=True)
class Simulated:
    """A decision that was not stored, with its explanation; its handoff has the owner or pool."""

    decision: Decision
    why: Explanation

    @property
    def handoff(self):
        return self.decision.handoff


def check_moment(moment, *, now):
    """Raise ValidationError for a moment that is too far from now to be asked about."""
    if abs(moment - now) > FAR:
        raise ValidationError("At most a year from now, before or after.", "far")


def of_lead(lead, *, today):
    """Return the Subject of a lead as it is."""

    def judged(whens):
        return judge.holding(whens, today=today)([lead.pk])[lead.pk] if whens else []

    return Subject(lead, judged)


def of_values(facts, *, today, lead=None):
    """Return the Subject of a lead on paper: what these facts say, and else what `lead` is.

    Facts are as `leads.conditions.facts` has them. Its score is by the live definition. Its
    company is the known one with the same domain, if there is one, as far as nothing is said.
    """
    imagined = _imagined(facts, lead, today=today)
    if imagined.company and imagined.company.get("domain") and lead is None:
        imagined = _of_known_company(imagined)
    live = MQLDefinition.objects.live()
    row = what_if.judge(live.compiled, [imagined], today=today)[0] if live else None
    score = row and {name: row[name] for name in SCORED}

    def judged(whens):
        return what_if.holding(whens, imagined, score=score, today=today)

    return Subject(_on_paper(imagined, score, lead), judged)


def _imagined(facts, lead, *, today):
    with registry.read_once():
        on_paper = examples.imagined(facts, Signal.objects.ids_by_key(), today=today)
        if lead is None:
            return on_paper
        known = said.fields()
    changed = what_if.imagine(lead.pk)
    for key, value in facts["fields"].items():
        changed = changed.with_value(known[key].path, value)
    for signal, day, times, seconds, visits in on_paper.days:
        changed = changed.with_touchpoints(signal, day, times, seconds=seconds, visits=visits)
    return changed


def _of_known_company(imagined):
    known = Company.objects.filter(domain__iexact=imagined.company["domain"]).first()
    if known is None:
        return imagined
    of_it = what_if.paper.values(known)
    custom = of_it["attributes"] | imagined.company["attributes"]
    company = of_it | imagined.company | {"attributes": custom}
    return what_if.Imagined(imagined.lead, company, imagined.days)


def _on_paper(imagined, score, lead):
    """The imagined rows as objects that are not stored, from which compared values are read."""
    columns: dict[str, Any] = dict(imagined.lead) | {"company_id": None}
    found = Lead(**columns)
    found.pk = lead.pk if lead else what_if.PAPER_ID
    if imagined.company is not None:
        found.company = Company(**imagined.company)
    if score:
        Score(lead=found, **score)
    return found


def simulate(subject, version, *, now, away=()):
    """Return the Simulated decision for this lead by a rule set, which may be a draft.

    `now` is the moment for which it is asked, `away` the ids of reps who are taken as away. Raise
    ValidationError for a draft that makes no sense.
    """
    rules = Rules(version.readable(), today=now.date())
    lead = subject.lead
    handoff = Handoff(lead=lead, opened_at=now)
    # Its own open handoff is none that somebody had before.
    handoff.pk = Handoff.objects.open().filter(lead=lead.pk).values_list("pk", flat=True).first()
    answers = {lead.pk: subject.judged(rules.whens)}
    found = decided([handoff], rules, now=now, lock=False, answers=answers, away=away)
    (decision,) = placing.decisions_of(found, version, now=now)
    placing.put(handoff, decision)
    return Simulated(decision, explain(decision))
