"""Finds pairs of leads that may be one person, without ever comparing everybody with everybody.

Each lead has keys; leads that share one are compared. What was looked at is remembered with the
lead's `updated_at`, so that a lead is looked at again when it changed, and only then.
"""

from datetime import UTC, datetime

from django.db import connection, transaction

from leads.duplicates.likeness import ENOUGH, basis_of, likeness, traits_of
from leads.models import Duplicate, Lead, MatchKeys

BATCH = 500  # leads that one transaction looks at
COMPARED = ("email", "name", "phone", "country", "company_id", "updated_at")
CROWD = 100  # leads that share a key; of more, it says too little to be followed


def look(*, now, after=0):
    """Look at a batch of leads that are new or changed, with ids above `after`.

    Return the last one's id, from which to go on, or 0 if there was none.

    Proposes pairs that are likely enough, withdraws proposals that no longer are, and leaves
    alone what somebody answered unless the data changed. Safe at any time, and twice.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One at a time: two would propose the same pairs.
            cursor.execute(
                "SELECT pg_try_advisory_xact_lock(hashtext(%s))", [Duplicate._meta.label]
            )
            if not cursor.fetchone()[0]:
                return 0
        leads = _changed(after)
        if leads:
            _look_at(leads, now=now)
        return leads[-1].pk if leads else 0


def _changed(after):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lead.id FROM leads_lead lead "
            "LEFT JOIN leads_matchkeys known ON known.lead_id = lead.id AND known.lead_id > %s "
            "WHERE lead.merged_into_id IS NULL AND known.seen IS DISTINCT FROM lead.updated_at "
            "AND lead.id > %s ORDER BY lead.id LIMIT %s",
            [after, after, BATCH],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(Lead.objects.filter(pk__in=ids).only(*COMPARED).order_by("pk"))


def _look_at(leads, *, now):
    traits = {lead.pk: traits_of(lead) for lead in leads}
    MatchKeys.objects.bulk_create(
        [MatchKeys(lead=lead, seen=lead.updated_at, keys=traits[lead.pk].keys) for lead in leads],
        update_conflicts=True,
        unique_fields=["lead"],
        update_fields=["seen", "keys"],
    )
    pairs = _sharing(traits)
    others = {pk for pair in pairs for pk in pair} - traits.keys()
    known = Lead.objects.unmerged().filter(pk__in=others).only(*COMPARED)
    traits |= {lead.pk: traits_of(lead) for lead in known}
    found = {}
    for first, second in pairs:
        if first in traits and second in traits:
            score, reasons = likeness(traits[first], traits[second])
            if score >= ENOUGH:
                basis = basis_of(traits[first], traits[second])
                found[first, second] = (score, reasons, basis)
    _store(found, [lead.pk for lead in leads], now=now)


def _sharing(traits):
    """Return the pairs (lower id, higher id) of these leads and those who share a key with them."""
    keys = sorted({key for one in traits.values() for key in one.keys})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT wanted, ARRAY(SELECT lead_id FROM leads_matchkeys "
            "WHERE keys @> ARRAY[wanted] LIMIT %s) FROM unnest(%s::text[]) AS wanted",
            [CROWD + 1, keys],
        )
        holders = dict(cursor.fetchall())
    pairs = set()
    for pk, one in traits.items():
        for key in one.keys:
            # A crowd is no hint, unless it is one mailbox.
            if len(holders[key]) <= CROWD or key.startswith("mail:"):
                pairs |= {(min(pk, other), max(pk, other)) for other in holders[key]}
    return {pair for pair in pairs if pair[0] != pair[1]}


def _store(found, looked_at, *, now):
    state = Duplicate.State
    before = {
        (row.first_id, row.second_id): row
        for rows in (
            Duplicate.objects.filter(first__in=looked_at),
            Duplicate.objects.filter(second__in=looked_at),
        )
        for row in rows
    }
    new, again = [], []
    for (first, second), (score, reasons, basis) in sorted(found.items()):
        row = before.pop((first, second), None)
        if row is None:
            row = Duplicate(first_id=first, second_id=second, found_at=now)
            new.append(row)
        elif row.basis == basis or row.state == state.MERGED:
            continue
        else:
            again.append(row)
            if row.state == state.DISMISSED:
                row.found_at, row.decided_at, row.actor = now, None, None
        row.state, row.score, row.reasons, row.basis = state.PROPOSED, score, reasons, basis
    gone = [row.pk for row in before.values() if row.state == state.PROPOSED]
    Duplicate.objects.proposed().filter(pk__in=gone).delete()
    Duplicate.objects.bulk_create(new)
    Duplicate.objects.bulk_update(
        again, ["state", "score", "reasons", "basis", "found_at", "decided_at", "actor"]
    )


def look_again():
    """Have everybody looked at anew by the next looks, as after an update of the rules.

    What was found stays meanwhile.
    """
    MatchKeys.objects.update(seen=datetime.min.replace(tzinfo=UTC))
