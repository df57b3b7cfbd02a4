"""A definition's intermediate form, compiled to one set-based SQL statement.

The statement yields one row a lead: for every rule its count and points, the totals, and the
verdict. Scoring one lead, a batch, everybody, and explaining a score are this statement.

Attribute conditions are compiled by Django from the same `Q` that lists use; behaviour is read
once, from the daily aggregate, for all rules and conditions together. Windows are whole UTC days:
"in D days" are today and the D - 1 days before it.
"""

import json
from functools import lru_cache
from itertools import pairwise

from django.db import connection
from django.db.models import BooleanField, Case, FloatField, IntegerField, Value, When
from django.db.models.expressions import RawSQL

from leads.conditions import compiler
from leads.models import Lead, MQLDefinition, Rescoring
from leads.scoring.counts import Counts
from leads.scoring.delta import delta

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


def evaluate(form, *, today, lead_ids=None, between=None):
    """Return `(sql, params)` that evaluates the definition for all leads, or for some.

    `lead_ids` names those; `between` is a pair: ids above the first, up to the second.

    Columns: `lead_id`, then `n_<rule>` and `points_<rule>` per rule in the form's order, then
    `TOTALS`. What the caller does not select is not worked out.
    """
    which: tuple = _EVERYBODY
    given: dict = {}
    if lead_ids is not None:
        which, given = _NAMED, {_LEADS: lead_ids}
    elif between is not None:
        which, given = _BETWEEN, dict(zip((_AFTER, _UNTIL), between, strict=True))
    sql, params = _compiled(json.dumps(form), today, which)
    return sql, [given[param] if isinstance(param, _Place) else param for param in params]


def everybody(form, *, today):
    """Return `lead_id` and `TOTALS` as `evaluate` does for all leads that have a score, but faster.

    Where everybody is scored by the live definition as of today, only what tells this one from it
    is evaluated.
    """
    live = MQLDefinition.objects.live()
    if live and not Rescoring.objects.behind(live, today=today):
        short = delta(live.compiled, form)
        if short:
            sql, params = evaluate(short, today=today)
            return f"SELECT {', '.join(['lead_id', *TOTALS])} FROM ({sql}) AS told", params
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MIN(id), 0), COALESCE(MAX(id), 0) FROM leads_lead")
        first, last = cursor.fetchone()
    return in_parts(form, today=today, between=(first - 1, last))


