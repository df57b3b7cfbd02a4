"""What a rep is handed with a lead, frozen at that moment."""

from django.db.models import Count

from leads.models import Touchpoint
from leads.scoring import aggregate

RECENT = 25  # touchpoints that are written out
COLUMNS = {
    "contact": (
        "email",
        "name",
        "phone",
        "job_title",
        "seniority",
        "department",
        "country",
        "region",
        "language",
        "postal_code",
        "opted_out",
        "email_consent",
        "phone_consent",
        "do_not_contact",
    ),
    "company": ("name", "domain", "employees", "industry", "country", "relationship"),
}


def build(qualification, *, now):
    """Return the packet of a qualification as JSON-ready data; empty values are left as "".

    Keys: contact, company, source, conversion, score, behaviour, earlier.
    """
    lead = qualification.lead
    return {
        "contact": _columns(lead, *COLUMNS["contact"]),
        "company": _company(lead),
        "source": {"source": lead.lead_source, "campaign": str(lead.campaign or "")},
        "conversion": _conversion(lead),
        "score": qualification.explanation
        | {
            "definition": qualification.definition.version,
            "cause": qualification.get_cause_display(),
        },
        "behaviour": _behaviour(lead) | {"visits": aggregate.summary(lead.pk, until=now)},
        "earlier": _earlier(qualification),
        "at": now.isoformat(),
    }


def without_person(packet):
    """Return what may stay of a packet when its lead is erased: nothing of the person."""
    conversion, behaviour = packet.get("conversion") or {}, packet.get("behaviour") or {}
    stays = ("kind", "form", "asset", "campaign", "lead_source", "occurred_at")
    return packet | {
        "contact": {},
        "conversion": {name: conversion[name] for name in stays if name in conversion},
        "behaviour": {
            name: behaviour[name] for name in ("first_seen", "counts") if name in behaviour
        },
    }


def _columns(row, *names):
    return {name: getattr(row, name) for name in names}


def _company(lead):
    company = lead.company
    if company is None:
        return {}
    values = _columns(company, *COLUMNS["company"])
    others = company.leads.unmerged().exclude(pk=lead.pk).count()
    return values | {"account_owner": str(company.account_owner or ""), "other_leads_here": others}


def _conversion(lead):
    conversion = getattr(lead, "conversion", None)
    if conversion is None:
        return {}
    values = _columns(conversion, "form", "asset", "answers", "page_url", "referrer", "lead_source")
    return values | {
        "kind": dict(Touchpoint.Kind.choices).get(conversion.kind, conversion.kind),
        "campaign": str(conversion.campaign or ""),
        "occurred_at": conversion.occurred_at.isoformat(),
    }


def _behaviour(lead):
    counts = lead.touchpoints.values("kind").annotate(times=Count("digest")).order_by("-times")
    recent = lead.touchpoints.order_by("-occurred_at")[:RECENT]
    first = lead.touchpoints.order_by("occurred_at").first()
    labels = dict(Touchpoint.Kind.choices)
    return {
        "first_seen": first.occurred_at.isoformat() if first else "",
        "first_touch": _came(first) if first else {},
        "counts": {labels.get(row["kind"], row["kind"]): row["times"] for row in counts},
        "recent": [
            {
                "kind": touchpoint.get_kind_display(),
                "event": touchpoint.event,
                "url": touchpoint.url,
                "at": touchpoint.occurred_at.isoformat(),
            }
            for touchpoint in recent
        ],
    }


def _came(touchpoint):
    """Where somebody came from with this touchpoint, as far as its page said."""
    utm = touchpoint.context.get("campaign", {})
    return {
        "kind": touchpoint.get_kind_display(),
        "url": touchpoint.url,
        "referrer": touchpoint.context.get("referrer", ""),
        "source": utm.get("source", ""),
        "medium": utm.get("medium", ""),
        "campaign": utm.get("name", ""),
    }


def _earlier(qualification):
    # One that a marketer confirms has its own handoff already.
    handoffs = qualification.lead.handoffs.exclude(qualification=qualification)
    return [
        {
            "handoff": handoff.pk,
            "state": handoff.get_state_display(),
            "owner": str(handoff.owner or ""),
            "closed_at": str(handoff.closed_at or ""),
            "reason": _reason(handoff),
        }
        for handoff in handoffs.select_related("owner__user").order_by("opened_at")
    ]


def _reason(handoff):
    """Why a rep ended it, in words; empty where none did."""
    if hasattr(handoff, "rejection"):
        return str(handoff.rejection.reason)
    if hasattr(handoff, "recycling"):
        return handoff.recycling.get_reason_display()
    return ""
