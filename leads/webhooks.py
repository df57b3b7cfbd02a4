"""What endpoints are told of an event, in their shape, and how it is signed."""

import base64
import hashlib
import hmac
import json

from django.conf import settings
from django.urls import reverse

from leads import kinds

TESTED = "leads.endpoint_tested"
TOLERANCE = 300  # seconds by which the time of a message that comes in may differ from ours
MOST_SIGNATURES = 20  # of one message that are looked at


class NotSigned(Exception):
    """Nobody who may has signed the message, or not now; the message says why."""


def message(delivery, *, now):
    """Return `(body, headers)` of a delivery to an endpoint: what goes over the wire.

    The body is made from the event, which never changes, and from the lead as it is now.
    """
    endpoint, event = delivery.endpoint, delivery.event
    if endpoint.shape == endpoint.Shape.SIGNED:
        body = _bytes(_standard(event))
        signed = signatures(endpoint.keys(now=now), id_of(event), body, at=int(now.timestamp()))
        return body, _headers() | signed
    said = _in_words(event)
    shaped = _slack(*said) if endpoint.shape == endpoint.Shape.SLACK else _teams(*said)
    return _bytes(shaped), _headers()


def id_of(event):
    """The id by which receivers know a message again, the same for every try."""
    return f"evt_{event.pk}"


def signatures(keys, ident, body, *, at):
    """Return the three headers of Standard Webhooks, with one signature for each key."""
    text = f"{ident}.{at}.".encode() + body
    made = [base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()) for key in keys]
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{one.decode()}" for one in made),
    }


def verify(keys, headers, body, *, now):
    """Raise NotSigned unless one of these keys signed this body, within minutes of now."""
    ident, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not ident or "." in ident or not (at.isascii() and at.isdigit() and len(at) < 12):
        raise NotSigned("Give webhook-id, webhook-timestamp and webhook-signature.")
    if abs(now.timestamp() - int(at)) > TOLERANCE:
        raise NotSigned("Its time is more than five minutes away from ours.")
    made = signatures(keys, ident, body, at=int(at))["webhook-signature"].split()
    given = headers.get("webhook-signature", "").split()[:MOST_SIGNATURES]
    if not any(hmac.compare_digest(one.encode(), two.encode()) for one in made for two in given):
        raise NotSigned("It is not signed with a secret of this source.")


def _headers():
    return {"Content-Type": "application/json", "User-Agent": "Handoff"}


def _bytes(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _standard(event):
    lead = event.lead
    return {
        "type": event.kind,
        "timestamp": event.happened_at.isoformat(),
        "data": {
            "cause": event.cause,
            "actor": event.actor.email if event.actor else None,
            "lead": _lead(lead) if lead else None,
            "facts": event.data,
        },
    }


def _lead(lead):
    company = lead.company
    return {
        "id": lead.pk,
        "email": lead.email,
        "name": lead.name,
        "stage": lead.stage_id,
        "company": {"name": company.name, "domain": company.domain} if company else None,
        "url": link(reverse("portal:lead", args=[lead.pk])),
    }


def link(path):
    return f"{settings.HANDOFF_BASE_URL}{path}"


def _in_words(event):
    """Return `(heading, text, link)`: what people were told of it, else what it is called."""
    told = event.deliveries.filter(channel="in_app").order_by("pk").first()
    if told:
        return told.payload["subject"], told.payload["body"], link(told.payload["url"])
    known = kinds.event_types.get(event.kind)
    heading = known.label if known else event.kind
    if event.lead is None:
        return heading, event.cause, link("/")
    who = str(event.lead)
    if event.lead.company:
        who += f" of {event.lead.company}"
    return f"{heading}: {who}", event.cause, link(reverse("portal:lead", args=[event.lead_id]))


def _slack(heading, text, url):
    """What Slack's incoming webhooks take. Its own signs are escaped: no name can ping anybody."""
    escaped = [
        one.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        for one in (heading, text)
    ]
    lines = f"*{escaped[0]}*\n{escaped[1]}".strip()
    return {
        "text": escaped[0],
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": lines[:2900]}},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "Open in Handoff"},
                        "url": url,
                    }
                ],
            },
        ],
    }


def _teams(heading, text, url):
    """An Adaptive Card, as the webhooks of Teams' workflows take it."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "weight": "Bolder", "wrap": True, "text": heading},
            {"type": "TextBlock", "wrap": True, "text": text or " "},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Handoff", "url": url}],
    }
    content = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": content, "content": card}]}
