"""Forgets a person: what is personal is emptied wherever it stands; rows that are counted stay.

The lead's row stays as well, with an address that is nobody's, so that reports count what they
counted. What comes in later under the same address is somebody new.
"""

from collections import Counter
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import Q, Value
from django.db.models.functions import MD5, Concat

from leads import consents
from leads.deadlocks import retried
from leads.intake.addresses import normal_email
from leads.models import (
    Conversion,
    Delivery,
    Duplicate,
    Enrichment,
    ErasureLedger,
    FieldValue,
    Identity,
    Lead,
    MatchKeys,
    Merge,
    Qualification,
    Touchpoint,
)
from leads.models.erasure import digest_of_address
from leads.privacy import traces
from leads.signals import lead_erased

# Of the lead, where they came from and for whom they work; no more than reports group by.
STAYS = ("lead_source", "channel", "campaign", "company", "country")
# Facts of events that say what happened and nothing about the person.
FACTS = [
    *("handoff", "decision", "definition", "version", "total", "fit", "interest", "tier"),
    *("source", "import", "reason", "destination", "touch", "channel", "outcome", "occurred_at"),
    *("back_dated", "clock", "due_at", "noticed_at", "track", "consent", "to"),
    *("merge", "survivor", "other", "opportunity"),
]


def erase(lead, *, reason, now, by=None, source=None):
    """Erase the person behind a lead; return the row of the ledger, also if it was done before.

    Raise NotPossible while an import that names them is at work.
    """
    lead = lead.merged_into or lead  # the person is who they were found to be
    _, _, called = traces.Called.of(lead)
    files = [] if lead.erased_at else traces.files_that_name(lead, called)
    return _erase(lead.pk, reason=reason, now=now, by=by, source=source, files=files)


def foresee(lead):
    """Return `(what, how many)` of what an erasure would empty, before anybody asks for it."""
    handoffs: Any = Lead._meta.get_field("handoffs").related_model
    found = [
        ("Names and ids by which they are known", _names_of(lead.pk).count()),
        ("Values that were learned, with their history", lead.field_values.count()),
        ("Touchpoints: addresses, titles and answers", lead.touchpoints.count()),
        ("Events: causes and notes", lead.events.count()),
        ("Messages to colleagues", Delivery.objects.filter(event__lead=lead).count()),
        ("Handoffs: packets and notes", handoffs.objects.filter(lead=lead).count()),
    ]
    return [(what, count) for what, count in found if count]


@retried
@transaction.atomic
def _erase(pk, *, reason, now, by, source, files):
    lead = _hold(pk)
    if lead.merged_into_id:
        return _erase(
            lead.merged_into_id, reason=reason, now=now, by=by, source=source, files=files
        )
    done = ErasureLedger.objects.filter(lead=lead).first()
    if done:
        return done
    addresses, certain, called = traces.Called.of(lead)  # while it still says so
    rows = [lead, *lead.duplicates.order_by("pk").select_for_update(no_key=True)]
    counts: Counter = Counter()
    for row in rows:
        _empty(row, now=now)
        counts.update(_erase_rows(row, now=now))
        for _, found in lead_erased.send(sender=Lead, lead=row, by=by, now=now):
            counts.update(found)
    _erase_merges(rows)
    # Last, for the events and messages of all the others.
    for row in rows:
        counts.update(_erase_events(row))
    removed = traces.remove_files(files, now=now)
    counts.update(traces.erase(lead, certain, called, files=removed))
    salt = ErasureLedger.objects.salt()
    ledger = ErasureLedger.objects.create(
        lead=lead,
        salt=salt,
        digests=[digest_of_address(address, salt) for address in addresses],
        reason=reason[:300],
        actor=by,
        source=source,
        erased_at=now,
        counts={what: n for what, n in counts.items() if n},
    )
    lead.record("leads.erased", now=now, by=by)
    return ledger


