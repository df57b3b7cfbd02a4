"""Of people, their qualifications, the agreed definition, imports and the outbox."""

from reporting.invariants.invariant import Invariant

BACKUP = "This cannot come about in Handoff itself. Compare with a backup, and tell support."

LEADS = [
    Invariant(
        "one-open-handoff",
        "A lead has at most one open handoff.",
        "Withdraw all but the one that is worked.",
        "lead",
        """
        SELECT lead_id AS id, lead_id AS lead FROM routing_handoff
        WHERE state IN ('review', 'new', 'pooled', 'offered', 'accepted')
        GROUP BY lead_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        "merged-into-one-survivor",
        "A merged lead points to one that stands for itself, and has no open handoff.",
        "Undo the merge on the survivor's page, and merge again.",
        "lead",
        """
        SELECT l.id, l.merged_into_id AS lead FROM leads_lead l
        JOIN leads_lead s ON s.id = l.merged_into_id
        WHERE l.merged_into_id IS NOT NULL AND (s.merged_into_id IS NOT NULL OR EXISTS (
            SELECT FROM routing_handoff h WHERE h.lead_id = l.id
              AND h.state IN ('review', 'new', 'pooled', 'offered', 'accepted')))
        """,
    ),
    Invariant(
        "nothing-left-of-the-erased",
        "Of an erased person no name, number or address is left.",
        "Erase the lead again, on its page in the admin.",
        "lead",
        """
        SELECT l.id, l.id AS lead FROM leads_lead l
        WHERE l.erased_at IS NOT NULL AND (l.name <> '' OR l.phone <> '' OR l.job_title <> ''
          OR NOT EXISTS (SELECT FROM leads_erasureledger e
                         WHERE e.lead_id IN (l.id, l.merged_into_id))
          OR EXISTS (SELECT FROM leads_identity i
                     WHERE i.lead_id = l.id AND NOT starts_with(i.value, 'erased:')))
        """,
    ),
    Invariant(
        "points-add-up",
        "The counted points of a qualification add up to its fit, its interest and its total.",
        BACKUP,
        "qualification",
        """
        SELECT q.id, q.lead_id AS lead FROM leads_qualification q
        WHERE q.total <> q.fit + q.interest
           OR (q.explanation->>'fit')::int <> q.fit
           OR (q.explanation->>'interest')::int <> q.interest
        """,
    ),
    Invariant(
        "counted-one-by-one",
        "A lead's qualifications are numbered without a number twice.",
        BACKUP,
        "lead",
        """
        SELECT lead_id AS id, lead_id AS lead FROM leads_qualification
        GROUP BY lead_id HAVING count(*) <> count(DISTINCT ordinal) OR min(ordinal) < 1
        """,
    ),
    Invariant(
        "one-live-version",
        "One definition and one rule set are live, and of each policy one version.",
        "Publish a new version: it retires all others.",
        "version",
        """
        SELECT min(id) AS id, NULL::bigint AS lead FROM (
            SELECT id, 'definition' AS noun FROM leads_mqldefinition WHERE state = 'published'
            UNION ALL SELECT id, 'rule set' FROM routing_ruleset WHERE state = 'published'
            UNION ALL SELECT id, 'policy ' || name FROM sla_policy WHERE state = 'published') live
        GROUP BY noun HAVING count(*) > 1
        """,
    ),
    Invariant(
        "published-is-frozen",
        "What is or was live is stored as it was published, with the moment and its fingerprint.",
        "Publish a new version.",
        "version",
        """
        SELECT id, NULL::bigint AS lead FROM (
            SELECT id, state, compiled, content_hash, published_at FROM leads_mqldefinition
            UNION ALL
            SELECT id, state, compiled, content_hash, published_at FROM routing_ruleset
            UNION ALL
            SELECT id, state, compiled, content_hash, published_at FROM sla_policy) v
        WHERE state IN ('published', 'retired') AND published_at IS NOT NULL
          AND (compiled IS NULL OR content_hash = '')
           OR state = 'published' AND published_at IS NULL
        """,
    ),
    Invariant(
        "signed-by-both-sides",
        "What is live was signed by marketing and by sales, by two people, as it stands.",
        "Put a new version up for sign-off, and have both sides sign it.",
        "definition",
        """
        SELECT d.id, NULL::bigint AS lead FROM leads_mqldefinition d
        WHERE d.state = 'published' AND (
            SELECT count(DISTINCT a.side) = 2 AND count(DISTINCT a.user_id) = 2
            FROM leads_approval a
            WHERE a.definition_id = d.id AND a.content_hash = d.content_hash) IS NOT TRUE
        """,
    ),
    Invariant(
        "every-line-accounted-for",
        "The lines of an import are created, updated, unchanged, refused or blank, each one once.",
        "Take the import back and load the file again.",
        "run of an import",
        """
        SELECT id, NULL::bigint AS lead FROM leads_importrun
        WHERE lines <> created + updated + unchanged + refused + blank AND kind <> 'undo'
        """,
    ),
    Invariant(
        "sent-has-its-time",
        "A message that was sent says when; one that waits was not sent.",
        BACKUP,
        "delivery",
        """
        SELECT id, NULL::bigint AS lead FROM leads_delivery
        WHERE (state = 'sent') <> (sent_at IS NOT NULL)
        """,
    ),
    Invariant(
        "outbox-flows",
        "No message is due for longer than ten minutes, and none was given up.",
        "See that a worker runs and that the mail server answers; the outbox in the admin shows "
        "the error of each, and sends again what was given up.",
        "delivery",
        """
        SELECT d.id, e.lead_id AS lead FROM leads_delivery d JOIN leads_event e ON e.id = d.event_id
        WHERE d.state = 'pending' AND d.attempts = 0
          AND d.available_at < %(now)s - interval '10 minutes' OR d.state = 'dead'
        """,
        is_fatal=False,
    ),
    Invariant(
        "nothing-in-the-future",
        "Nothing happened later than now.",
        "Set the clocks of the servers; compare them with that of the database.",
        "event",
        """
        SELECT id, lead_id AS lead FROM leads_event
        WHERE happened_at > %(now)s + interval '60 seconds'
        """,
        is_fatal=False,
    ),
    Invariant(
        "people-have-roles",
        "Everybody who may log in has a role.",
        "Give them a role, or deactivate them, under Users in the admin.",
        "user",
        """
        SELECT u.id, NULL::bigint AS lead FROM leads_user u
        WHERE u.is_active AND NOT u.is_superuser
          AND NOT EXISTS (SELECT FROM leads_user_groups g WHERE g.user_id = u.id)
        """,
        is_fatal=False,
    ),
]
