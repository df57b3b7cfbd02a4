"""A sender's side of the API, as small as it can be: what the demo's traffic and benches call."""

import json
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from django.utils import timezone

from leads.models import SCOPES, Source
from leads.models.source import digest_of

TIMEOUT = 20  # seconds
# The server is on this machine: no proxy may come between.
_opener = build_opener(ProxyHandler({}))


class NoAnswer(Exception):
    """The server did not do what was asked; the message says what it answered."""


class Client:
    """Calls one running server with one token."""

    def __init__(self, url, token):
        self.url = url.rstrip("/")
        self.token = token

    def get(self, path):
        """Return the body of a page, which needs no token."""
        return self._open(Request(f"{self.url}{path}"))

    def post(self, path, data):
        """POST JSON and return the answer's JSON. Raise NoAnswer for anything but success."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = json.dumps(data).encode()
        return json.loads(self._open(Request(f"{self.url}{path}", data=body, headers=headers)))

    def _open(self, request):
        try:
            with _opener.open(request, timeout=TIMEOUT) as response:
                return response.read()
        except HTTPError as error:
            said = error.read().decode(errors="replace")[:300]
            raise NoAnswer(f"{request.full_url} answered {error.code}: {said}") from None
        except OSError as error:  # urllib's own errors are OSErrors
            why = getattr(error, "reason", error)
            raise NoAnswer(f"No server answers at {self.url}: {why}.") from None


@contextmanager
def client_of(name, *, url):
    """Give a Client with a token of the source of this name; it is revoked afterwards."""
    source, _ = Source.objects.get_or_create(name=name, defaults={"scopes": list(SCOPES)})
    token = source.issue_token()
    try:
        yield Client(url, token)
    finally:
        source.tokens.filter(digest=digest_of(token)).update(revoked_at=timezone.now())
