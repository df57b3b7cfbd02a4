"""Endpoints by the file: they come back, and no secret is in it."""

import pytest

from conftest import NOW
from handoff_project.configuration import sections
from leads.configuration import document, transfer, writing
from leads.models import Endpoint

SECRET = "https://hooks.example.com/services/T0/B0/abcdef"


@pytest.fixture(autouse=True)
def hosts(db, settings):
    settings.WEBHOOK_HOSTS = ["hooks.example.com", "crm.example.com"]


def take(endpoints):
    text = writing.text_of({"version": 1, "endpoints": endpoints})
    return transfer.load(text.encode(), sections(), by=None, now=NOW)


def problems(endpoints):
    with pytest.raises(document.Invalid) as caught:
        take(endpoints)
    return " ".join(str(problem) for problem in caught.value.problems)


def crm(**given):
    return {"address": "https://crm.example.com/in", "events": ["routing.accepted"], **given}


def test_an_endpoint_is_made_and_the_same_file_changes_nothing():
    run = take({"CRM": crm()})
    found = Endpoint.objects.get(name="CRM")
    assert (found.url, found.shape) == ("https://crm.example.com/in", "signed")
    assert any("has no secret yet" in said for _, said in run.said["endpoints"])
    text = transfer.export(sections())
    assert "https://crm.example.com/in" in text
    assert not transfer.load(text.encode(), sections(), by=None, now=NOW).changes


@pytest.mark.parametrize(
    ("shape", "url"),
    [("slack", SECRET), ("teams", SECRET), ("signed", "https://crm.example.com/in?key=abcdef")],
)
def test_an_address_that_is_a_secret_is_not_written_and_is_kept(shape, url):
    one = Endpoint.objects.create(
        name="Room", shape=shape, url=url, event_types=["routing.accepted"]
    )
    one.issue_secret(now=NOW)
    text = transfer.export(sections())
    assert "Room" in text and "abcdef" not in text and "whsec_" not in text
    assert not transfer.load(text.encode(), sections(), by=None, now=NOW).changes
    take({"Room": {"sends": shape, "events": ["routing.accepted"], "description": "Ours"}})
    one.refresh_from_db()
    assert (one.url, one.description) == (url, "Ours")


def test_another_secret_address_is_told_of_without_showing_it():
    take({"Room": {"sends": "slack", "address": SECRET, "events": ["routing.accepted"]}})
    other = SECRET.replace("abcdef", "ghijkl")
    run = take({"Room": {"sends": "slack", "address": other, "events": ["routing.accepted"]}})
    assert Endpoint.objects.get().url == other
    told = str(run.said["endpoints"])
    assert "another one" in told and "ghijkl" not in told


def test_what_is_switched_off_by_the_file_gives_up_what_waits():
    take({"CRM": crm()})
    Endpoint.objects.update(failures=4, problem="It answered 500.")
    take({"CRM": crm(active=False)})
    found = Endpoint.objects.get()
    assert not found.is_active and (found.failures, found.problem) == (0, "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"events": ["routing.accepted"]}, "needs its 'address'"),
        (crm(events=["routing.acepted"]), "'routing.acepted' is none of"),
        (crm(events=[]), "cannot be blank"),
        (crm(address="https://127.0.0.1/in"), "inside our own network"),
        (crm(address="http://example.com/in"), "Use https://"),
        (crm(sends="fax"), "'fax' is none of"),
        (crm(secret="whsec_abc"), "secret"),
    ],
)
def test_a_wrong_endpoint_is_refused_at_its_place(given, words):
    assert words in problems({"CRM": given})
    assert not Endpoint.objects.exists()
