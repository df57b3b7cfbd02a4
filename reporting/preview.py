"""What a draft would change: every lead judged by it, beside the live scores. Writes nothing."""

from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Count, Q

from leads.models import Lead
from leads.scoring import statement
from routing.models import Handoff

SAMPLE = 20  # leads shown of those gained and of those lost


@dataclass(frozen=True)
class Outcomes:
    """How past handoffs of some leads went: `n` were closed or accepted, and so many of each."""

    n: int
    accepted: int
    rejected: int
    qualified: int


@dataclass(frozen=True)
class Side:
    """The leads that the draft gains or loses: how many, the first of them, and their past."""

    count: int
    sample: list[Lead]
    outcomes: Outcomes


@dataclass(frozen=True)
class Preview:
    """A draft beside the live definition, over the scores as they are now.

    `before` and `after` count the leads that pass; `after = before + gained - lost`. `tiers` maps
    a tier to its counts before and after, among all leads.
    """

    leads: int
    before: int
    after: int
    gained: Side
    lost: Side
    tiers: dict[str, tuple[int, int]] = field(default_factory=dict)


@transaction.atomic
def preview(form, *, today):
    """Return the exact Preview of a compiled definition for all leads that have a score."""
    sql, params = statement.evaluate(form, today=today)
    with connection.cursor() as cursor:
        # Judged once, asked several times; gone with the transaction.
        cursor.execute(
            "CREATE TEMPORARY TABLE preview ON COMMIT DROP AS "
            "SELECT d.lead_id, d.total, d.tier, d.qualifies AS passes, s.tier AS old_tier, "
            f"s.qualifies AS passed FROM ({sql}) AS d JOIN leads_score s USING (lead_id)",
            params,
        )
        cursor.execute("SELECT COUNT(*) FROM preview")
        leads = cursor.fetchone()[0]
        cursor.execute("SELECT passed, passes, COUNT(*) FROM preview GROUP BY 1, 2")
        moves = {(before, after): count for before, after, count in cursor.fetchall()}
        tiers = {
            tier: (_count(cursor, "old_tier", tier), _count(cursor, "tier", tier))
            for tier in "ABCD"
        }
        gained = _side(cursor, "passes AND NOT passed", moves.get((False, True), 0))
        lost = _side(cursor, "passed AND NOT passes", moves.get((True, False), 0))
        cursor.execute("DROP TABLE preview")
    kept = moves.get((True, True), 0)
    return Preview(leads, kept + lost.count, kept + gained.count, gained, lost, tiers)


def _count(cursor, column, tier):
    cursor.execute(f"SELECT COUNT(*) FROM preview WHERE {column} = %s", [tier])
    return cursor.fetchone()[0]


def _side(cursor, which, count):
    cursor.execute(f"SELECT lead_id FROM preview WHERE {which} ORDER BY total DESC, lead_id")
    ids = [row[0] for row in cursor.fetchall()]
    sample = Lead.objects.filter(pk__in=ids[:SAMPLE]).select_related("company", "score")
    return Side(count, sorted(sample, key=lambda lead: ids.index(lead.pk)), outcomes_of(ids))


def outcomes_of(lead_ids):
    """Return the Outcomes of these leads' handoffs that were accepted or have ended."""
    state = Handoff.State
    known = Q(accepted_at__isnull=False) | ~Q(state__in=Handoff.OPEN)
    worked = Handoff.objects.filter(known, lead__in=lead_ids).exclude(state=state.WITHDRAWN)
    return Outcomes(
        **worked.aggregate(
            n=Count("pk"),
            accepted=Count("pk", filter=Q(accepted_at__isnull=False)),
            rejected=Count("pk", filter=Q(state=state.REJECTED)),
            qualified=Count("pk", filter=Q(state=state.QUALIFIED)),
        )
    )
