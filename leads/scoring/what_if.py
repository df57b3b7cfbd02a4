"""Leads that exist on paper only, judged by the statement that scores real ones.

The statement reads tables by their bare names, and PostgreSQL looks for a name among the common
table expressions around it before it looks for a table. So the imagined rows are put in front of
the very same SQL under the tables' names. Nothing is written, locked or left behind, no
constraint is in the way, and it works in any transaction, on a read-only server too.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection

from leads.conditions import judge as asking
from leads.models import Lead, SignalDay
from leads.scoring import paper, statement
from leads.scoring.explain import of_row

PAPER_ID = -1  # of the first lead on paper

# The days travel inside their lead's row and are unfolded where they are asked for. Days that all
# the leads have, as copies of one lead do, travel once. A parent company is a real one.
_SHADOWS = """
    imagined AS MATERIALIZED (
        SELECT (value->'lead'->>'id')::bigint AS id, value
        FROM jsonb_array_elements(%s::jsonb) AS one (value)
    ),
    leads_company AS (
        SELECT company.* FROM imagined,
            jsonb_populate_record(NULL::leads_company, value->'company') AS company
        WHERE company.id IS NOT NULL
        UNION ALL SELECT parent.* FROM leads_company AS parent WHERE parent.id = ANY(%s)
    ),
    leads_lead AS (
        SELECT lead.* FROM imagined,
            jsonb_populate_record(NULL::leads_lead, value->'lead') AS lead
    ),
    shared AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%s::jsonb) AS seen
            (signal_id bigint, day date, n integer, seconds integer, visits integer)
    ),
    leads_signalday AS NOT MATERIALIZED (
        SELECT imagined.id AS lead_id, seen.* FROM imagined,
            jsonb_to_recordset(value->'days') AS seen
                (signal_id bigint, day date, n integer, seconds integer, visits integer)
        UNION ALL SELECT imagined.id, shared.* FROM imagined, shared
    )
"""

_SCORES = """
    leads_score AS (
        SELECT score.* FROM jsonb_array_elements(%s::jsonb) AS one (value),
            jsonb_populate_record(NULL::leads_score, value) AS score
    )
"""


@dataclass(frozen=True)
class Imagined:
    """A lead on paper: values by column, and what it did.

    `lead` and `company` hold values of their models' columns (a related row as `campaign_id`) and
    `attributes`; what is not said is as a new row has it. `company` None: we know of none. `days`
    are `(signal id, UTC day, times, seconds, visits)`; those of one signal and day add up.
    """

    lead: dict[str, Any] = field(default_factory=dict)
    company: dict[str, Any] | None = None
    days: list[tuple] = field(default_factory=list)

    def value(self, path):
        """Return what is said at a field's path, such as `company__attributes__plan`."""
        owner, column, key = _place(path)
        found = (getattr(self, owner) or {}).get(column)
        return (found or {}).get(key) if key else found

    def with_value(self, path, value):
        """Return the same lead, but with this value there; None: unknown. It may get a company."""
        owner, column, key = _place(path)
        row: dict[str, Any] = getattr(self, owner) or {}
        if key:
            kept = {name: one for name, one in (row.get(column) or {}).items() if name != key}
            value = kept if value is None else kept | {key: value}
        changed: dict[str, Any] = {owner: row | {column: value}}
        return replace(self, **changed)

    def with_touchpoints(self, signal_id, day, n, *, seconds=0, visits=0):
        """Return the same lead, but with `n` more touchpoints that show the signal that day."""
        return replace(self, days=[*self.days, (signal_id, day, n, seconds, visits)])


def imagine(lead_id):
    """Return a copy of a real lead: its columns, its company's, and its daily behaviour."""
    lead = Lead.objects.select_related("company").get(pk=lead_id)
    days = SignalDay.objects.filter(lead=lead_id).order_by("day", "signal")
    return Imagined(
        lead=paper.values(lead),
        company=paper.values(lead.company) if lead.company else None,
        days=list(days.values_list("signal_id", "day", "n", "seconds", "visits")),
    )


def judge(form, imagined, *, today):
    """Return what `explain` would say of each of these leads, in their order. One query."""
    return [of_row(form, row) for row in rows(form, imagined, today=today)]


def rows(form, imagined, *, today):
    """Return the statement's row for each of these leads, in their order. One query.

    An imagined lead has an id that no real one has: what other tables say of a lead (its stored
    score) is unknown of it. Raise ValidationError for a value that no real lead could have.
    """
    if not imagined:
        return []
    leads, shared = paper.as_json(form, imagined, today=today)
    parents = {(one.company or {}).get("parent_id") for one in imagined} - {None}
    sql, params = statement.evaluate(form, today=today)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {_SHADOWS} SELECT * FROM ({sql}) AS judged ORDER BY lead_id DESC",
            [leads, sorted(parents), shared, *params],
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def holding(whens, one, *, score=None, today):
    """Return which of these segments hold for this lead, in their order. One query.

    `score` has the columns of its score, by name; None: it was never scored. Raise ValidationError
    for a value that no real lead could have.
    """
    if not whens:
        return []
    form = {"rules": [{"type": "when", "when": when} for when in whens]}
    leads, shared = paper.as_json(form, [one], today=today)
    parent = (one.company or {}).get("parent_id")
    scores = json.dumps([score | {"lead_id": PAPER_ID}] if score else [])
    judged = asking.holding(whens, today=today, instead=f"{_SHADOWS}, {_SCORES}")
    return judged([PAPER_ID], leads, [parent] if parent else [], shared, scores)[PAPER_ID]


def _place(path):
    """The row, its column and, in `attributes`, the custom field's key that a path leads to."""
    owner = "company" if path.startswith("company__") else "lead"
    column, _, key = path.removeprefix("company__").partition("__")
    return owner, column, key
