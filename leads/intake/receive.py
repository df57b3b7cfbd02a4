"""Stores what senders report: leads with their company and conversion, and touchpoints.

Callers pass what a shape of `leads.intake.shapes` has validated. Everything about one call is
written in one transaction, together with the `Pending` rows from which scoring starts.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from rest_framework.exceptions import ValidationError

from leads.deadlocks import retried
from leads.intake import people, touchpoints, wire
from leads.intake.addresses import normal_email
from leads.intake.companies import company_of
from leads.intake.errors import readable
from leads.intake.shapes import TouchpointShape
from leads.models import (
    Conversion,
    Identity,
    Lead,
    Pending,
    RefusedEvent,
    SourceHour,
    Touchpoint,
)
from leads.text import storable

FUTURE = timedelta(minutes=5)  # a sender's clock may be ahead by this much
AHEAD = "More than 5 minutes in the future."
BATCH = 1_000  # touchpoints in one call


@retried
@transaction.atomic
def receive_lead(data, *, source, now):
    """Store one lead; return `(lead, created)`.

    `data` is a validated `LeadShape`. A known e-mail address updates its lead: values that were
    said replace older ones, silence changes nothing, and the first conversion stays as it is.
    The same call again changes nothing.
    """
    contact = dict(data["contact"])
    names = {kind: contact.pop(key, "") for kind, key in people.EXTRA_IDENTITIES.items()}
    conversion = data.get("conversion")
    when = conversion.get("occurred_at", now) if conversion else now
    if when > now + FUTURE:
        raise ValidationError({"conversion": {"occurred_at": [AHEAD]}})
    when = min(when, now)
    email, custom = contact.pop("email"), contact.pop("custom", {})
    words = contact.pop("consent_text", "")
    identity = Identity.objects.claim(Identity.Kind.EMAIL, normal_email(email))
    lead, created = people.lead_of(identity, email, now=when)
    values = {
        **contact,
        **custom,
        "lead_source": data.get("source", ""),
        "channel": data.get("channel", ""),
        "company": company_of(data.get("company"), lead=lead, source=source, now=now),
        "campaign": touchpoints.campaign_named(data.get("campaign", "")),
    }
    lead.learn(values, now=now, source=source, observed_at=when, words=words)
    if created:
        lead.record("leads.received", now=now, cause=f"Sent by {source}", source=source.name)
    people.join(identity, lead)
    for kind, value in names.items():
        if value:
            people.attach(kind, value, lead)
    Pending.objects.create(lead=lead)
    if conversion:
        _store_conversion(lead, conversion, identity, source=source, now=now)
    return lead, created


@retried
@transaction.atomic
def change_lead(pk, data, *, source, now):
    """Learn what `data`, a validated `LeadChanges`, says of this lead; return it."""
    lead = Lead.objects.select_for_update(no_key=True).get(pk=pk)
    said = dict(data)
    custom, employer = said.pop("custom", {}), said.pop("company", None)
    values = {**said, **custom, "company": company_of(employer, lead=lead, source=source, now=now)}
    if lead.learn(values, now=now, source=source):
        Pending.objects.create(lead=lead)
    return lead


def _store_conversion(lead, conversion, identity, *, source, now):
    when = min(conversion.get("occurred_at", now), now)
    said = ("kind", "form", "asset", "answers", "page_url", "referrer")
    Conversion.objects.get_or_create(
        lead=lead,
        defaults={name: conversion[name] for name in said if name in conversion}
        | {"campaign": lead.campaign, "lead_source": lead.lead_source, "occurred_at": when},
    )
    # Without an id of its own, the same form on the same day is the same conversion.
    stable = "|".join(
        [
            identity.value,
            conversion["kind"],
            conversion.get("form", ""),
            conversion.get("asset", ""),
            conversion.get("occurred_at", now.date()).isoformat(),
        ]
    )
    done = touchpoints.Arrival(
        message_id=conversion.get("message_id") or f"conversion:{stable}",
        kind=conversion["kind"],
        occurred_at=when,
        identity=identity,
        event=conversion.get("form") or conversion.get("asset", ""),
        url=conversion.get("page_url", ""),
        campaign=lead.campaign,
        properties={"answers": conversion.get("answers", {})},
        context=_came(conversion),
    )
    first = _first_touch(conversion, lead, identity, before=when)
    is_new = bool(touchpoints.store([*first, done], source=source, now=now))
    SourceHour.objects.add(
        source,
        at=now,
        stored=int(is_new),
        duplicates=int(not is_new),
        delays=[(now - when).total_seconds()],
    )


def _first_touch(conversion, lead, identity, *, before):
    """The visit that began it all, as a touchpoint, where we know of nothing as early."""
    said = conversion.get("first_touch")
    if not said or said["occurred_at"] >= before:
        return []
    at = said["occurred_at"]
    if lead.touchpoints.filter(occurred_at__lte=at).exists():
        return []
    return [
        touchpoints.Arrival(
            message_id=f"first-touch:{identity.value}:{at.isoformat()}",
            kind=Touchpoint.Kind.PAGE_VIEW,
            occurred_at=at,
            identity=identity,
            url=said.get("page_url", ""),
            campaign=touchpoints.campaign_named(said.get("utm", {}).get("campaign", "")),
            context=_came(said),
        )
    ]


def _came(said):
    """Return what is kept of where somebody came from, as with the events of clients."""
    utm = {
        "name" if name == "campaign" else name: value
        for name, value in said.get("utm", {}).items()
        if value
    }
    kept = {"referrer": said.get("referrer", ""), "campaign": utm}
    return {name: value for name, value in kept.items() if value}


@dataclass
class BatchResult:
    """What became of a batch: stored and duplicate counts, and errors by index."""

    stored: int = 0
    duplicates: int = 0
    errors: list = field(default_factory=list)


def receive_touchpoints(items, *, source, now):
    """Store a list of raw touchpoints; return a `BatchResult`.

    Items are validated one by one: the good ones are stored, each bad one is listed by its index
    with the field at fault. A repeated message id counts as a duplicate and changes nothing.
    """
    result, good, refused = BatchResult(), [], []
    for index, item in enumerate(items):
        data, errors = read_touchpoint(item, now=now)
        if errors:
            result.errors.append({"index": index, "errors": errors})
            refused.append((item, errors))
        else:
            good.append(data)
    result.stored = _take(good, refused, source=source, now=now)
    result.duplicates = len(good) - result.stored
    return result


def read_touchpoint(item, *, now):
    """Return `(data, errors)` of a raw touchpoint; the errors are empty where it is a good one."""
    shape = TouchpointShape(data=item)
    if not shape.is_valid():
        return None, readable(shape.errors)
    data = shape.validated_data
    data.setdefault("occurred_at", now)
    if data["occurred_at"] > now + FUTURE:
        return None, {"occurred_at": [AHEAD]}
    return data, {}


def why(errors):
    """Return the errors of a touchpoint as one sentence for people."""
    return " ".join(
        f"{'' if name == 'non_field_errors' else f'{name}: '}{' '.join(map(str, said))}"
        for name, said in errors.items()
    )[:200]


@retried
@transaction.atomic
def _take(items, refused, *, source, now):
    """Store, note and count, all or nothing; return how many were stored."""
    stored = store_touchpoints(items, source=source, now=now)
    RefusedEvent.objects.bulk_create(
        RefusedEvent(
            source=source,
            door=RefusedEvent.Door.TOUCHPOINTS,
            received_at=now,
            message_id=_message_of(item),
            reason=why(errors),
            payload=wire.kept(item),
        )
        for item, errors in refused
    )
    SourceHour.objects.add(
        source,
        at=now,
        stored=stored,
        duplicates=len(items) - stored,
        refused=len(refused),
        delays=[max((now - item["occurred_at"]).total_seconds(), 0) for item in items],
    )
    return stored


def _message_of(item):
    said = item.get("message_id") if isinstance(item, dict) else ""
    return said[:255] if isinstance(said, str) and storable(said) else ""


def store_touchpoints(items, *, source, now):
    """Store what is new of these, as `read_touchpoint` returns them; return how many.

    Runs in the caller's transaction.
    """
    if not items:
        return 0
    identities = people.identities_of(items)
    names = sorted({item.get("campaign", "") for item in items})
    campaigns = touchpoints.campaigns_named(names)
    arrivals = [
        touchpoints.Arrival(
            message_id=item["message_id"],
            kind=item["kind"],
            occurred_at=min(item["occurred_at"], now),
            identity=identities[people.best_name(item)],
            event=item.get("event", ""),
            url=item.get("url", ""),
            properties=item.get("properties", {}),
            session=item.get("session", ""),
            seconds=item.get("seconds"),
            campaign=campaigns[item.get("campaign", "")],
        )
        for item in items
    ]
    return touchpoints.store(arrivals, source=source, now=now)
