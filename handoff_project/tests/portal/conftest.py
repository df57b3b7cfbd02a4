"""Pages as their readers see them, at a moment that the test chooses."""

import html
import re
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import NOW
from routing.models import Rep


@pytest.fixture
def at(monkeypatch, settings):
    """Sets the moment that the views read; it starts at NOW. Nobody is logged out by it."""
    settings.SESSION_COOKIE_AGE = 10**9

    def set_to(moment):
        monkeypatch.setattr(timezone, "now", lambda: moment)

    set_to(NOW)
    return set_to


@pytest.fixture(autouse=True)
def fresh_limits():
    """Nobody is slowed down for what an earlier test tried."""
    cache.clear()


class Reader:
    """A person at their browser. Pages are asked for by the name of their route."""

    def __init__(self, person, **client):
        self.client = Client(**client)
        if person:
            self.client.force_login(person, "django.contrib.auth.backends.ModelBackend")

    def get(self, name, *args, query=None, **headers):
        return self.client.get(reverse(name, args=args), query or {}, headers=headers)

    def post(self, name, *args, data=None, follow=False, **headers):
        return self.client.post(
            reverse(name, args=args), data or {}, follow=follow, headers=headers
        )


@pytest.fixture
def read(at, cast):
    """The readers by name: `read.ana.get("portal:queue")`."""
    people = ("ana", "bo", "carl", "tess", "mark", "mia", "ren")
    return SimpleNamespace(**{name: Reader(getattr(cast, name)) for name in people})


@pytest.fixture
def offered(company):
    """Lena Berg of Acme, offered to Ana at NOW."""
    return company.handoff_of(company.cast.ana)


@pytest.fixture
def pooled(company):
    """Lena Berg of Acme, waiting in the pool of EMEA because nobody can take a turn."""
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    return company.handoff()


def text(response):
    """The words of a page as one line, without its marks and without what only scripts read."""
    body = re.sub(r"<(template|head)\b.*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
