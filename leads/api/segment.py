"""`/v1/`: what Segment-compatible clients send. They need no setup but our address and a key."""

import base64
import binascii

from django.contrib.auth.decorators import login_not_required
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import AuthenticationFailed

from leads.api import limits
from leads.api.authentication import source_of
from leads.intake import events, wire

SCOPE = "events:write"
ALLOWED = {
    # Browsers ask first, because of the Authorization header. The write key is no secret there.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding, X-Retry-Count",
    "Access-Control-Expose-Headers": "Retry-After",
    "Access-Control-Max-Age": "86400",
}
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    405: "method_not_allowed",
    413: "payload_too_large",
    429: "too_many_requests",
}


class TooMany(wire.Unreadable):
    """The sender has to wait for this many seconds, and clients do so."""

    def __init__(self, seconds):
        self.headers = {"Retry-After": str(seconds)}
        super().__init__(429, f"Too many requests. Try again in {seconds} seconds.")


@login_not_required
@csrf_exempt
def intake(request, kind):
    """Store one event, or a batch; answer 200 with what became of it.

    Clients send a batch again unless they read 200, and throw all of it away after a 4xx: so one
    bad event is counted as refused, and only a body that nobody could read is an error.
    """
    if request.method == "OPTIONS":
        return JsonResponse({}, headers=ALLOWED)
    try:
        if request.method != "POST":
            raise wire.Unreadable(405, "Send events by POST.")
        received = _receive(request, kind)
    except wire.Unreadable as error:
        answer = {"code": CODES[error.status], "message": str(error)}
        headers = ALLOWED | getattr(error, "headers", {})
        return JsonResponse(answer, status=error.status, headers=headers)
    counts = {
        "stored": received.stored,
        "duplicates": received.duplicates,
        "refused": received.refused,
    }
    return JsonResponse({"success": True, **counts}, headers=ALLOWED)


def _receive(request, kind):
    now = timezone.now()
    if int(request.META.get("CONTENT_LENGTH") or 0) > wire.MOST_BYTES:
        raise wire.Unreadable(413, f"The body is larger than {wire.MOST_BYTES} bytes.")
    data = request.read(wire.MOST_BYTES + 1)
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    body = wire.parse(wire.inflate(data, encoding))
    source = _source(request, body)
    found = wire.events_of(body, kind, now=now)
    seconds = limits.wait_of_source(source, max(len(found), 1))
    if seconds:
        raise TooMany(seconds)
    return events.receive_events(found, source=source, now=now)


def _source(request, body):
    """Return the source whose write key stands in the header, or else in the body."""
    key = _key(request.headers.get("Authorization", "")) or body.get("writeKey")
    try:
        source = source_of(key if isinstance(key, str) else "")
    except AuthenticationFailed:
        seconds = limits.wait_of_stranger(request)
        if seconds:
            raise TooMany(seconds) from None
        raise wire.Unreadable(401, "The write key is unknown or revoked.") from None
    if not source.may(SCOPE):
        raise wire.Unreadable(403, f"The source {source} may not send events.")
    return source


def _key(header):
    scheme, _, said = header.partition(" ")
    if scheme.lower() == "bearer":
        return said.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        user, _, _ = base64.b64decode(said, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user
