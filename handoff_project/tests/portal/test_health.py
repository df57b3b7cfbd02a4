"""What must be true and is not, and handoffs that went astray, each with its rows."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reporting.invariants import checking
from reporting.misdirected import catch_all, too_many_caught
from routing.models import Absence, Handoff, RejectionReason
from sla.models import Clock

DAY = timedelta(days=1)


@pytest.fixture
def look(client, company):
    client.force_login(company.cast.ren)

    def look():
        return client.get(reverse("portal:health"))

    return look


def strays(response):
    return {one.key: one.count for one in response.context["strays"]}


def rows(client, kind):
    return list(client.get(reverse("portal:misdirected", args=[kind])).context["page"])


def test_before_any_check_it_says_how_to_make_one(look):
    assert "Nothing was checked yet" in look().content.decode()


def test_what_does_not_hold_stands_with_its_leads_and_what_to_do(look, company):
    handoff = company.handoff()
    Clock.objects.filter(handoff=handoff).delete()
    checking.check(now=timezone.now())

    text = look().content.decode()

    assert "Every lead with an owner or in a pool has a deadline" in text
    assert reverse("portal:lead", args=[handoff.lead_id]) in text
    assert "Publish a policy that fits the lead" in text
    assert "1 lead has leaked" in text


def test_an_owner_outside_the_territory_of_the_rule(look, client, company):
    handoff = company.handoff_of(company.cast.ana)
    assert strays(look())["outside"] == 0
    Handoff.objects.filter(pk=handoff.pk).update(owner=company.cast.carl.rep)
    assert strays(look())["outside"] == 1
    assert rows(client, "outside") == [handoff]


def test_an_owner_who_is_away_or_left(look, client, company):
    now = timezone.now()
    away, left = company.handoff_of(company.cast.ana), company.handoff_of(company.cast.bo)
    Absence.objects.create(rep=company.cast.ana.rep, starts_at=now - DAY, ends_at=now + DAY)
    type(company.cast.bo).objects.filter(pk=company.cast.bo.pk).update(is_active=False)
    found = set(rows(client, "absent"))
    assert {away, left} <= found
    assert strays(look())["absent"] == len(found)


def test_what_came_back_as_the_wrong_territory(look, client, company):
    now = timezone.now()
    handoff = company.handoff_of(company.cast.ana, at=now)
    reason = RejectionReason.objects.create(code="wrong_territory", label="Not my territory")
    handoff.reject(by=company.cast.ana, reason=reason, now=now)
    assert strays(look())["wrong-territory"] == 1
    assert rows(client, "wrong-territory") == [handoff]


def test_the_catch_all_above_its_share(look, client, company, settings):
    now = timezone.now()
    caught = company.handoff(at=now)
    company.handoff(at=now, country="US")
    assert strays(look())["catch-all"] == 1
    assert rows(client, "catch-all") == [caught]
    assert (catch_all(now=timezone.now()).part, catch_all(now=timezone.now()).of) == (1, 2)
    settings.CATCH_ALL_PERCENT = 50
    assert not too_many_caught(catch_all(now=timezone.now()))
    settings.CATCH_ALL_PERCENT = 49
    assert too_many_caught(catch_all(now=timezone.now()))
    assert "above the limit" in look().content.decode()


def test_a_kind_that_does_not_exist_is_not_found(client, company):
    client.force_login(company.cast.ren)
    assert client.get(reverse("portal:misdirected", args=["lost"])).status_code == 404
