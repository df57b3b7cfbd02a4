from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from rest_framework import authentication, exceptions

from leads import webhooks
from leads.api.body import refuse_too_large
from leads.models import Source, SourceToken
from leads.models.source import digest_of

SEEN_EVERY = timedelta(minutes=1)  # how exact "last seen" is
_FOUND = (  # asked for each request: making this text anew takes longer than the answer
    "SELECT source.*, token.id AS token_id, token.last_used_at AS token_used_at "
    "FROM leads_sourcetoken AS token JOIN leads_source AS source ON source.id = token.source_id "
    "WHERE token.digest = %s AND token.revoked_at IS NULL AND source.is_active"
)


class SourceTokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <token>` of an active source. `request.user` is the source."""

    def authenticate(self, request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return source_of(token.strip()), None

    def authenticate_header(self, request):
        return "Bearer"


class SignedBySource(authentication.BaseAuthentication):
    """A Standard Webhook that the source in the address has signed. `request.user` is the source.

    Its secret stands for a token.
    """

    def authenticate(self, request):
        pk, now = request.parser_context["kwargs"]["pk"], timezone.now()
        source = Source.objects.filter(pk=pk, is_active=True).first()
        refuse_too_large(request)
        try:
            keys = source.keys(now=now) if source else []
            webhooks.verify(keys, request.headers, request._request.body, now=now)
        except webhooks.NotSigned as error:
            raise exceptions.AuthenticationFailed(str(error)) from None
        return source, None

    def authenticate_header(self, request):
        return "Webhook-Signature"


def source_of(token):
    """Return the source of a token's text, and note that the token was seen.

    Raise AuthenticationFailed for one that is unknown or revoked, or whose source is switched off.
    """
    found = next(iter(Source.objects.raw(_FOUND, [digest_of(token)])), None)
    if found is None:
        raise exceptions.AuthenticationFailed("Unknown or revoked token.")
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - SEEN_EVERY)
    looks_stale = not found.token_used_at or found.token_used_at < now - SEEN_EVERY
    if looks_stale and SourceToken.objects.filter(stale, pk=found.token_id).update(
        last_used_at=now
    ):
        Source.objects.filter(pk=found.pk).update(last_seen_at=now)
    return found
