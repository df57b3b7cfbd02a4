"""A definition's intermediate form, compiled to one set-based SQL statement.

The statement yields one row a lead: for every rule its count and points, the totals, and the
verdict. Scoring one lead, a batch, everybody, and explaining a score are this statement.

Attribute conditions are compiled by Django from the same `Q` that lists use; behaviour is read
once, from the daily aggregate, for all rules together. Windows are whole UTC days: "in D days"
are today and the D - 1 days before it.
"""

import json
from datetime import timedelta
from functools import lru_cache

from django.db import connection
from django.db.models import BooleanField, Case, Value, When

from leads.conditions import compiler
from leads.models import Lead

TOTALS = (
    "fit",
    "interest",
    "total",
    "tier",
    "bucket",
    "do_not_pass",
    "fast_track",
    "qualifies",
    "borderline",
)


def evaluate(form, *, today, lead_ids=None):
    """Return `(sql, params)` that evaluates the definition for these leads (None: for all).

    Columns: `lead_id`, then `n_<rule>` and `points_<rule>` per rule in the form's order, then
    `TOTALS`.
    """
    sql, params = _compiled(json.dumps(form), today, lead_ids is not None)
    return sql, [lead_ids if param is _LEADS else param for param in params]


LIMIT = 1_000_000  # of one rule's count and points
_LEADS = object()  # stands in the parameters for the ids of the leads


@lru_cache(maxsize=8)
def _compiled(text, today, narrowed):
    """Compile the form that `text` holds as JSON; kept, because it costs more than a lead's score.

    `narrowed` leaves places for the ids of some leads.
    """
    form = json.loads(text)
    counts = [rule for rule in form["rules"] if rule["type"] == "count"]
    facts_sql, facts_params = _facts(form, today, narrowed)
    seen_sql, seen_params = _seen(counts, today, narrowed)
    # Materialized: each condition and count is used several times below and would be worked out
    # as often (a batch of 300 leads took twice the time).
    sql = f"""
        WITH fact AS MATERIALIZED ({facts_sql}),
        seen AS ({seen_sql}),
        ruled AS MATERIALIZED (
            SELECT fact.lead_id, {", ".join(_rule_columns(form["rules"])) or "0 AS no_rules"}
            FROM fact LEFT JOIN seen ON seen.lead_id = fact.lead_id
        ),
        summed AS (
            SELECT ruled.*, {_sum(form, "fit")} AS fit, {_sum(form, "interest")} AS interest,
                {_any(form, "do_not_pass")} AS do_not_pass, {_any(form, "fast_track")} AS fast_track
            FROM ruled
        ),
        judged AS (SELECT summed.*, fit + interest AS total FROM summed)
        SELECT {", ".join(["lead_id", *_shown(form["rules"])])},
            fit, interest, total, {_tier(form["tiers"])} AS tier, {_bucket(form)} AS bucket,
            do_not_pass, fast_track, NOT do_not_pass AND (fast_track OR {_reached(form)})
                AS qualifies,
            NOT (do_not_pass OR fast_track OR {_reached(form)}) AND {_nearly(form)} AS borderline
        FROM judged
    """
    return sql, (*facts_params, *seen_params)


