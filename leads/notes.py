"""What people write down about a lead. A note is an event: it is added, and never changed."""

from django.db import transaction

from leads.deadlocks import retried
from leads.models import Lead

KIND = "leads.noted"


@retried
@transaction.atomic
def add(lead, text, *, by, now, nonce):
    """Keep a note on the lead's timeline and return its event; once for the same `nonce`.

    It stops no clock and changes no state. An erasure of the lead empties it. Return None for a
    lead that was erased meanwhile.
    """
    held = Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)
    if held.erased_at:
        return None
    before = held.events.filter(kind=KIND, actor=by, data__nonce=str(nonce)).first()
    return before or held.record(KIND, now=now, by=by, note=text, nonce=str(nonce))
