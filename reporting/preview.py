"""What a draft would change: every lead judged by it, beside the live scores. Writes nothing.

Everybody is judged once. Leads that nothing changes for are only counted; of the others the ids
are kept, for as long as the transaction lasts.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Count, Q
from django.db.models.expressions import RawSQL

from leads.models import Lead
from leads.scoring import statement
from reporting.funnel import with_deals
from reporting.intervals import wilson
from routing.models import Handoff, Opportunity

SAMPLE = 20  # leads shown of each kind
TIERS = "ABCD"
KINDS = {
    "gained": "passes AND NOT passed",
    "lost": "passed AND NOT passes",
    "moved_up": "tier < tier_before",
    "moved_down": "tier > tier_before",
}


# What may become of a handoff: its name in a result, in words, and which handoffs it is true of.
OUTCOMES = {
    "accepted": ("accepted", Q(accepted_at__isnull=False)),
    "rejected": ("rejected", Q(state=Handoff.State.REJECTED)),
    "qualified": ("SQL", Q(state=Handoff.State.QUALIFIED)),
    "won": ("won", with_deals(state=Opportunity.State.WON)),
}


@dataclass(frozen=True)
class Share:
    """So many of n handoffs had one outcome; `low` and `high` bound the share at 95 %."""

    label: str
    count: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Outcomes:
    """How past handoffs of some leads went: `n` were closed or accepted, and so many of each.

    `won` is None in results from before opportunities were kept.
    """

    n: int
    accepted: int
    rejected: int
    qualified: int
    won: int | None = None

    @property
    def shares(self):
        """The Shares of all outcomes; none where nothing is known."""
        found = [(label, getattr(self, key)) for key, (label, _) in OUTCOMES.items() if self.n]
        return [
            Share(label, count, count / self.n, *wilson(count, self.n))
            for label, count in found
            if count is not None
        ]


@dataclass(frozen=True)
class Side:
    """The leads that the draft gains or loses: how many, the first of them, and their past."""

    count: int
    sample: list[Lead]
    outcomes: Outcomes


@dataclass(frozen=True)
class Moved:
    """The leads that the draft puts into a higher or a lower tier, whether they pass or not."""

    count: int
    sample: list[Lead]


@dataclass(frozen=True)
class Counts:
    """How many leads there are of every sort; `after = before + gained - lost`.

    `matrix` maps (tier now, tier with the draft) to a count; all of them add up to `leads`.
    `near_before` and `near_after` are borderline. A lead may be gained and moved.
    """

    leads: int
    before: int
    after: int
    gained: int
    lost: int
    moved_up: int
    moved_down: int
    near_before: int
    near_after: int
    matrix: dict[tuple[str, str], int]

    @property
    def tiers(self):
        """A tier's counts before and after, by tier."""
        return {
            tier: (
                sum(self.matrix[tier, other] for other in TIERS),
                sum(self.matrix[other, tier] for other in TIERS),
            )
            for tier in TIERS
        }


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
    moved_up: Moved
    moved_down: Moved
    counts: Counts
    tiers: dict[str, tuple[int, int]] = field(default_factory=dict)


def preview(form, *, today):
    """Return the exact Preview of a compiled definition for all leads that have a score."""
    with changes(form, today=today):
        found = counts()
        return Preview(
            leads=found.leads,
            before=found.before,
            after=found.after,
            gained=Side(found.gained, _sample("gained"), outcomes("gained")),
            lost=Side(found.lost, _sample("lost"), outcomes("lost")),
            moved_up=Moved(found.moved_up, _sample("moved_up")),
            moved_down=Moved(found.moved_down, _sample("moved_down")),
            counts=found,
            tiers=found.tiers,
        )


