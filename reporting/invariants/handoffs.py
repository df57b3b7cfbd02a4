"""Of handoffs: who holds them, why, and how they came there."""

from reporting.invariants.invariant import Invariant
from reporting.invariants.leads import BACKUP

REASSIGN = "Reassign the lead on its page."

HANDOFFS = [
    Invariant(
        "held-by-its-owner",
        "The open assignment of a handoff names its owner; without an owner there is none.",
        REASSIGN,
        "handoff",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        LEFT JOIN routing_assignment a ON a.handoff_id = h.id AND a.ended_at IS NULL
        WHERE h.state IN ('offered', 'accepted') AND a.rep_id IS DISTINCT FROM h.owner_id
        UNION ALL
        SELECT h.id, h.lead_id FROM routing_assignment a
        JOIN routing_handoff h ON h.id = a.handoff_id
        WHERE a.ended_at IS NULL AND h.state NOT IN ('offered', 'accepted')
        """,
    ),
    Invariant(
        "held-by-one-at-a-time",
        "Nobody held a handoff while somebody else did.",
        BACKUP,
        "handoff",
        """
        SELECT DISTINCT h.id, h.lead_id AS lead FROM (
            SELECT handoff_id, started_at, lag(coalesce(ended_at, 'infinity')) OVER (
                PARTITION BY handoff_id ORDER BY started_at, id) AS before
            FROM routing_assignment) a
        JOIN routing_handoff h ON h.id = a.handoff_id WHERE a.started_at < a.before
        """,
    ),
    Invariant(
        "routed-by-a-decision",
        "Every lead that sales has, or had, was routed by a decision on record.",
        BACKUP,
        "handoff",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        WHERE h.state IN ('pooled', 'offered', 'accepted', 'qualified', 'recycled', 'rejected')
          AND NOT EXISTS (SELECT FROM routing_decision d WHERE d.handoff_id = h.id)
        """,
    ),
    Invariant(
        "accepted-after-opened",
        "A handoff was accepted after it was opened, and closed after that.",
        "Compare the clocks of the servers with that of the database.",
        "handoff",
        """
        SELECT id, lead_id AS lead FROM routing_handoff
        WHERE accepted_at < opened_at OR closed_at < coalesce(accepted_at, opened_at)
           OR (state = 'accepted' AND accepted_at IS NULL)
        """,
    ),
    Invariant(
        "follows-its-own",
        "A handoff follows an earlier one of the same person.",
        BACKUP,
        "handoff",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        JOIN routing_handoff p ON p.id = h.previous_id
        JOIN leads_lead l ON l.id = h.lead_id JOIN leads_lead o ON o.id = p.lead_id
        WHERE coalesce(l.merged_into_id, l.id) <> coalesce(o.merged_into_id, o.id)
           OR h.previous_id = h.id
        """,
    ),
    Invariant(
        "touched-after-opened",
        "A touch was entered after it was made, on a handoff that was opened by then.",
        BACKUP,
        "touch",
        """
        SELECT t.id, h.lead_id AS lead FROM routing_touch t
        JOIN routing_handoff h ON h.id = t.handoff_id
        WHERE t.entered_at < t.occurred_at - interval '60 seconds' OR t.entered_at < h.opened_at
        """,
    ),
    Invariant(
        "owner-there-or-covered",
        "No lead waits with somebody who is away and has a cover.",
        "End the absence, or reassign the lead: the sweep moved what it could.",
        "handoff",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        JOIN routing_absence a ON a.rep_id = h.owner_id
        WHERE h.state IN ('offered', 'accepted') AND a.on_open_work = 'cover'
          AND a.cover_id IS NOT NULL AND a.starts_at < %(settled)s AND a.ends_at > %(now)s
          AND h.opened_at < a.starts_at
        """,
        is_fatal=False,
    ),
    Invariant(
        "teams-have-managers",
        "Every team that has a pool has a manager who may log in.",
        "Name one, under Teams in the admin: who else is told when nobody can take a lead?",
        "team",
        """
        SELECT t.id, NULL::bigint AS lead FROM routing_team t
        LEFT JOIN leads_user u ON u.id = t.manager_id
        WHERE u.is_active IS NOT TRUE
          AND EXISTS (SELECT FROM routing_pool p WHERE p.team_id = t.id)
        """,
        is_fatal=False,
    ),
]
