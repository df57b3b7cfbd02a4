"""RevOps exports and erases a person in the admin; other systems erase through the API."""

import json

import pytest
from django.urls import reverse

from conftest import NOW
from leads.models import ErasureLedger, Lead


@pytest.fixture
def lead(company):
    return company.lead("lena@acme.example", name="Lena Berg")


@pytest.fixture
def ren(client, company):
    client.force_login(company.cast.ren)
    return client


def page(lead, name="erasure"):
    return reverse(f"admin:leads_lead_{name}", args=[lead.pk])


def again(lead):
    return Lead.objects.get(pk=lead.pk)


def test_the_page_says_what_goes_and_what_stays(ren, lead):
    assert page(lead) in ren.get(page(lead, "change")).content.decode()
    shown = ren.get(page(lead)).content.decode()
    assert "Names and ids by which they are known" in shown and "What stays" in shown
    assert again(lead).erased_at is None


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"address": "lena@acme.example", "reason": ""}, "Say why."),
        ({"address": "other@acme.example", "reason": "Asked"}, "not the address of this lead"),
    ],
)
def test_without_the_address_and_a_reason_nobody_is_erased(ren, lead, data, told):
    answer = ren.post(page(lead), data)
    assert answer.status_code == 422 and told in answer.content.decode()
    assert again(lead).erased_at is None


def test_erasing_leads_to_the_entry_in_the_ledger(ren, lead, company):
    data = {"address": " LENA@acme.example", "reason": "Asked by letter"}
    shown = ren.post(page(lead), data, follow=True).content.decode()
    ledger = ErasureLedger.objects.get()
    assert "Asked by letter" in shown and "names and ids" in shown
    assert (ledger.lead_id, ledger.actor) == (lead.pk, company.cast.ren)
    assert "lena" not in json.dumps(ledger.digests)
    assert "was erased already" in ren.get(page(lead), follow=True).content.decode()


def test_of_an_address_that_comes_again_revops_reads_that_it_was_erased(ren, lead, company):
    ren.post(page(lead), {"address": lead.email, "reason": "Asked"})
    new = company.lead("lena@acme.example", at=NOW)
    assert "Somebody of this address was erased on" in ren.get(page(new, "change")).content.decode()


def test_the_export_is_a_file_of_json(ren, lead):
    answer = ren.get(page(lead, "export"))
    assert answer["Content-Disposition"] == f'attachment; filename="lead-{lead.pk}.json"'
    told = json.loads(b"".join(answer.streaming_content))
    assert told["lead"]["name"] == "Lena Berg"


@pytest.mark.parametrize("who", ["mark", "mia"])
@pytest.mark.parametrize("name", ["erasure", "export"])
def test_nobody_else_may(client, lead, company, who, name):
    client.force_login(getattr(company.cast, who))
    data = {"address": lead.email, "reason": "Asked"}
    assert client.get(page(lead, name)).status_code == 403
    assert client.post(page(lead, name), data).status_code == 403
    assert again(lead).erased_at is None
    assert page(lead, name) not in client.get(page(lead, "change")).content.decode()


def delete(client, source, lead, body=None):
    return client.delete(
        f"/api/v1/leads/{lead.pk}/",
        json.dumps(body) if body else "",
        content_type="application/json",
        headers={"Authorization": f"Bearer {source.token}"},
    )


def test_the_api_erases_once_however_often_it_is_asked(client, lead, company):
    source = company.source
    for _ in range(2):
        assert delete(client, source, lead, {"reason": "CRM case 7"}).status_code == 204
    ledger = ErasureLedger.objects.get()
    assert (ledger.source, ledger.reason) == (source, "CRM case 7")
    headers = {"Authorization": f"Bearer {source.token}"}
    assert client.get(f"/api/v1/leads/{lead.pk}/", headers=headers).status_code == 404
    assert client.get("/api/v1/leads/", headers=headers).json()["results"] == []


def test_the_api_needs_the_scope_and_a_lead(client, lead, company):
    source = company.source
    assert delete(client, source, Lead(pk=lead.pk + 999)).status_code == 404
    assert delete(client, source, lead, {"why": "?"}).status_code == 400
    source.scopes = ["leads:read", "leads:write"]
    source.save()
    assert delete(client, source, lead).status_code == 403
    assert again(lead).erased_at is None
