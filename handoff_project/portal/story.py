"""Why a rep got a lead, and what came with it: the packet and the decision, ready to read."""

import json
from dataclasses import dataclass
from datetime import datetime

from leads.models import FieldValue, LifecycleStage, MQLDefinition
from leads.scoring.explain import explain
from leads.scoring.nearest import Nearest, nearest_miss
from routing.explanation import Explanation
from routing.explanation import explain as explain_decision
from routing.models import Decision

CONTACT = {
    "name": "Name",
    "job_title": "Job title",
    "phone": "Phone",
    "country": "Country",
}
COMPANY = {
    "name": "Company",
    "domain": "Domain",
    "employees": "Employees",
    "industry": "Industry",
    "country": "Company country",
}
SOURCE = {"source": "Source", "campaign": "Campaign"}


@dataclass(frozen=True)
class Waterfall:
    """A score's lines. Those of `fit` and `interest` add up to `total`."""

    gates: list[dict]
    axes: list[dict]
    idle: list[dict]
    total: int
    definition: int
    cause: str


def waterfall(packet):
    """Return the Waterfall of a packet: what counted by axis, most points first."""
    score = packet["score"]
    return _waterfall(score, definition=score["definition"], cause=score["cause"])


def _waterfall(score, *, definition, cause=""):
    lines = score["lines"]
    counted = [line for line in lines if line["counted"]]
    return Waterfall(
        gates=[line for line in counted if line["kind"] in ("fast_track", "do_not_pass")],
        axes=[
            {"label": label, "points": score[axis], "lines": _of(counted, axis)}
            for axis, label in (("fit", "Fit"), ("interest", "Interest"))
        ],
        idle=[line for line in lines if not line["counted"]],
        total=score["total"],
        definition=definition,
        cause=cause,
    )


def _of(lines, kind):
    return sorted(
        (line for line in lines if line["kind"] == kind), key=lambda line: -abs(line["points"])
    )


@dataclass(frozen=True)
class Gap:
    """A threshold that was not reached."""

    label: str
    points: int
    needed: int

    @property
    def missing(self):
        return self.needed - self.points


@dataclass(frozen=True)
class Standing:
    """How a lead stands to the live definition today: what it scores, and what keeps it back."""

    waterfall: Waterfall
    tier: str
    blocks: list[dict]
    gaps: list[Gap]
    by_points: bool  # whether points can pass a lead, or a fast-track rule alone
    passes: bool
    nearest: Nearest | None  # of a lead that may still become an MQL


def standing(lead, *, today):
    """Return the lead's Standing; None without a live definition or before its first score."""
    live = MQLDefinition.objects.live()
    if live is None or not hasattr(lead, "score"):
        return None
    score = explain(live.compiled, lead.pk, today=today)
    asked = {axis: n for axis, n in live.compiled["thresholds"].items() if n is not None}
    shown = _waterfall(score, definition=live.version)
    return Standing(
        waterfall=shown,
        tier=score["tier"],
        blocks=[line for line in shown.gates if line["kind"] == "do_not_pass"],
        gaps=[
            Gap(axis.capitalize(), score[axis], needed)
            for axis, needed in asked.items()
            if score[axis] < needed
        ],
        by_points=bool(asked),
        passes=score["qualifies"],
        nearest=None
        if score["qualifies"] or lead.stage_id != LifecycleStage.Key.LEAD
        else nearest_miss(live.compiled, lead.pk, today=today),
    )


@dataclass(frozen=True)
class Routing:
    """The latest decision, and its explanation, in the words of the page; `to` is whom it names."""

    decision: Decision
    why: Explanation
    to: str


def routing(handoff, *, user):
    """Return the Routing of the handoff's latest decision, or None before the first."""
    decision = handoff.decisions.select_related("rule_set", "pool", "rep__user").first()
    if decision is None:
        return None
    to_reader = decision.rep is not None and decision.rep.user_id == user.pk
    to = "you" if to_reader else str(decision.rep or decision.pool)
    return Routing(decision, explain_decision(decision), to)


@dataclass(frozen=True)
class Fact:
    """One value as it was when the lead was handed over; empty where it was not captured."""

    label: str
    value: object
    source: str = ""
    known_at: datetime | None = None


def company_facts(handoff):
    """Return what was known of the company, with the source and age of each value."""
    values = handoff.packet.get("company", {})
    origins = _origins(handoff)
    return [
        Fact(label, values.get(name), *origins.get(name, ())) for name, label in COMPANY.items()
    ]


def _origins(handoff):
    company = handoff.lead.company_id
    known = FieldValue.objects.filter(company=company, known_at__lte=handoff.opened_at)
    latest = known.order_by("field", "-known_at", "-pk").distinct("field").select_related("source")
    if company is None:
        return {}
    return {value.field: (str(value.source or "a person"), value.known_at) for value in latest}


def completeness(packet):
    """Return `(captured, of, missing labels)` over the fields that both sides agreed on."""
    parts = ((CONTACT, "contact"), (COMPANY, "company"), (SOURCE, "source"))
    asked = [
        (label, packet.get(part, {}).get(name))
        for labels, part in parts
        for name, label in labels.items()
    ]
    missing = [label for label, value in asked if value in (None, "")]
    return len(asked) - len(missing), len(asked), missing


def answers(packet):
    """Return the conversion form's answers as `(question, text)`; nested ones as JSON."""
    given = packet.get("conversion", {}).get("answers") or {}
    return [(name, _in_words(value)) for name, value in given.items()]


def _in_words(value):
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def recent(packet):
    """Return the touchpoints that were written out in the packet, with real times."""
    return [
        touchpoint | {"at": datetime.fromisoformat(touchpoint["at"])}
        for touchpoint in packet.get("behaviour", {}).get("recent", ())
    ]


def moment(packet, part, name):
    """Return a time of the packet as a datetime, or None where it was not captured."""
    text = packet.get(part, {}).get(name)
    return datetime.fromisoformat(text) if text else None


def earlier(handoff, others):
    """Return the lead's earlier handoffs: those of the packet, and of `others` in full.

    `others` are handoffs that the reader may see; of the rest only what the packet says is told.
    """
    in_full = {other.pk for other in others}
    told = [entry for entry in handoff.packet.get("earlier", ()) if entry["handoff"] not in in_full]
    return [other for other in others if other.opened_at < handoff.opened_at], told
