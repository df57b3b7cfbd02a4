"""Asks a provider one question over HTTP."""

import json
import os
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import requests
from django.conf import settings
from requests_hardened import Config, Manager

LONGEST = 1024 * 1024  # bytes of an answer
TIMEOUT = (5, 10)  # seconds to connect, and between two pieces of the answer
_PAUSE = timedelta(seconds=60)  # after "too many", where the provider does not say how long
_LONGEST_PAUSE = timedelta(hours=6)
_REFUSED_PAUSE = timedelta(minutes=15)  # after a key that is not accepted


class Unanswered(Exception):
    """The provider did not answer this time; the message says why. It is asked again."""


class Paused(Unanswered):
    """The provider wants no questions for a while: `pause` is a timedelta."""

    def __init__(self, message, pause):
        super().__init__(message)
        self.pause = min(pause, _LONGEST_PAUSE)


def ask(provider, value, *, now):
    """Return the provider's answer about an e-mail address or a domain, or None: nothing known.

    The answer is JSON: an object or a list. Raise Unanswered, or Paused.
    """
    url = provider.url.replace(f"{{{provider.key}}}", quote(value, safe=""))
    headers = {"Accept": "application/json", **_secret(provider)}
    body = {provider.key: value} if provider.method == provider.Method.POST else None
    try:
        with _http().send_request(
            provider.method, url, headers=headers, json=body, stream=True
        ) as response:
            _refuse(response, now=now)
            if response.status_code in (204, 404, 422):
                return None
            return _json(response)
    except requests.RequestException as error:
        raise Unanswered(_plain(error)) from None


def _http():
    """Return what asks: addresses inside our own network are refused on the resolved address.

    No redirect is followed either: whoever edits a provider must not read what only this server
    can. A demo may ask a service on its own machine.
    """
    return Manager(
        Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=settings.DEMO,
            never_redirect=True,
            default_timeout=TIMEOUT,
            user_agent_override="Handoff",
        )
    )


def _secret(provider):
    if not provider.header or not provider.header_value:
        return {}
    secret = os.environ.get(provider.secret_variable, "") if provider.secret_variable else ""
    if provider.secret_variable and not secret:
        message = f"The environment variable {provider.secret_variable} is not set."
        raise Paused(message, _REFUSED_PAUSE)
    return {provider.header: provider.header_value.replace("{secret}", secret)}


def _refuse(response, *, now):
    status = response.status_code
    if status == requests.codes.too_many_requests:
        raise Paused("It wants fewer questions (429).", _retry_after(response, now=now))
    if status in (401, 402, 403):
        raise Paused(f"It does not accept our key ({status}).", _REFUSED_PAUSE)
    if status not in (200, 203, 204, 404, 422):
        raise Unanswered(f"It answered {status}.")


def _retry_after(response, *, now):
    said = response.headers.get("Retry-After", "")
    if said.isdigit():
        return timedelta(seconds=min(int(said), 10**6))
    try:
        return max(parsedate_to_datetime(said) - now, timedelta(seconds=1))
    except (TypeError, ValueError):
        return _PAUSE


def _json(response):
    data = b""
    for piece in response.iter_content(64 * 1024):
        data += piece
        if len(data) > LONGEST:
            raise Unanswered(f"Its answer is larger than {LONGEST} bytes.")
    try:
        answer = json.loads(data)
    except ValueError:
        raise Unanswered("Its answer is no JSON.") from None
    except RecursionError:
        raise Unanswered("Its answer is nested too deeply.") from None
    if not isinstance(answer, dict | list):
        raise Unanswered("Its answer is no object.")
    return answer or None


def _plain(error):
    """Say what failed without the address, which holds personal data."""
    known = {
        requests.ConnectTimeout: "It could not be reached in time.",
        requests.ReadTimeout: "It did not answer in time.",
        requests.exceptions.SSLError: "Its certificate is not accepted.",
        requests.exceptions.InvalidURL: "Its address cannot be used.",
        requests.ConnectionError: "It could not be reached.",
    }
    words = next((said for kind, said in known.items() if isinstance(error, kind)), "")
    return words or f"It could not be asked ({type(error).__name__})."