@contextmanager
def changes(form, *, today):
    """Judge everybody by the form; `counts`, `ids` and `outcomes` then tell what changes.

    Inside is one transaction; what they read is gone after it.
    """
    sql, params = statement.everybody(form, today=today)
    with transaction.atomic(), connection.cursor() as cursor:
        # One pass: grouping by the id only where something changes leaves a row for each lead
        # that changes and a handful for all others together.
        cursor.execute(
            "CREATE TEMPORARY TABLE preview ON COMMIT DROP AS "
            "SELECT passed, passes, near_before, near, tier_before, tier, lead_id, "
            "MAX(total_before) AS total_before, MAX(total) AS total, COUNT(*) AS leads FROM ("
            " SELECT s.qualifies AS passed, d.qualifies AS passes, s.borderline AS near_before,"
            " d.borderline AS near, s.tier AS tier_before, d.tier, s.total AS total_before,"
            " d.total, CASE WHEN s.qualifies <> d.qualifies OR s.tier <> d.tier"
            " THEN d.lead_id END AS lead_id"
            f" FROM ({sql}) AS d JOIN leads_score AS s ON s.lead_id = d.lead_id"
            ") AS beside GROUP BY 1, 2, 3, 4, 5, 6, 7",
            params,
        )
        yield
        cursor.execute("DROP TABLE preview")


def counts():
    """Return the Counts of the leads that `changes` has judged."""
    matrix = {(before, after): 0 for before in TIERS for after in TIERS}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tier_before, tier, SUM(leads)::bigint FROM preview GROUP BY tier_before, tier"
        )
        for before, after, leads in cursor.fetchall():
            matrix[before, after] = leads
        asked = {"leads": "true", "before": "passed", "after": "passes", **KINDS}
        asked |= {"near_before": "near_before", "near_after": "near"}
        sums = [f"COALESCE(SUM(leads) FILTER (WHERE {q}), 0)::bigint" for q in asked.values()]
        cursor.execute(f"SELECT {', '.join(sums)} FROM preview")
        return Counts(matrix=matrix, **dict(zip(asked, cursor.fetchone(), strict=True)))


def first(kind, limit):
    """Return a query for the first leads of a kind, best score with the draft first."""
    return (
        "SELECT lead_id, tier_before, tier, total_before, total FROM preview "
        f"WHERE {KINDS[kind]} ORDER BY total DESC, lead_id LIMIT {int(limit)}"
    )


def everyone(kind, leads):
    """Yield a row for each lead of a kind that is among `leads`, best score with the draft first.

    A row has name, e-mail, company, total and tier as they are, then both with the draft.
    """
    among, params = leads.order_by().values("pk").query.sql_with_params()
    # Read piece by piece: there may be a million.
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT l.name, l.email, COALESCE(c.name, ''), p.total_before, p.tier_before, p.total,"
            " p.tier FROM preview AS p JOIN leads_lead AS l ON l.id = p.lead_id "
            "LEFT JOIN leads_company AS c ON c.id = l.company_id "
            f"WHERE ({KINDS[kind]}) AND l.id IN ({among}) ORDER BY p.total DESC, p.lead_id",
            params,
        )
        while rows := cursor.fetchmany(2_000):
            yield from rows


def outcomes(kind):
    """Return the Outcomes of the leads of a kind."""
    return outcomes_of(f"SELECT lead_id FROM preview WHERE {KINDS[kind]}")


def _sample(kind):
    with connection.cursor() as cursor:
        cursor.execute(first(kind, SAMPLE))
        order = [row[0] for row in cursor.fetchall()]
    leads = Lead.objects.filter(pk__in=order).select_related("company", "score")
    return sorted(leads, key=lambda lead: order.index(lead.pk))


def outcomes_of(leads):
    """Return the Outcomes of the handoffs of these leads that were accepted or have ended.

    `leads` is a query for their ids, as SQL.
    """
    known = Q(accepted_at__isnull=False) | ~Q(state__in=Handoff.OPEN)
    first = Handoff.objects.filter(kind=Handoff.Kind.FIRST, lead__in=RawSQL(leads, []))
    worked = first.filter(known).exclude(state=Handoff.State.WITHDRAWN)
    counted = {key: Count("pk", filter=which) for key, (_, which) in OUTCOMES.items()}
    return Outcomes(**worked.aggregate(n=Count("pk"), **counted))
