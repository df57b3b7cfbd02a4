"""The way out: posts to addresses that people typed in, and never to one inside our own network."""

import socket
import threading
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests_hardened.ip_filter import InvalidIPAddress, filter_host
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

TIMEOUT = (5, 10)  # seconds to connect, and to wait for the next piece of an answer
LONGEST = 12.0  # seconds for the whole of it, however slowly an answer drips in
LONGEST_PAUSE = timedelta(hours=24)
BUSY = timedelta(seconds=60)  # for an address that wants fewer messages and does not say when
SLOW_DOWN = (429, 502, 503, 504)
INSIDE = (
    "This address points inside our own network ({}). Messages go to the internet alone, except to "
    "hosts that WEBHOOK_HOSTS lists."
)


class Undelivered(Exception):
    """It did not arrive, and the message says why.

    `pause` is how long the address wants to be left alone, `gone` that it asks for nothing more.
    """

    def __init__(self, message, *, pause=None, gone=False):
        super().__init__(message)
        self.pause = pause
        self.gone = gone


def problem_with(url):
    """Say what is wrong with an address that somebody wants to be told at, or nothing.

    A name that does not resolve now may do so later: it is judged again with every message.
    """
    try:
        parts = parse_url(url)
    except LocationParseError:
        return "This is no address that can be used."
    if parts.scheme not in ("https", "http") or not parts.host:
        return "This is no address that starts with https://."
    if parts.auth is not None:
        return "An address with a user name or password is not taken."
    return "" if is_listed(parts) else _problem_outside(parts)


def _problem_outside(parts):
    if parts.scheme != "https":
        return "Use https://: plain http:// is for hosts that WEBHOOK_HOSTS lists."
    try:
        filter_host(parts.host.strip("[]"), parts.port or 443, allow_loopback=False)
    except InvalidIPAddress as error:
        return INSIDE.format(error)
    except (requests.RequestException, OSError, UnicodeError):
        return ""  # it does not resolve now
    return ""


def is_listed(parts):
    """Whether the operator has listed this host, so that it may be inside."""
    host = (parts.host or "").strip("[]").lower()
    return host in {one.strip().strip("[]").lower() for one in settings.WEBHOOK_HOSTS}


def post(url, body, headers, *, now):
    """Send `body`; return if it was taken. Raise Undelivered otherwise, with plain words.

    The answer's status counts alone: its body is never read. No redirect is followed and no proxy
    or password of this machine is used. The name is resolved once, judged, and the connection goes
    to that very address.
    """
    try:
        parts = parse_url(url)
        if parts.scheme != "https" and not is_listed(parts):
            raise Undelivered("The address starts with http://, and its host is not listed.")
        with _session(listed=is_listed(parts)) as session:
            answer = session.post(
                url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
            )
            with answer:
                _judge(answer, now=now)
    except InvalidIPAddress as error:
        raise Undelivered(INSIDE.format(error)) from None
    except (requests.RequestException, OSError, ValueError, LocationParseError) as error:
        raise Undelivered(_plain(error)) from None


def _session(*, listed):
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", _Listed() if listed else _Guarded(is_https_proto=False))
    session.mount("https://", _Listed() if listed else _Guarded(is_https_proto=True))
    return session


class _Bounded:
    """Mixed into a connection: cut after `LONGEST`, as no time-out for single reads can do it."""

    sock: Any

    def connect(self):
        super().connect()  # type: ignore[misc]
        self.cut = threading.Timer(LONGEST, self._shut)
        self.cut.daemon = True
        self.cut.start()

    def _shut(self):
        with suppress(OSError, AttributeError):  # closed already
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self):
        if cut := getattr(self, "cut", None):
            cut.cancel()
        super().close()  # type: ignore[misc]


class _Bounding:
    """Mixed into an adapter: its connections are bounded."""

    def get_connection_with_tls_context(self, *args, **kwargs):
        get = super().get_connection_with_tls_context  # type: ignore[misc]
        pool = get(*args, **kwargs)
        kind = pool.ConnectionCls
        if not issubclass(kind, _Bounded):
            pool.ConnectionCls = type("BoundedConnection", (_Bounded, kind), {})
        return pool


class _Guarded(_Bounding, IPFilterAdapter):
    """Refuses addresses inside."""


class _Listed(_Bounding, HTTPAdapter):
    """For hosts that the operator lists."""


def _judge(answer, *, now):
    status = answer.status_code
    if 200 <= status < 300:
        return
    if status == requests.codes.gone:
        raise Undelivered("It answered 410: it wants no more messages.", gone=True)
    if 300 <= status < 400:
        raise Undelivered(f"It answered {status}; redirects are not followed.")
    pause = _retry_after(answer, now=now)
    if pause is None and status in SLOW_DOWN:
        pause = BUSY
    raise Undelivered(f"It answered {status}.", pause=pause)


def _retry_after(answer, *, now):
    """How long it asks to be left alone, None where it does not say."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return timedelta(seconds=min(int(said[:9]), LONGEST_PAUSE.total_seconds()))
    try:
        until = parsedate_to_datetime(said)
        return min(max(until - now, timedelta(seconds=1)), LONGEST_PAUSE)
    except (TypeError, ValueError):
        return None


def _plain(error):
    """Say what failed without the address, which may hold a secret."""
    known = {
        requests.ConnectTimeout: "It could not be reached in time.",
        requests.ReadTimeout: "It did not answer in time.",
        requests.exceptions.SSLError: "Its certificate is not accepted.",
        requests.exceptions.InvalidURL: "Its address cannot be used.",
        requests.ConnectionError: "It could not be reached, or cut the connection.",
    }
    words = next((said for kind, said in known.items() if isinstance(error, kind)), "")
    return words or f"It gave no answer that could be read ({type(error).__name__})."
