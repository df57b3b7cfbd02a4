"""Turns the answers to a capture form into a lead, by the same door as every sender's."""

import json
import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from rest_framework.exceptions import ValidationError

from leads.capture.arrival import Arrival, utm_of
from leads.capture.asking import CONSENT, name_of
from leads.conditions.registry import CUSTOM
from leads.consents import Consent
from leads.imports.targets import COMPANY, EMAIL, FIRST, LAST, NAME
from leads.intake import receive
from leads.intake.shapes import LeadShape
from leads.intake.wire import moment_of
from leads.models import RefusedEvent, Source, SourceHour

SOURCE = "Hosted forms"
SPAM = "A field that people do not see was filled in."
OLDEST = timedelta(days=2 * 365)  # of a first visit that a browser remembers
SHORTENED = 500  # characters of each answer that a refused form keeps
# What to say where something failed that the visitor did not write and cannot put right.
OURS = "We could not take this in. Please try again, or write to us."
log = logging.getLogger(__name__)


def source():
    """Return the Source that stands for all capture forms; switched off, they are not there."""
    return Source.objects.get_or_create(name=SOURCE)[0]


def submit(answers, *, now):
    """Store what a valid Answers form says; return `(lead, created)`, or None and say why on it.

    The same filling-in sent again changes nothing.
    """
    shape = LeadShape(data=lead_data(answers, now=now))
    if not shape.is_valid():
        log.error("The form %s made a lead that intake refuses: %s", answers.row, shape.errors)
        answers.add_error(None, OURS)
        return None
    try:
        return receive.receive_lead(shape.validated_data, source=source(), now=now)
    except ValidationError as error:
        log.error("The form %s made a lead that intake refuses: %s", answers.row, error.detail)
        answers.add_error(None, OURS)
        return None


def set_aside(answers, *, now):
    """Keep what was taken for spam among the refused items of the source, for a person to see."""
    said = {one.label: answers.data.get(name_of(one), "") for one in answers.asked}
    said = {"E-mail": answers.data.get(EMAIL, ""), **said}
    kept = {name: str(value).replace("\x00", "")[:SHORTENED] for name, value in said.items()}
    kept = json.loads(json.dumps(kept).encode("utf-8", "replace"))
    sender = source()
    with transaction.atomic():
        RefusedEvent.objects.create(
            source=sender,
            received_at=now,
            reason=f"{answers.row}: {SPAM}"[:200],
            payload={"form": answers.row.slug, "answers": kept},
        )
        SourceHour.objects.add(sender, at=now, refused=1)


def lead_data(answers, *, now):
    """Return the answers as a sender of leads would put them; what was not said is left out."""
    row, arrival = answers.row, Arrival.of(answers.cleaned_data)
    contact: dict[str, Any] = {EMAIL: answers.cleaned_data[EMAIL]}
    company: dict[str, Any] = {}
    said = {}
    for one in answers.asked:
        value = answers.cleaned_data.get(name_of(one))
        if value in (None, "", []):
            continue
        if not one.target:
            said[one.label] = value
        elif one.target.startswith(CUSTOM):
            key = one.target.removeprefix(CUSTOM)
            holder = contact if answers.custom[key].on == "lead" else company
            holder.setdefault("custom", {})[key] = value
        elif one.target.startswith(COMPANY):
            company[one.target.removeprefix(COMPANY)] = value
        else:
            contact[one.target] = value
    if row.consent_text:
        said[row.consent_text] = bool(answers.cleaned_data[CONSENT])
        if said[row.consent_text]:  # without the tick nothing was said, neither yes nor no
            contact |= dict.fromkeys(row.consents(), Consent.GIVEN)
            contact["consent_text"] = row.consent_text
    parts = [contact.pop(FIRST, ""), contact.pop(LAST, "")]
    if any(parts):
        contact.setdefault(NAME, " ".join(part for part in parts if part))
    utm = utm_of(arrival.page_url)
    data = {
        "contact": contact,
        "source": utm.get("source") or row.lead_source,
        "channel": (utm.get("medium") or row.channel)[:60],
        "campaign": utm.get("campaign") or str(row.campaign or ""),
        "conversion": {
            "kind": row.kind,
            "form": row.name,
            "asset": row.asset,
            "answers": said,
            "page_url": arrival.page_url,
            "referrer": arrival.referrer,
            "utm": utm,
            **_first_touch(arrival, now=now),
            **({"message_id": f"form:{row.pk}:{arrival.nonce[:100]}"} if arrival.nonce else {}),
        },
    }
    if company.get("name") or company.get("domain"):
        data["company"] = company
    return data


def _first_touch(arrival, *, now):
    at = moment_of(arrival.first_at)
    if at is None or not now - OLDEST < at < now:
        return {}
    return {
        "first_touch": {
            "occurred_at": at.isoformat(),
            "page_url": arrival.first_url,
            "referrer": arrival.first_referrer,
            "utm": utm_of(arrival.first_url),
        }
    }
