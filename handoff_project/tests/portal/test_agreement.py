"""The agreement: what both sides promise each other, signed by both, and how it stands."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from reporting import goals
from reporting.models import Agreement
from routing.models import Opportunity, Touch

PROMISED = {"mqls": "60", "revenue": "9000", "currency": "eur", "note": "The first."}


def sign(reader, number, *, read):
    said = {"content_hash": read.content_hash}
    return text(reader.post("portal:agreement-sign", number, data=said, follow=True))


def test_it_holds_once_both_sides_signed_what_they_read(read, cast, at):
    assert "Nothing is agreed yet." in text(read.ana.get("portal:agreement"))
    read.mark.post("portal:agreement-draft", data=PROMISED)
    assert "Agreement 1" in text(read.mia.get("portal:agreement"))
    assert "Agreement 1" not in text(read.tess.get("portal:agreement"))
    read.mark.post("portal:agreement-submit", 1)
    first = Agreement.objects.get()
    assert "Agreement 1 is waiting for both signatures." in text(
        read.mark.post("portal:agreement-draft", data=PROMISED, follow=True)
    )
    assert "Sign for sales" in text(read.tess.get("portal:agreement"))
    assert "You signed Agreement 1 for marketing." in sign(read.mark, 1, read=first)
    assert "Marketing has signed already." in sign(read.mark, 1, read=first)
    # What was signed is void once it is taken back; who read the old one cannot sign the new.
    read.tess.post("portal:agreement-withdraw", 1)
    read.mark.post("portal:agreement-draft", data=PROMISED | {"mqls": "50"})
    read.mark.post("portal:agreement-submit", 1)
    assert "It has changed since you read it." in sign(read.tess, 1, read=first)
    for reader in (read.tess, read.mark):
        sign(reader, 1, read=Agreement.objects.get())
    page = text(read.ana.get("portal:agreement"))
    assert (
        "Signed by Tess Vogel for sales and Mark" in page and "MQLs 50, Revenue 9,000 (EUR)" in page
    )
    # The next revision replaces it, and a quarter later the page asks for another.
    read.mia.post("portal:agreement-draft", data={"mqls": "70"})
    read.mia.post("portal:agreement-submit", 2)
    for reader in (read.tess, read.mark):
        sign(reader, 2, read=Agreement.objects.proposed())
    states = list(Agreement.objects.values_list("number", "state"))
    assert states == [(2, "in_force"), (1, "replaced")]
    assert "has held for a quarter" not in text(read.ana.get("portal:agreement"))
    at(NOW + timedelta(days=93))
    assert "Agreement 2 has held for a quarter." in text(read.ana.get("portal:agreement"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mqls": "", "revenue": ""}, "Promise at least one number."),
        ({"mqls": "-1"}, "greater than or equal to 1"),
        ({"currency": ""}, "Say in which currency the revenue is."),
        ({"currency": "XYZ"}, "There is no such currency"),
    ],
)
def test_promises_that_cannot_be_are_said_at_their_field(read, change, message):
    page = read.mark.post("portal:agreement-draft", data=PROMISED | change)
    assert page.status_code == 422 and message in text(page)
    assert not Agreement.objects.exists()


@pytest.fixture
def reached(company):
    """One MQL of Ana's with a discovery call, and a deal that was won in euro."""
    handoff = company.handoff_of(company.cast.ana)
    Touch.objects.create(
        handoff=handoff, user=company.cast.ana, channel="discovery", outcome="connected",
        occurred_at=NOW, entered_at=NOW, nonce=uuid4(),
    )  # fmt: skip
    for currency in ("EUR", "USD"):
        Opportunity.objects.create(
            handoff=handoff, lead=handoff.lead, state="won", amount=5000, currency=currency,
            opened_at=NOW, closed_at=NOW,
        )  # fmt: skip
    Agreement.objects.create(
        number=1, state="in_force", targets={"mqls": 60, "discovery_calls": 1}, currency="EUR",
        drafted_by=company.cast.mark, drafted_at=NOW, in_force_at=NOW,
    )  # fmt: skip
    return handoff


def test_each_promise_says_how_it_stands_and_its_number_opens_its_rows(read, reached):
    live = Agreement.objects.in_force()
    found = {one.metric.key: one for one in goals.progress(live.targets, currency="EUR", now=NOW)}
    assert {key: one.actual for key, one in found.items()} == {
        **{"leads": found["leads"].actual, "mqls": found["mqls"].actual},
        **{"discovery_calls": 1, "deals": 2, "revenue": 5000},
    }
    # Three days and some hours of 31 have passed: 6 of 60.
    assert found["mqls"].expected == 6 and found["mqls"].standing == "Behind"
    assert found["discovery_calls"].standing == "Reached"
    assert found["deals"].standing == "Not promised"
    page = read.mia.get("portal:agreement").content.decode()
    for key, one in found.items():
        link = re.search(rf'href="([^"]*/{key}/[^"]*)">([\d,]+)<', page)
        rows = read.mia.client.get(link[1]).context["page"].paginator.count
        assert rows == (1 if key == "revenue" else int(link[2])), key
        assert one.past[-1][1] == one.actual
    assert "None of these leads is yours to see." in text(
        read.carl.get("portal:agreement-rows", "deals")
    )
    assert "EUR 5,000" in text(read.ana.get("portal:agreement-rows", "revenue"))
    for key, month in (("deals", "2026-13"), ("deals", "soon"), ("nothing", "2026-03")):
        assert read.mia.get("portal:agreement-rows", key, query={"month": month}).status_code == 404


def test_the_page_costs_the_same_however_much_was_reached(
    read, reached, company, django_assert_max_num_queries
):
    read.mia.get("portal:agreement")
    company.handoff_of(company.cast.ana)
    with django_assert_max_num_queries(24):
        read.mia.get("portal:agreement")
    with django_assert_max_num_queries(14):
        read.mia.get("portal:agreement-rows", "mqls")
