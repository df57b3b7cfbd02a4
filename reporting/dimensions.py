"""The ways to divide what a report counts into lines: by team, rep, source, campaign, tier."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from leads.models import Campaign, MQLDefinition
from routing.models import RejectionReason, Rep, Team
from sla.models import ClockKind

NOBODY = "none"  # the key of a line without a rep, a source or a campaign
BY_ID = ("team", "rep", "campaign", "definition", "reason")
EMPTY = {
    "rep": "With nobody: in a pool or in review",
    "team": "With no team: in review",
    "source": "Source unknown",
    "campaign": "No campaign",
    "tier": "No tier",
    "definition": "No definition",
}


@dataclass(frozen=True)
class Line:
    """One line of a table: what it is of, by key and by name, and its numbers."""

    key: str
    label: str
    numbers: Any


def ways(handoff=""):
    """Return where a handoff's dimensions are found, by their words; `handoff` leads to it."""
    return {
        "team": Coalesce(f"{handoff}owner__team", f"{handoff}pool__team"),
        "rep": F(f"{handoff}owner"),
        "source": F(f"{handoff}lead__lead_source"),
        "campaign": F(f"{handoff}lead__campaign"),
        "tier": F(f"{handoff}tier"),
    }


def lines(rows, by, way, columns, numbers: Callable[[dict], Any]):
    """Return a Line for each value of this way, by name; they share no row.

    `columns` are what is aggregated, and `numbers` makes the line's numbers of them.
    """
    grouped = rows.order_by().values(key=way)
    found = {row.pop("key"): row for row in grouped.annotate(**columns)}
    named = names(by, [key for key in found if key not in (None, "")])
    told = [
        Line(str(key or NOBODY), named.get(key) or EMPTY.get(by, ""), numbers(row))
        for key, row in found.items()
    ]
    return sorted(told, key=lambda line: (line.key == NOBODY, line.label.casefold()))


def of_line(rows, by, way, key):
    """Those of one line: of a rep, a team..., or of none (NOBODY)."""
    found = rows.alias(**{f"line_{by}": way})
    empty = Q(**{f"line_{by}__isnull": True})
    if by in ("source", "tier"):
        empty |= Q(**{f"line_{by}": ""})
    return found.filter(empty if key == NOBODY else Q(**{f"line_{by}": key}))


def label(by, key):
    """Return the name of one line; "" where there is none of this key."""
    if key == NOBODY:
        return EMPTY.get(by, "")
    key = int(key) if by in BY_ID else key
    return names(by, [key]).get(key, "")


def names(by, keys):
    """Return the names of these keys."""
    models: dict[str, Any] = {
        "team": Team.objects,
        "rep": Rep.objects.select_related("user"),
        "campaign": Campaign.objects,
        "definition": MQLDefinition.objects.defer("compiled"),
        "reason": RejectionReason.objects,
    }
    if by == "clock":
        return dict(ClockKind.choices)
    if by not in models:
        return {key: f"Tier {key}" if by == "tier" else key for key in keys}
    return {key: str(row) for key, row in models[by].in_bulk(keys).items()}
