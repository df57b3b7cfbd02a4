"""Who may open which page of the admin, and what they find there."""

import pytest
from django.contrib import admin
from django.urls import reverse

LISTS = {
    "leads_mqldefinition": "mark mia ren",
    "leads_segment": "mark mia ren",
    "leads_valuelist": "mark mia ren",
    "leads_signal": "mark mia ren",
    "leads_lifecyclestage": "mark mia ren",
    "leads_campaign": "mark mia ren",
    "leads_play": "mark mia ren",
    "leads_captureform": "mark mia ren",
    "leads_lead": "mark mia ren",
    "leads_company": "mark mia ren",
    "leads_duplicate": "mark mia ren",
    "leads_mapping": "mark mia ren",
    "leads_merge": "mark mia ren",
    "leads_event": "mark mia ren",
    "leads_erasureledger": "ren",
    "leads_user": "ren",
    "leads_source": "ren",
    "leads_enrichmentprovider": "ren",
    "leads_delivery": "ren",
    "leads_endpoint": "ren",
    "routing_ruleset": "mark mia ren",
    "routing_pool": "mark mia ren",
    "routing_rejectionreason": "mark mia ren",
    "routing_checklistquestion": "mark mia ren",
    "routing_recycling": "mark mia ren",
    "routing_cleanupitem": "mark mia ren",
    "routing_stagerule": "mark mia ren",
    "routing_opportunity": "mark mia ren",
    "routing_opportunityreason": "mark mia ren",
    "routing_rep": "mark mia ren",
    "routing_team": "mark mia ren",
    "routing_territory": "mark mia ren",
    "routing_calendar": "mark mia ren",
    "routing_absence": "mark mia ren",
    "routing_cadence": "mark mia ren",
    "routing_handoff": "mark mia ren",
    "routing_decision": "mark mia ren",
    "sla_policy": "mark mia ren",
    "sla_clock": "mark mia ren",
}
ADDED_BY = {
    "leads_mqldefinition": "mark",
    "leads_segment": "mark mia ren",
    "leads_valuelist": "mark ren",
    "leads_signal": "mark ren",
    "leads_campaign": "mark",
    "leads_play": "mark",
    "leads_mapping": "mark ren",
    "leads_captureform": "mark ren",
    "leads_user": "ren",
    "leads_source": "ren",
    "leads_enrichmentprovider": "ren",
    "leads_endpoint": "ren",
    "routing_ruleset": "ren",
    "routing_pool": "ren",
    "routing_rejectionreason": "ren",
    "routing_checklistquestion": "mia ren",
    "routing_stagerule": "mark mia ren",
    "routing_opportunityreason": "mia ren",
    "routing_rep": "ren",
    "routing_team": "ren",
    "routing_territory": "ren",
    "routing_calendar": "mia ren",
    "routing_absence": "mia ren",
    "routing_cadence": "mark mia",
    "sla_policy": "mia",
}


@pytest.mark.parametrize("who", ["ana", "tess"])
def test_reps_and_team_leads_have_no_admin(client, cast, who):
    client.force_login(getattr(cast, who))
    response = client.get(reverse("admin:index"), follow=True)
    assert response.status_code == 403
    assert client.get(reverse("admin:leads_lead_changelist"), follow=True).status_code == 403


def test_a_stranger_is_asked_to_log_in(client, db):
    response = client.get(reverse("admin:leads_lead_changelist"), follow=True)
    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


@pytest.mark.parametrize("who", ["mark", "mia", "ren"])
def test_each_role_opens_exactly_its_lists(client, company, who):
    company.handoff()
    client.force_login(getattr(company.cast, who))
    opened = {
        name for name in LISTS if client.get(reverse(f"admin:{name}_changelist")).status_code == 200
    }
    assert opened == {name for name, whose in LISTS.items() if who in whose.split()}


@pytest.mark.parametrize("who", ["mark", "mia", "ren"])
def test_each_role_adds_exactly_its_nouns(client, company, who):
    client.force_login(getattr(company.cast, who))
    answers = {name: client.get(reverse(f"admin:{name}_add")).status_code for name in LISTS}
    wanted = {name for name, whose in ADDED_BY.items() if who in whose.split()}
    assert {name for name, status in answers.items() if status == 200} == wanted
    assert {status for name, status in answers.items() if name not in wanted} == {403}


@pytest.mark.parametrize("who", ["mark", "mia", "ren"])
def test_every_row_that_a_role_may_list_it_may_read(client, company, who):
    company.handoff()
    client.force_login(getattr(company.cast, who))
    for model, page in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.order_by("pk").last()
        if who in LISTS.get(name, "").split() and row is not None:
            response = client.get(reverse(f"admin:{name}_change", args=[row.pk]))
            assert response.status_code == 200, page


def test_the_index_shows_pages_by_what_they_are_for(client, cast):
    client.force_login(cast.mark)
    page = client.get(reverse("admin:index")).content.decode()
    assert "What an MQL is" in page and "Who gets a lead, and how soon" in page
    assert reverse("admin:leads_import_changelist") in page
    assert reverse("admin:leads_source_changelist") not in page
    assert reverse("admin:leads_mqldefinition_add") in page
    assert reverse("admin:sla_policy_add") not in page


def test_no_list_offers_to_delete_many_rows_at_once(client, company):
    client.force_login(company.cast.mark)
    page = client.get(reverse("admin:leads_segment_changelist"))
    assert b"delete_selected" not in page.content


def test_pages_carry_the_persons_theme_and_no_inline_code(client, company):
    company.cast.mark.theme = "dark"
    company.cast.mark.save()
    client.force_login(company.cast.mark)
    for name in ("index", "leads_lead_changelist", "leads_segment_add"):
        page = client.get(reverse(f"admin:{name}")).content.decode()
        assert 'data-theme="dark"' in page
        assert "<style" not in page and " style=" not in page and "<script>" not in page


def test_a_lead_is_read_only_and_leads_to_the_portal(client, company):
    lead = company.lead()
    client.force_login(company.cast.ren)
    url = reverse("admin:leads_lead_change", args=[lead.pk])
    assert reverse("portal:lead", args=[lead.pk]) in client.get(url).content.decode()
    assert client.post(url, {"name": "Somebody else"}).status_code == 403
    assert client.post(reverse("admin:leads_lead_delete", args=[lead.pk])).status_code == 403


def test_somebody_without_every_lead_finds_none_of_the_others(client, company):
    """Permissions may be given one by one; the rows still go through what is visible."""
    from django.contrib.auth.models import Permission

    lead = company.lead()
    for codename in ("use_admin", "view_lead"):
        company.cast.bo.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(company.cast.bo)
    page = client.get(reverse("admin:leads_lead_changelist"))
    assert list(page.context["cl"].result_list) == []
    assert client.get(reverse("admin:leads_lead_change", args=[lead.pk])).status_code == 302
