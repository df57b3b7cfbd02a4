"""How much a sender may send: so many items a minute, with a minute's worth at once.

Counted in the database, so that all web processes count together and no broker is asked.
"""

from math import ceil

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.db import connection
from rest_framework import exceptions, throttling

from leads.api.body import refuse_too_large
from leads.models import Source

STRANGERS = 60  # refused requests a minute that one address gets an explanation for
_TAKE = (
    "INSERT INTO leads_ratelimit AS l (key, busy_until) "
    "VALUES (%(key)s, clock_timestamp() + %(takes)s * interval '1 second') "
    "ON CONFLICT (key) DO UPDATE SET busy_until = "
    "GREATEST(l.busy_until, clock_timestamp()) + %(takes)s * interval '1 second' "
    "WHERE l.busy_until <= clock_timestamp() + interval '1 minute' RETURNING 1"
)
_WAIT = (
    "SELECT EXTRACT(epoch FROM busy_until - clock_timestamp()) - 60 "
    "FROM leads_ratelimit WHERE key = %s"
)


def wait_of_source(source, items):
    """Take this many items from what the source may send; return the seconds to wait, or 0."""
    if not source.items_per_minute:
        return 0
    return _wait(f"source:{source.pk}", items, source.items_per_minute)


def wait_of_stranger(request):
    """Count a request that nobody's token came with; return the seconds to wait, or 0."""
    try:
        address = get_adapter().get_client_ip(request)
    except PermissionDenied:
        address = ""  # behind a socket that tells none, all count as one
    return _wait(f"address:{address}", 1, STRANGERS)


def _wait(key, items, per_minute):
    """Take items from a minute's worth that fills up again; return the seconds to wait, or 0.

    The last request may take more than is left, so that one of any size passes at some time.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"key": key, "takes": items * 60 / per_minute})
        if cursor.fetchone():
            return 0
        cursor.execute(_WAIT, [key])
        left = cursor.fetchone()
    return max(1, ceil(left[0])) if left else 1


class PerSource(throttling.BaseThrottle):
    """The API's gate: a list costs as much as it has items, anything else costs one."""

    def allow_request(self, request, view):
        if not isinstance(request.user, Source):
            return True
        self.seconds = wait_of_source(request.user, _items(request))
        return not self.seconds

    def wait(self):
        return self.seconds


def _items(request):
    if request.method != "POST":
        return 1
    refuse_too_large(request)
    _ = request._request.body  # kept, so that it can be read once more after it was parsed
    return max(len(request.data), 1) if isinstance(request.data, list) else 1


def answer_of(error, request):
    """Return the error to answer with: who has no token may not ask for ever."""
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
        seconds = wait_of_stranger(request)
        if seconds:
            return exceptions.Throttled(wait=seconds)
    return error