def in_parts(form, *, today, between):
    """Return the same for the leads with ids above the first, up to the second.

    A parallel worker of PostgreSQL can take a whole part, and then repeats no work of another.
    """
    first, last = between
    edges = [first + (last - first) * part // PARTS for part in range(PARTS + 1)]
    columns = ", ".join(["lead_id", *TOTALS])
    found = [evaluate(form, today=today, between=ends) for ends in pairwise(edges)]
    sql = " UNION ALL ".join(f"(SELECT {columns} FROM ({sql}) AS part)" for sql, _ in found)
    return sql, [param for _, params in found for param in params]


PARTS = 4
LIMIT = 1_000_000  # the most that one rule counts or gives


class _Place(str):
    """Stands in the parameters for what is asked for later."""

    __slots__ = ()


_LEADS, _AFTER, _UNTIL = _Place("leads"), _Place("after"), _Place("until")
# Which leads: a condition on the column of their ids, with its parameters.
_EVERYBODY = ("true", ())
_NAMED = ("{} = ANY(%s)", (_LEADS,))
_BETWEEN = ("{0} > %s AND {0} <= %s", (_AFTER, _UNTIL))


@lru_cache(maxsize=8)
def _compiled(text, today, which):
    """Compile the form that `text` holds as JSON; kept, because it costs more than a lead's score.

    The planner leaves a subquery alone that has a WITH of its own. Merged into the next level, its
    sums would be worked out as often as they are used; OFFSET 0 would forbid parallel workers.
    """
    form = json.loads(text)
    told_sql, params = _told(form, today, which)
    written_sql, written_params = _written(which) if "kept" in form else ("", ())
    sql = f"""
        SELECT {", ".join(["lead_id", *_shown(form["rules"])])},
            fit, interest, total, {_tier(form["tiers"])} AS tier, {_bucket(form)} AS bucket,
            do_not_pass, fast_track, NOT do_not_pass AND (fast_track OR {_reached(form)})
                AS qualifies,
            NOT (do_not_pass OR fast_track OR {_reached(form)}) AND {_nearly(form)} AS borderline
        FROM (
            WITH ruled AS NOT MATERIALIZED (
                SELECT {", ".join(["lead_id", *_rule_columns(form["rules"])])}
                FROM ({told_sql}) AS told
            ),
            summed AS NOT MATERIALIZED (
                SELECT ruled.*, {_axis(form, "fit")} AS fit, {_axis(form, "interest")} AS interest,
                    {_flag(form, "do_not_pass")} AS do_not_pass,
                    {_flag(form, "fast_track")} AS fast_track
                FROM ruled {written_sql}
            )
            SELECT summed.*, fit + interest AS total FROM summed
        ) AS judged
    """
    return sql, (*params, *written_params)


def rows(form, *, today, lead_ids):
    """Run the statement for some leads and return its rows as dicts."""
    sql, params = evaluate(form, today=today, lead_ids=list(lead_ids))
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _told(form, today, which):
    """One row a lead: whether each rule's condition holds, and what each counting rule saw.

    The leads are given their counts first, as more columns of the very table that Django's
    conditions ask: a name is looked for among the common table expressions before the tables.
    """
    counts = Counts(today)
    told: dict = {}
    for rule in form["rules"]:
        if rule["type"] == "when":
            # Unknown counts as no.
            when = compiler.to_q(rule["when"], today=today, happened=counts.happened)
            told[f"when_{rule['id']}"] = Case(
                When(when, then=Value(True)), default=Value(False), output_field=BooleanField()
            )
        else:
            told[f"seen_{rule['id']}"] = RawSQL(counts.seen(rule), (), IntegerField())
            if rule.get("half_life"):
                told[f"fresh_{rule['id']}"] = RawSQL(counts.fresh(rule), (), FloatField())
    query = Lead.objects.unmerged().order_by().annotate(**told).values_list("pk", *told)
    asked, asked_params = query.query.sql_with_params()
    counted, counted_params = counts.statement(which)
    where, where_params = which
    sql = f"""
        SELECT * FROM (
            WITH leads_lead AS NOT MATERIALIZED (
                SELECT * FROM leads_lead LEFT JOIN ({counted}) AS counted ON counted_lead = id
                WHERE {where.format("id")}
            )
            {asked}
        ) AS asked ({", ".join(["lead_id", *told])})
    """
    return sql, [*counted_params, *where_params, *asked_params]


def _rule_columns(rules):
    for rule in rules:
        key = int(rule["id"])
        if rule["type"] == "when":
            yield f"CASE WHEN when_{key} THEN 1 ELSE 0 END AS n_{key}"
            yield f"CASE WHEN when_{key} THEN {int(rule['points'])} ELSE 0 END AS points_{key}"
        else:
            # A flood of touchpoints must not run over the columns: this is beyond any sense.
            yield f"LEAST(seen_{key}, {LIMIT})::integer AS n_{key}"
            yield f"{_worth(rule, key)}::integer AS points_{key}"


def _worth(rule, key):
    """What a counting rule gives, up to its cap."""
    worth = f"{int(rule['points'])} * (seen_{key} / {int(rule['per'])})"
    if rule.get("half_life"):
        # What the touchpoints are still worth on average; 1 when all are of today.
        faded = f"ROUND(({worth} * (fresh_{key} / seen_{key}))::numeric)"
        worth = f"CASE WHEN seen_{key} > 0 THEN {faded}::bigint ELSE 0 END"
    cap = LIMIT if rule["cap"] is None else min(int(rule["cap"]), LIMIT)
    return f"GREATEST(LEAST({worth}, {cap}), -{cap})"


def _shown(rules):
    return [f"n_{rule['id']}, points_{rule['id']}" for rule in rules]


def _of_kind(form, kind):
    return [int(rule["id"]) for rule in form["rules"] if rule["kind"] == kind]


def _written(which):
    """The scores as they are written, which a form of `delta` begins with."""
    where, params = which
    return (
        "JOIN leads_score AS written ON written.lead_id = ruled.lead_id "
        f"AND {where.format('written.lead_id')}"
    ), params


def _axis(form, axis):
    points = _sum(form, axis)
    if "kept" not in form:
        return points
    return f"written.{axis} + ({points}) - ({_sum(form, f'less_{axis}')})"


def _flag(form, kind):
    return f"written.{kind}" if kind in form.get("kept", ()) else _any(form, kind)


def _sum(form, kind):
    """Points of a kind: rules of no group as they are, each group's together up to its cap."""
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