def _hold(pk):
    """Lock the lead so that nobody writes of it meanwhile.

    In the order of all who write: what is worked on, then the names, by which anything comes in,
    then the lead. A name that was tied to it before it was locked is locked then.
    """
    handoffs: Any = Lead._meta.get_field("handoffs").related_model
    names: set[int] = set()
    while True:
        list(handoffs.objects.filter(lead=pk).order_by("pk").select_for_update(of=("self",)))
        mine = _names_of(pk).order_by("kind", "value").select_for_update(of=("self",))
        names |= {name.pk for name in mine}
        lead = Lead.objects.select_for_update(no_key=True).get(pk=pk)
        if names.issuperset(_names_of(pk).values_list("pk", flat=True)):
            return lead


def _names_of(pk):
    return Identity.objects.filter(Q(lead=pk) | Q(lead=None, belongs_to__lead=pk))


def _empty(lead, *, now):
    """Empty the lead's own row. Nobody contacts them again, whoever kept their address."""
    lead.give_up([name for name in lead.LEARNED if name not in STAYS])
    lead.attributes = {}
    lead.email = f"erased-{uuid4().hex}@erased.invalid"
    lead.take({consents.NOBODY: True})
    lead.erased_at = now
    lead.save()


def _erase_rows(lead, *, now):
    """Empty what belongs to the lead in this app; return how many rows of which kind."""
    names = list(_names_of(lead.pk).order_by("pk"))
    mine = Q(lead=lead) | Q(lead=None, identity__in=names)
    done = Touchpoint.objects.filter(mine).update(event="", url="", properties={}, context={})
    # What happened in one visit stays so, under a name that nobody can trace.
    salted = MD5(Concat("session", Value(uuid4().hex)))
    Touchpoint.objects.filter(mine).exclude(session="").update(session=salted)
    for name in names:
        name.value, name.traits, name.lead = f"erased:{uuid4().hex}", {}, lead
        name.save()
    values, _ = FieldValue.objects.filter(lead=lead).exclude(field__in=STAYS).delete()
    Enrichment.objects.filter(lead=lead, state=Enrichment.State.WAITING).update(
        state=Enrichment.State.UNKNOWN, answered_at=now, lease=None, lease_until=None
    )
    Qualification.objects.filter(lead=lead, state=Qualification.State.WAITING).update(
        state=Qualification.State.DECLINED, decided_at=now
    )
    return {
        "names and ids": len(names),
        "touchpoints": done,
        "values of attributes": values,
        "conversions": Conversion.objects.filter(lead=lead).update(
            answers={}, page_url="", referrer=""
        ),
        "changes of stage": lead.transitions.update(cause=""),
        "qualifications": lead.qualifications.update(note=""),
        "questions to providers": lead.enrichments.update(problem=""),
    }


def _erase_merges(rows):
    """What two leads had before they became one is personal, and so is by what they were alike."""
    MatchKeys.objects.filter(lead__in=rows).delete()
    Duplicate.objects.filter(Q(first__in=rows) | Q(second__in=rows)).delete()
    Merge.objects.filter(Q(survivor__in=rows) | Q(other__in=rows)).update(moved={})


def _erase_events(lead):
    with connection.cursor() as cursor:
        # Lets the trigger on events pass changes of this lead's causes and facts, nothing else.
        cursor.execute("SELECT set_config('handoff.erased_lead', %s, true)", [str(lead.pk)])
        cursor.execute(
            "UPDATE leads_event SET cause = '', data = (SELECT "
            "COALESCE(jsonb_object_agg(key, value), '{}') FROM jsonb_each(data) "
            "WHERE key = ANY(%s)) WHERE lead_id = %s",
            [FACTS, lead.pk],
        )
        events = cursor.rowcount
        cursor.execute("SELECT set_config('handoff.erased_lead', '', true)")
        cursor.execute(
            "UPDATE leads_delivery SET last_error = '', payload = jsonb_build_object("
            "'subject', 'About an erased lead', 'body', '', 'url', payload->'url'), "
            "state = CASE WHEN state = ANY(%s) THEN %s ELSE state END "
            "WHERE event_id IN (SELECT id FROM leads_event WHERE lead_id = %s)",
            [[Delivery.State.PENDING, Delivery.State.HELD], Delivery.State.CANCELLED, lead.pk],
        )
        return {"events": events, "messages": cursor.rowcount}


def erased_before(address):
    """Return the erasures of an address, newest first: what the ledger can say of somebody new."""
    return ErasureLedger.objects.of(normal_email(address))
