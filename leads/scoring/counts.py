"""How often leads showed signals in windows of days: read once, for all that asks."""

from datetime import timedelta

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from leads.conditions.terms import DAYS, MEASURES, SECONDS, TIMES, VISITS

# What a row of the daily aggregate says of each measure.
_MEASURED = {TIMES: "n", DAYS: "1", VISITS: "visits", SECONDS: "seconds"}


def counted_by(rule):
    """Return what a counting rule of a compiled form counts; older forms count times alone."""
    return rule.get("counts", TIMES)


class Counts:
    """Collects what a definition counts; `statement` then counts all of it in one pass.

    The others return what stands for a count where the counts' columns are at hand.
    """

    def __init__(self, today):
        self.today = today
        self._columns: dict = {}  # (SQL of the sum, its parameters) -> the column's name
        self._signals: set = set()
        self._since = today

    def seen(self, rule):
        """How much of what the rule counts of its signal lies in its window."""
        measured = f"SUM({_MEASURED[counted_by(rule)]})"
        return f"COALESCE({self._column(measured, (), rule['signal'], rule['days'])}, 0)"

    def fresh(self, rule):
        """The same, but what was shown on a day counts half after every half-life."""
        fading = (
            f"SUM({_MEASURED[counted_by(rule)]} "
            "* POWER(0.5::float8, LEAST((%s::date - day) / %s::float8, 1000)))"
        )
        given = (self.today, rule["half_life"])
        return self._column(fading, given, rule["signal"], rule["days"])

    def happened(self, operator, value, today):
        """An expression for whether a condition's behaviour was shown as often as it asks."""
        measured = f"SUM({_MEASURED[MEASURES.get(operator, TIMES)]})"
        column = self._column(measured, (), value["signal"], value["days"])
        return RawSQL(f"COALESCE({column} >= %s, false)", (value["times"],), BooleanField())

    def _column(self, sql, params, signal, days):
        since = self.today - timedelta(days=days)
        self._signals.add(signal)
        self._since = min(self._since, since)
        asked = (f"{sql} FILTER (WHERE signal_id = %s AND day > %s)", (*params, signal, since))
        return self._columns.setdefault(asked, f"counted_{len(self._columns)}")

    def statement(self, which):
        """Return `(sql, params)` of one row a lead that showed anything: `counted_lead`, counts.

        `which` says which leads: a condition on the column of their ids, with its parameters.
        """
        if not self._columns:
            return "SELECT NULL::bigint AS counted_lead WHERE false", []
        columns = [f"{sql} AS {name}" for (sql, _), name in self._columns.items()]
        where, where_params = which
        sql = f"""
            SELECT lead_id AS counted_lead, {", ".join(columns)}
            FROM leads_signalday
            WHERE signal_id = ANY(%s) AND day > %s AND day <= %s AND {where.format("lead_id")}
            GROUP BY lead_id
        """
        asked = [param for _, params in self._columns for param in params]
        return sql, [*asked, sorted(self._signals), self._since, self.today, *where_params]
