from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from leads.models import Lead, LifecycleStage, User

LATER = NOW + timedelta(days=40)


def test_leads_that_are_stuck_open_from_the_list_and_stand_in_its_file(read, at, offered):
    at(LATER)
    page = read.mark.get("portal:stuck")
    assert "MQL: 1 for more than 30 days" in text(page)
    assert "Lena Berg VP Operations Acme 40 days" in text(page)
    assert "Ana Ruiz MQL definition v1: fast track" in text(page)
    assert f'href="/leads/{offered.lead_id}/"' in page.content.decode()
    query = {"stage": "mql", "days": "39"}
    file = b"".join(read.mark.get("portal:stuck-export", query=query)).decode()
    assert "Lena Berg" in file and ",40,Contact and qualify,Ana Ruiz," in file


@pytest.mark.parametrize(
    "query", [{"days": "41"}, {"stage": "sql"}, {"status": "nurturing"}, {"stage": "lead"}]
)
def test_the_address_says_which_leads_the_list_holds(read, at, offered, query):
    at(LATER)
    assert "Nothing is stuck here." in text(read.mark.get("portal:stuck", query=query))


@pytest.mark.parametrize("query", [{"stage": "none"}, {"days": "x"}, {"days": "-1"}])
def test_what_cannot_be_read_is_said(read, offered, query):
    assert read.mark.get("portal:stuck", query=query).status_code == 422
    assert read.mark.get("portal:stuck-export", query=query).status_code == 302


def test_a_rep_finds_their_own_alone(read, at, offered):
    at(LATER)
    assert "Lena Berg" in text(read.ana.get("portal:stuck"))
    assert "Lena Berg" not in text(read.carl.get("portal:stuck"))


def test_disqualified_leads_are_not_stuck(read, at, offered):
    Lead.objects.update(status=Lead.Status.UNQUALIFIED)
    at(LATER)
    assert "Nothing is stuck here." in text(read.mark.get("portal:stuck"))


def test_a_leads_page_says_how_it_came_into_its_stage(read, at, offered):
    at(LATER)
    page = text(read.ana.get("portal:lead", offered.lead_id))
    assert "MQL for 40 days Longer than the 30 days that were agreed on." in page
    assert "Lead to MQL ," in page and ": MQL definition v1: fast track" in page


def test_the_agreed_words_are_kept_version_by_version(read, company):
    stage = LifecycleStage.objects.get(pk="mql")
    said = {name: getattr(stage, name) for name in LifecycleStage.WORDS}
    for _ in range(2):
        sent = said | {"definition": "Both sides call it hot.", "longest_stay": "14"}
        read.ren.post("admin:leads_lifecyclestage_change", "mql", data=sent)
    words = list(stage.wordings.values_list("version", "definition", "longest_stay", "agreed_by"))
    ren = User.objects.get(email="ren@handoff.example")
    assert words == [(2, "Both sides call it hot.", 14, ren.pk), (1, stage.definition, 30, None)]
    page = text(read.mark.get("admin:leads_lifecyclestage_change", "mql"))
    assert "Version 2 (4 Mar 2026, Ren Sato): MQL. Both sides call it hot. Next step:" in page
    assert "Version 1 (" in page and f"MQL. {stage.definition}" in page
