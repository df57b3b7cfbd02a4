"""How one lead does by one version of the definition: verdict, every rule, and the nearest miss."""

from dataclasses import dataclass

from handoff_project.portal import story
from leads.models import MQLDefinition
from leads.scoring.explain import explain
from leads.scoring.nearest import Nearest, nearest_miss


@dataclass(frozen=True)
class Trace:
    """One lead by one version; `nearest` is None where it passes."""

    definition: MQLDefinition
    passes: bool
    verdict: str
    tier: str
    waterfall: story.Waterfall
    nearest: Nearest | None


def trace(definition, form, lead, *, today):
    """Return the Trace of the lead by this form of a definition."""
    score = explain(form, lead.pk, today=today)
    told = {"score": score | {"definition": definition.version, "cause": ""}}
    return Trace(
        definition=definition,
        passes=score["qualifies"],
        verdict=verdict(score),
        tier=score["tier"],
        waterfall=story.waterfall(told),
        nearest=nearest_miss(form, lead.pk, today=today),
    )


def verdict(score):
    """Return what a score says, in words."""
    if score["do_not_pass"]:
        return "Never passes"
    if score["qualifies"]:
        return "Passes at once" if score["fast_track"] else "Passes"
    return "Borderline: a marketer decides" if score["borderline"] else "Does not pass"
