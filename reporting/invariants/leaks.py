"""No lead is lost: each that marketing handed over has somebody, and a moment, or an end."""

from reporting.invariants.invariant import Invariant


def _leak(key, sentence, remedy, sql, of="handoff"):
    return Invariant(key, sentence, remedy, of, sql, is_leak=True)


LEAKS = [
    _leak(
        "mql-without-handoff",
        "Every lead that became an MQL was handed over.",
        "Open the lead. Its qualification was stored without a handoff: restore the row from a "
        "backup, or have support open one.",
        """
        SELECT q.id, q.lead_id AS lead FROM leads_qualification q
        WHERE q.state = 'confirmed' AND q.qualified_at < %(settled)s
          AND NOT EXISTS (SELECT FROM routing_handoff h WHERE h.qualification_id = q.id)
        """,
        of="qualification",
    ),
    _leak(
        "not-routed",
        "Every lead that is handed over is routed within two minutes.",
        "See that a worker runs and that a rule set is published; the log of the worker says why "
        "this one could not be routed.",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        WHERE h.state = 'new' AND h.opened_at < %(settled)s
          AND NOT EXISTS (SELECT FROM routing_reassignment r
                          WHERE r.handoff_id = h.id AND r.at >= %(settled)s)
        """,
    ),
    _leak(
        "nobody-has-it",
        "Every open lead has exactly one owner or one pool; in review or before routing neither.",
        "Reassign the lead on its page.",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        WHERE h.state IN ('review', 'new', 'pooled', 'offered', 'accepted')
          AND (h.owner_id IS NOT NULL, h.pool_id IS NOT NULL) <> CASE
              WHEN h.state IN ('review', 'new') THEN (false, false)
              WHEN h.state = 'pooled' THEN (false, true) ELSE (true, false) END
        """,
    ),
    _leak(
        "no-deadline",
        "Every lead with an owner or in a pool has a deadline until its first touch.",
        "Publish a policy that fits the lead. One without a segment, last in the order, fits all.",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        WHERE h.state IN ('pooled', 'offered', 'accepted') AND h.opened_at < %(settled)s
          AND NOT EXISTS (SELECT FROM sla_clock c
                          WHERE c.handoff_id = h.id AND c.state IN ('running', 'paused'))
          AND NOT EXISTS (SELECT FROM routing_touch t WHERE t.handoff_id = h.id)
        """,
    ),
    _leak(
        "nobody-reviews",
        "Every lead that waits for a marketer has a question that is open, and somebody to answer.",
        "Give an active person a role that decides; else open the lead and decide it there.",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        LEFT JOIN leads_qualification q ON q.id = h.qualification_id
        WHERE h.state = 'review' AND (q.state IS DISTINCT FROM 'waiting' OR NOT EXISTS (
            SELECT FROM auth_permission p
            JOIN auth_group_permissions gp ON gp.permission_id = p.id
            JOIN leads_user_groups ug ON ug.group_id = gp.group_id
            JOIN leads_user u ON u.id = ug.user_id
            WHERE p.codename = 'decide_qualification' AND u.is_active))
        """,
    ),
    _leak(
        "ended-without-reason",
        "Every handoff that ended says when; one that was rejected says why.",
        "Open the lead: its history says who ended it. Ask them, and note the answer on its page.",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        WHERE h.state = 'rejected'
          AND NOT EXISTS (SELECT FROM routing_rejection r WHERE r.handoff_id = h.id)
        UNION ALL
        SELECT h.id, h.lead_id FROM routing_handoff h
        WHERE h.state IN ('rejected', 'recycled', 'qualified', 'withdrawn') AND h.closed_at IS NULL
        """,
    ),
]
