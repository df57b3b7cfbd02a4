"""Who signs a definition reads what is odd in it, as its author does."""

import pytest
from django.urls import reverse

from conftest import NOW
from leads.models import MQLDefinition

SAID = "Fit can reach at most 40, and 90 are asked for"


@pytest.fixture
def odd(company):
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    draft.fit_threshold = 90
    draft.save()
    draft.submit(by=company.cast.mark, now=NOW)
    return draft


@pytest.mark.parametrize("person", ["mia", "tess", "mark"])
def test_it_stands_on_the_page_that_is_signed(client, company, odd, person):
    client.force_login(getattr(company.cast, person))
    page = client.get(reverse("portal:definition-version", args=[odd.version])).content.decode()
    assert "Look at this again" in page and SAID in page


def test_a_version_in_order_and_one_that_holds_say_nothing(client, company, definition):
    client.force_login(company.cast.mark)
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    for version in (definition.version, draft.version):
        page = client.get(reverse("portal:definition-version", args=[version])).content.decode()
        assert "Look at this again" not in page
