"""How one lead does by one version of the definition: verdict, every rule, and the nearest miss."""

from dataclasses import dataclass

from handoff_project.portal import story
from leads.conditions import judge
from leads.models import MQLDefinition
from leads.scoring.explain import explain
from leads.scoring.nearest import Nearest, nearest_miss


@dataclass(frozen=True)
class WhyNot:
    """What one rule asks, condition by condition: see `judge.why`."""

    label: str
    conditions: list[dict]


@dataclass(frozen=True)
class Trace:
    """One lead by one version; `nearest` is None where it passes.

    `why_not` takes the rule apart that the reader asked about.
    """

    definition: MQLDefinition
    passes: bool
    verdict: str
    tier: str
    waterfall: story.Waterfall
    nearest: Nearest | None
    why_not: WhyNot | None


def trace(definition, form, lead, *, today, rule=None):
    """Return the Trace of the lead by this form of a definition, with one rule's conditions."""
    score = explain(form, lead.pk, today=today)
    told = {"score": score | {"definition": definition.version, "cause": ""}}
    return Trace(
        definition=definition,
        passes=score["qualifies"],
        verdict=verdict(score),
        tier=score["tier"],
        waterfall=story.waterfall(told),
        nearest=nearest_miss(form, lead.pk, today=today),
        why_not=_why_not(form, lead, score, rule, today=today),
    )


def _why_not(form, lead, score, rule, *, today):
    asked = next((one for one in form["rules"] if one["id"] == rule), None)
    if asked is None:
        return None
    if asked["type"] == "when":
        return WhyNot(asked["label"], judge.why(asked["when"], lead.pk, today=today))
    line = next(line for line in score["lines"] if line["rule"] == rule)
    seen = f"{line['count']} time{'' if line['count'] == 1 else 's'}"
    told = {"sentence": line["sentence"], "holds": line["counted"], "value": seen, "group": "all"}
    return WhyNot(asked["label"], [told])


def verdict(score):
    """Return what a score says, in words."""
    if score["do_not_pass"]:
        return "Never passes"
    if score["qualifies"]:
        return "Passes at once" if score["fast_track"] else "Passes"
    return "Borderline: a marketer decides" if score["borderline"] else "Does not pass"
