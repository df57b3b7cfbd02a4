"""About how many leads a draft would pass, from a random sample, while somebody waits.

How many pass now is known exactly, from the stored scores. So two samples are drawn, one of those
that pass and one of the others, and each tells what share of its leads the draft passes: the few
that pass now weigh as much as the many that do not, and leads that the draft leaves alone add no
error. `intervals` says how the error bars are made.
"""

import random
from dataclasses import dataclass

from django.db import connection

from leads.scoring import statement
from reporting.intervals import Estimated, Stratum, total

PASSING = 600  # leads drawn of those that pass now
OTHERS = 1_400  # leads drawn of those that do not
SPARSE = 0.1  # share of ids in use below which guessing ids costs more than reading them all


@dataclass(frozen=True)
class Estimate:
    """How many leads pass now, exactly, and with the draft, about.

    `gained` and `lost` are what the draft would add and take away; `drawn` how many were judged.
    """

    leads: int
    before: int
    passing: Estimated
    gained: Estimated
    lost: Estimated
    drawn: int

    @property
    def after(self):
        return self.passing.value

    @property
    def low(self):
        return self.passing.low

    @property
    def high(self):
        return self.passing.high

    @property
    def is_exact(self):
        return self.passing.is_exact and self.gained.is_exact and self.lost.is_exact


def estimate(form, *, today, seed=0):
    """Return the Estimate for a compiled definition over all leads that have a score.

    The same seed draws the same leads. With so few leads that all are drawn, it is exact.
    """
    leads, before, passing = _passing(seed)
    others = _others(leads - before, seed)
    passes = _passes(form, passing + others, today=today)
    kept, won = len(passes.intersection(passing)), len(passes.intersection(others))
    # Leads may have come since they were counted.
    rest = max(leads - before, len(others))
    stay, come = Stratum(before, len(passing), kept), Stratum(rest, len(others), won)
    go = Stratum(before, len(passing), len(passing) - kept)
    return Estimate(
        leads=leads,
        before=before,
        passing=total([stay, come]),
        gained=total([come]),
        lost=total([go]),
        drawn=len(passing) + len(others),
    )


def _passing(seed):
    """Return how many leads there are, how many pass, and some of those that do, at random."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH passing AS MATERIALIZED (SELECT lead_id FROM leads_score WHERE qualifies) "
            "SELECT (SELECT COUNT(*) FROM leads_score), (SELECT COUNT(*) FROM passing), "
            "ARRAY(SELECT lead_id FROM passing ORDER BY hashint8extended(lead_id, %s) LIMIT %s)",
            [seed, PASSING],
        )
        return cursor.fetchone()


def _others(count, seed):
    """Return some of the leads that do not pass now, each as likely as any other."""
    if count <= OTHERS:
        return _asked("WHERE NOT qualifies", [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT MIN(lead_id), MAX(lead_id) FROM leads_score")
        first, last = cursor.fetchone()
    used = count / (last - first + 1)
    if used < SPARSE:
        by_chance = "WHERE NOT qualifies ORDER BY hashint8extended(lead_id, %s) LIMIT %s"
        return _asked(by_chance, [seed, OTHERS])
    # Ids that are guessed and turn out to be in use are a fair draw, whatever gaps there are.
    guesses = min(last - first + 1, round(OTHERS / used))
    guessed = random.Random(seed).sample(range(first, last + 1), guesses)
    return _asked("WHERE NOT qualifies AND lead_id = ANY(%s)", [guessed])


def _asked(where, params):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT lead_id FROM leads_score {where}", params)
        return [row[0] for row in cursor.fetchall()]


def _passes(form, lead_ids, *, today):
    """Return those of the leads that the draft passes, as a set."""
    sql, params = statement.evaluate(form, today=today, lead_ids=lead_ids)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT lead_id FROM ({sql}) AS judged WHERE qualifies", params)
        return {row[0] for row in cursor.fetchall()}
