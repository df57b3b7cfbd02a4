"""Who it was: identities, the lead behind them, and history that waited for a name."""

from dataclasses import dataclass
from datetime import UTC

from django.db import connection
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from leads import bulk
from leads.intake.addresses import normal_email
from leads.intake.fields import EmailField
from leads.models import Identity, Lead, Pending, Score

EXTRA_IDENTITIES = {Identity.Kind.USER: "user_id", Identity.Kind.ANONYMOUS: "anonymous_id"}
# A known person beats a browser: the first name that an item carries is the one it belongs to.
ORDER = ((Identity.Kind.EMAIL, "email"), *EXTRA_IDENTITIES.items())


@dataclass(slots=True)
class Seen:
    """A name that is only looked at: whose it is."""

    pk: int
    lead_id: int | None


def readable_email(said):
    """Return an address that a sender gave in free form, or empty where it is none."""
    try:
        return EmailField().run_validation(said)
    except ValidationError:
        return ""


def lead_of(identity, email, *, now):
    """Return `(lead, created)` of a claimed e-mail identity, locked."""
    if identity.lead_id:
        return Lead.objects.select_for_update(no_key=True).get(pk=identity.lead_id), False
    lead = Lead(email=email.lower(), created_at=now)
    make_leads([(identity, lead)])
    return lead, True


def make_leads(new):
    """Store the new leads of (claimed e-mail identity, lead) pairs."""
    for _, lead in new:
        lead.updated_at = timezone.now()
    bulk.store_new([lead for _, lead in new])
    bulk.add(Score, ["lead_id"], ([lead.pk] for _, lead in new))
    for identity, lead in new:
        identity.lead = lead
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_identity SET lead_id = pair.lead "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS pair (identity, lead) "
            "WHERE id = pair.identity",
            [[identity.pk for identity, _ in new], [lead.pk for _, lead in new]],
        )


def attach(kind, value, lead):
    """Tie another name to the lead and bring in what waited for it, as `give` does."""
    give(Identity.objects.claim(kind, value), lead)


def give(identity, lead):
    """Tie a locked identity, and those that were seen with it, to the lead; return them all.

    What waited for them is brought in. A name that belongs to somebody else stays with them: two
    known people are never merged. Only a browser changes hands: what it did stays with the person
    it was, what it does from now on is done by the one who was identified last.
    """
    if identity.lead_id not in (None, lead.pk):
        if identity.kind == Identity.Kind.ANONYMOUS:
            identity.lead = lead
            identity.save(update_fields=["lead"])
        return []
    identity.lead = lead
    identity.save(update_fields=["lead"])
    join(identity, lead)
    others = identity.others.filter(lead=None).order_by("pk").select_for_update()
    return [identity, *(other for child in others for other in give(child, lead))]


def join(identity, lead):
    """Give the touchpoints that waited on this locked identity to the lead, once."""
    join_all([(identity, lead)])


def join_all(pairs):
    """Give what waited on each of these locked identities to its lead, once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE leads_touchpoint SET lead_id = pair.lead "
            "FROM unnest(%s::bigint[], %s::bigint[]) AS pair (identity, lead) "
            "WHERE identity_id = pair.identity AND lead_id IS NULL "
            "RETURNING lead_id, occurred_at",
            [[identity.pk for identity, _ in pairs], [lead.pk for _, lead in pairs]],
        )
        joined = cursor.fetchall()
    Pending.objects.recount((lead_id, at.astimezone(UTC).date()) for lead_id, at in joined)


def best_name(data):
    """Return the (kind, value) that a validated touchpoint belongs to."""
    for kind, key in ORDER:
        if data.get(key):
            return kind, normal_email(data[key]) if key == "email" else data[key]
    raise KeyError("A touchpoint names nobody.")


def identities_of(items):
    """Return `{(kind, value): identity}` for validated touchpoints, made where new.

    The rows are locked against joining until the transaction ends, in a fixed order, so that a
    touchpoint stored now is either joined later or belongs to the lead already.
    """
    names = sorted({best_name(data) for data in items})
    Identity.objects.bulk_create(
        [Identity(kind=kind, value=value) for kind, value in names], ignore_conflicts=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.id, i.kind, i.value, i.lead_id FROM leads_identity i "
            "JOIN unnest(%s::text[], %s::text[]) AS named (kind, value) USING (kind, value) "
            "ORDER BY i.kind, i.value FOR SHARE OF i",
            [[kind for kind, _ in names], [value for _, value in names]],
        )
        found = {
            (kind, value): Identity(pk=pk, kind=kind, value=value, lead_id=lead_id)
            for pk, kind, value, lead_id in cursor.fetchall()
        }
    # One that was erased while we waited for its row is nobody's, and made again.
    return found if found.keys() >= set(names) else identities_of(items)