def rows(form, *, today, lead_ids):
    """Run the statement for some leads and return its rows as dicts."""
    sql, params = evaluate(form, today=today, lead_ids=list(lead_ids))
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _facts(form, today, narrowed):
    """One row a lead: whether each attribute rule's condition holds. Unknown counts as no."""
    holds = {
        f"when_{rule['id']}": Case(
            When(compiler.to_q(rule["when"], today=today), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
        for rule in form["rules"]
        if rule["type"] == "when"
    }
    query = Lead.objects.order_by().annotate(**holds).values_list("pk", *holds)
    sql, params = query.query.sql_with_params()
    columns = ", ".join(["lead_id", *holds])
    where, ids = ("WHERE lead_id = ANY(%s)", [_LEADS]) if narrowed else ("", [])
    return f"SELECT * FROM ({sql}) AS asked ({columns}) {where}", [*params, *ids]


def _seen(counts, today, narrowed):
    """One row a lead that showed any counted signal: how often in each rule's window."""
    if not counts:
        return "SELECT NULL::bigint AS lead_id WHERE false", []
    params: list = []
    columns = []
    for rule in counts:
        window = "FILTER (WHERE signal_id = %s AND day > %s)"
        columns.append(f"SUM(n) {window} AS seen_{rule['id']}")
        params += [rule["signal"], today - timedelta(days=rule["days"])]
        if rule.get("half_life"):
            fresh = "SUM(n * POWER(0.5::float8, LEAST((%s::date - day) / %s::float8, 1000)))"
            columns.append(f"{fresh} {window} AS fresh_{rule['id']}")
            params += [today, rule["half_life"]]
            params += [rule["signal"], today - timedelta(days=rule["days"])]
    where = "signal_id = ANY(%s) AND day > %s AND day <= %s"
    longest = max(rule["days"] for rule in counts)
    params += [sorted({rule["signal"] for rule in counts}), today - timedelta(days=longest), today]
    if narrowed:
        where += " AND lead_id = ANY(%s)"
        params.append(_LEADS)
    return (
        f"SELECT lead_id, {', '.join(columns)} FROM leads_signalday WHERE {where} GROUP BY lead_id",
        params,
    )


def _rule_columns(rules):
    for rule in rules:
        key, points = int(rule["id"]), int(rule["points"])
        if rule["type"] == "when":
            count, given = f"CASE WHEN when_{key} THEN 1 ELSE 0 END", f"{points}"
            worth = f"CASE WHEN when_{key} THEN {given} ELSE 0 END"
        else:
            count = f"COALESCE(seen_{key}, 0)"
            worth = f"{points} * FLOOR({count} / {int(rule['per'])}.0)"
            if rule.get("half_life"):
                # What the touchpoints are still worth on average; 1 when all are of today.
                freshness = f"COALESCE(fresh_{key} / NULLIF(seen_{key}, 0), 0)"
                worth = f"ROUND(({worth} * {freshness})::numeric)"
            if rule["cap"] is not None:
                worth = f"GREATEST(LEAST({worth}, {int(rule['cap'])}), -{int(rule['cap'])})"
        # A flood of touchpoints must not run over the columns: the bounds are beyond any sense.
        counted = f"LEAST({count}, {LIMIT})::integer AS n_{key}"
        yield f"{counted}, GREATEST(LEAST({worth}, {LIMIT}), -{LIMIT})::integer AS points_{key}"


def _shown(rules):
    return [f"n_{rule['id']}, points_{rule['id']}" for rule in rules]


def _of_kind(form, kind):
    return [int(rule["id"]) for rule in form["rules"] if rule["kind"] == kind]


def _sum(form, kind):
    """The axis: rules of no group as they are, each group's rules together up to its cap."""
    rules = [rule for rule in form["rules"] if rule["kind"] == kind]
    groups = {group["id"]: group for group in form.get("groups", ()) if group["kind"] == kind}
    parts = [f"points_{int(rule['id'])}" for rule in rules if rule.get("group") not in groups]
    for key, group in groups.items():
        together = [f"points_{int(rule['id'])}" for rule in rules if rule.get("group") == key]
        if together:
            parts.append(f"LEAST({' + '.join(together)}, {int(group['cap'])})")
    return " + ".join(parts) or "0"


def _any(form, kind):
    return "(" + (" OR ".join(f"n_{key} > 0" for key in _of_kind(form, kind)) or "false") + ")"


def _tier(tiers):
    edges = " ".join(f"WHEN total >= {int(tiers[tier])} THEN '{tier}'" for tier in "ABC")
    return f"CASE {edges} ELSE 'D' END"


def _at_least(form, axis, *, short=0):
    threshold = form["thresholds"][axis]
    return "true" if threshold is None else f"({axis} >= {int(threshold) - short})"


def _reached(form, *, short=0):
    """Every threshold that is set must be reached; without any, only fast track qualifies."""
    asked = [axis for axis, value in form["thresholds"].items() if value is not None]
    return (
        "(" + (" AND ".join(_at_least(form, axis, short=short) for axis in asked) or "false") + ")"
    )


def _nearly(form):
    """No threshold that is set is missed by more than the borderline band."""
    band = int(form.get("borderline") or 0)
    return _reached(form, short=band) if band else "false"


def _bucket(form):
    ready = f"CASE WHEN {_at_least(form, 'interest')} THEN '{{}}_ready' ELSE '{{}}_unready' END"
    good, poor = ready.format("good", "good"), ready.format("poor", "poor")
    return f"CASE WHEN {_at_least(form, 'fit')} THEN {good} ELSE {poor} END"
