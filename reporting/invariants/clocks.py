"""Of promises: what runs, until when, and what was done about it."""

from reporting.invariants.invariant import Invariant
from reporting.invariants.leads import BACKUP

WATCH = "See that a worker runs: the watch looks every five seconds."


def _of_clocks(key, sentence, remedy, where, *, is_fatal=True):
    sql = f"""
        SELECT c.id, h.lead_id AS lead FROM sla_clock c
        JOIN routing_handoff h ON h.id = c.handoff_id WHERE {where}
    """
    return Invariant(key, sentence, remedy, "clock", sql, is_fatal=is_fatal)


CLOCKS = [
    _of_clocks(
        "ended-with-its-handoff",
        "No clock runs, or waits, for a handoff that ended, but for what follows an SQL.",
        BACKUP,
        "c.state IN ('running', 'paused')"
        " AND (h.state IN ('recycled', 'rejected', 'withdrawn')"
        " OR h.state = 'qualified' AND c.kind <> 'follow_up')",
    ),
    _of_clocks(
        "accepted-stops-the-clock",
        "The clock of the acceptance does not run once the lead is accepted.",
        BACKUP,
        "c.kind = 'accept' AND c.state = 'running' AND h.state = 'accepted'",
    ),
    _of_clocks(
        "one-end",
        "A clock runs, waits, or ended once, after it had started.",
        BACKUP,
        "(c.state = 'stopped') <> (c.stopped_at IS NOT NULL) OR c.stopped_at < c.started_at"
        " OR (c.state <> 'cancelled' AND c.cancelled_at IS NOT NULL)",
    ),
    _of_clocks(
        "ended-takes-no-step",
        "A clock that ended takes no more steps.",
        BACKUP,
        "c.next_step_at IS NOT NULL AND c.state NOT IN ('running', 'paused')",
    ),
    _of_clocks(
        "due-after-start",
        "A clock is due after it starts, by its target or by its bound.",
        BACKUP,
        "c.due_at < c.started_at"
        " OR c.due_at <> least(c.target_due_at, coalesce(c.bound_due_at, c.target_due_at))",
    ),
    _of_clocks(
        "paused-by-a-pause",
        "A clock waits exactly while a pause of it lasts.",
        "End the pause on the lead's page.",
        "c.state IN ('running', 'paused') AND (c.state = 'paused') <> EXISTS ("
        " SELECT FROM sla_pause p WHERE p.clock_id = c.id AND p.ended_at IS NULL)",
    ),
    _of_clocks(
        "noticed-in-time",
        "What is late was noticed within two minutes.",
        WATCH,
        "c.state = 'running' AND c.due_at < %(settled)s AND NOT EXISTS ("
        " SELECT FROM sla_escalation e WHERE e.clock_id = c.id AND e.step = 'late')",
        is_fatal=False,
    ),
    _of_clocks(
        "steps-in-time",
        "No step of a clock is overdue by more than two minutes.",
        WATCH,
        "c.next_step_at < %(settled)s AND h.state <> 'new'",
        is_fatal=False,
    ),
    Invariant(
        "pauses-one-by-one",
        "The pauses of a clock do not overlap.",
        BACKUP,
        "clock",
        """
        SELECT DISTINCT c.id, h.lead_id AS lead FROM (
            SELECT clock_id, started_at, lag(coalesce(ended_at, 'infinity')) OVER (
                PARTITION BY clock_id ORDER BY started_at, id) AS before
            FROM sla_pause) p
        JOIN sla_clock c ON c.id = p.clock_id JOIN routing_handoff h ON h.id = c.handoff_id
        WHERE p.started_at < p.before
        """,
    ),
    Invariant(
        "noticed-when-due",
        "No step was taken before it was due.",
        BACKUP,
        "escalation",
        """
        SELECT e.id, h.lead_id AS lead FROM sla_escalation e
        JOIN sla_clock c ON c.id = e.clock_id JOIN routing_handoff h ON h.id = c.handoff_id
        WHERE e.noticed_at < e.due_at
        """,
    ),
    Invariant(
        "next-deadline",
        "The deadline in the queue is the earliest that runs.",
        "Accept, pause or touch the lead: each reckons it anew.",
        "handoff",
        """
        SELECT h.id, h.lead_id AS lead FROM routing_handoff h
        LEFT JOIN sla_clock c ON c.handoff_id = h.id AND c.state = 'running'
        WHERE h.state IN ('review', 'pooled', 'offered', 'accepted')
        GROUP BY h.id HAVING h.next_due_at IS DISTINCT FROM min(c.due_at)
        """,
    ),
    Invariant(
        "every-promise-has-a-clock",
        "Each promise of the policy has its clock, on every routed lead that it covers.",
        "Apply the policy to open clocks, on its page.",
        "handoff",
        """
        SELECT DISTINCT h.id, h.lead_id AS lead FROM routing_handoff h
        JOIN sla_clock c ON c.handoff_id = h.id AND c.kind <> 'review'
        JOIN sla_policy p ON p.id = c.policy_id
        CROSS JOIN (VALUES ('accept'), ('first_touch')) AS promised(kind)
        WHERE h.state IN ('pooled', 'offered', 'accepted')
          AND p.compiled->'targets' ? promised.kind
          AND NOT EXISTS (SELECT FROM sla_clock o
                          WHERE o.handoff_id = h.id AND o.kind = promised.kind)
        """,
        is_fatal=False,
    ),
]
