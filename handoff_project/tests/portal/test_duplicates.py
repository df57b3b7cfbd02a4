"""The verb Duplicate: choose, compare, merge, take back; and where a merged lead is found."""

import json

import pytest
from django.urls import reverse

from conftest import NOW
from leads import merging
from leads.duplicates import finding
from leads.models import Company, Duplicate, Lead, Merge


@pytest.fixture
def pair(company):
    one = company.lead("ana.ruiz@acme.example", name="Ana Ruiz", phone="+4930901820")
    two = company.lead("ana.ruiz+x@acme.example", name="Ana Ruiz", opted_out=True)
    finding.look(now=NOW)
    return one, two


def test_a_likely_duplicate_is_told_on_the_lead_s_page_and_merged_in_two_steps(
    client, company, pair
):
    one, two = pair
    client.force_login(company.cast.mark)
    page = client.get(reverse("portal:lead", args=[one.pk])).content.decode()
    assert "may be the same as" in page and "The same mailbox".lower() in page
    address = reverse("portal:duplicate", args=[one.pk, two.pk])
    assert address in page
    shown = client.get(address).content.decode()
    assert "is opted out too" in shown and "can be undone" in shown
    after = client.post(address, follow=True).content.decode()
    assert "was merged into this lead" in after and "Opted out: do not e-mail" in after
    old = client.get(reverse("portal:lead", args=[two.pk]))
    assert old.headers["Location"] == reverse("portal:lead", args=[one.pk])
    undo = reverse("portal:merge-undo", args=[Merge.objects.get().pk])
    assert "are two again" in client.post(undo, follow=True).content.decode()
    assert Lead.objects.unmerged().count() == 2


def test_two_people_are_said_to_be_two_and_not_proposed_again(client, company, pair):
    one, two = pair
    client.force_login(company.cast.mark)
    client.post(reverse("portal:duplicate-dismissal", args=[two.pk, one.pk]))
    assert Duplicate.objects.get().state == "dismissed"
    page = client.get(reverse("portal:lead", args=[one.pk])).content.decode()
    assert "may be the same as" not in page


def test_another_lead_is_found_by_search_among_those_that_may_be_seen(client, company, pair):
    client.force_login(company.cast.mark)
    url = reverse("portal:duplicates", args=[pair[0].pk])
    assert "ana.ruiz+x@acme.example" in client.get(url, {"q": "ruiz"}).content.decode()
    handoff = company.handoff_of(company.cast.ana)
    client.force_login(company.cast.ana)
    url = reverse("portal:duplicates", args=[handoff.lead_id])
    page = client.get(url, {"q": "ruiz"}).content.decode()
    assert "ana.ruiz" not in page and "No other lead that you may see matches" in page


def test_who_comes_too_late_is_told(client, company, pair):
    one, two = pair
    three = company.lead("c@acme.example")
    client.force_login(company.cast.mark)
    merging.merge(three, two, by=company.cast.ren, now=NOW)
    assert client.post(reverse("portal:duplicate", args=[one.pk, two.pk])).status_code == 404
    first = Merge.objects.get()
    merging.merge(one, three, by=None, now=NOW)
    page = client.post(reverse("portal:merge-undo", args=[first.pk]), follow=True)
    assert page.status_code == 404  # the survivor was merged itself


@pytest.mark.parametrize(
    ("relationship", "words"),
    [
        ("customer", "Existing customer"),
        ("opportunity", "Open opportunity"),
        ("competitor", "Competitor"),
    ],
)
def test_what_a_company_is_to_us_stands_beside_the_lead(client, company, relationship, words):
    lead = company.lead(employer={"domain": "acme.example", "relationship": relationship})
    client.force_login(company.cast.mark)
    assert words in client.get(reverse("portal:lead", args=[lead.pk])).content.decode()
    assert Company.objects.get().is_flagged


def test_the_admin_shows_pairs_side_by_side_and_merges_dismisses_and_undoes(client, company, pair):
    one, two = pair
    client.force_login(company.cast.ren)
    row = Duplicate.objects.get()
    listed = client.get(reverse("admin:leads_duplicate_changelist")).content.decode()
    assert "The same mailbox" in listed
    page = reverse("admin:leads_duplicate_change", args=[row.pk])
    assert f"> into {one.email}<" in client.get(page).content.decode()
    assert f"> into {two.email}" in client.get(page, {"survivor": two.pk}).content.decode()
    merge = reverse("admin:leads_duplicate_merge", args=[row.pk])
    done = client.post(merge, {"survivor": two.pk}, follow=True).content.decode()
    assert "Undo the merge" in done and Lead.objects.unmerged().get() == two
    undo = reverse("admin:leads_merge_undo", args=[Merge.objects.get().pk])
    assert "are two leads again" in client.post(undo, follow=True).content.decode()
    client.force_login(company.cast.mia)
    dismissal = reverse("admin:leads_duplicate_dismissal", args=[row.pk])
    for refused in (merge, dismissal, undo):
        assert client.post(refused).status_code == 403


def test_a_source_merges_by_the_api_once_and_is_led_to_the_survivor(client, company, pair, source):
    one, two = pair

    def send(method, url, body=None, **headers):
        call = getattr(client, method)
        known = {"Authorization": f"Bearer {source.token}", **headers}
        if body is None:
            return call(url, headers=known)
        return call(url, json.dumps(body), content_type="application/json", headers=known)

    url = reverse("api:merges", args=[one.pk])
    first = send("post", url, {"other": two.pk}, **{"Idempotency-Key": "k"})
    again = send("post", url, {"other": two.pk}, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() and first.json()["survivor"] == one.pk
    assert send("post", url, {"other": two.pk}).status_code == 409
    assert send("post", url, {"other": one.pk}).status_code == 409
    assert "other" in send("post", url, {"other": 10**12}).json()["errors"]
    assert "other" in send("post", url, {"other": 10**30}).json()["errors"]
    moved = send("get", reverse("api:lead", args=[two.pk]))
    assert moved.status_code == 301
    assert moved.headers["Location"] == reverse("api:lead", args=[one.pk])
    found = send("get", reverse("api:leads") + "?email=ana.ruiz%2Bx@acme.example").json()["results"]
    assert [lead["id"] for lead in found] == [one.pk]
    source.scopes.remove("leads:merge")
    source.save()
    assert send("post", url, {"other": two.pk}).status_code == 403
