from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication, exceptions

from leads.models import Source, SourceToken
from leads.models.source import digest_of

SEEN_EVERY = timedelta(minutes=1)  # how exact "last seen" is


class SourceTokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>` of an active source. `request.user` is the source."""

    def authenticate(self, request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return source_of(token.strip())

    def authenticate_header(self, request):
        return "Bearer"


def source_of(token):
    """Return `(source, row)` of a token's text, and note that it was seen.

    Raise AuthenticationFailed for one that is unknown or revoked, or whose source is switched off.
    """
    found = (
        SourceToken.objects.filter(revoked_at=None, source__is_active=True)
        .select_related("source")
        .filter(digest=digest_of(token))
        .first()
    )
    if found is None:
        raise exceptions.AuthenticationFailed("Unknown or revoked token.")
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - SEEN_EVERY)
    looks_stale = not found.last_used_at or found.last_used_at < now - SEEN_EVERY
    if looks_stale and SourceToken.objects.filter(stale, pk=found.pk).update(last_used_at=now):
        Source.objects.filter(pk=found.source_id).update(last_seen_at=now)
    return found.source, found
