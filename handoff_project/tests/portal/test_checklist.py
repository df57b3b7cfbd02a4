import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import ChecklistAnswer, ChecklistQuestion

CODES = ("budget", "authority", "need", "timeline", "contact_role", "use_case")
ALL = {f"{code}_answer": "confirmed" for code in CODES}


@pytest.fixture
def accepted(offered):
    offered.accept(by=offered.owner.user, now=NOW)
    return offered


def test_answers_are_saved_and_shown_with_what_is_missing(read, accepted):
    data = ALL | {"need_answer": "unknown", "budget_note": "40k is set aside"}
    page = read.ana.post("portal:checklist", accepted.pk, data=data, follow=True)
    assert "Checklist saved: 5 of 6 confirmed. Still missing: Need must be confirmed." in text(page)
    assert "Budget Confirmed: 40k is set aside" in text(page)
    form = read.ana.get("portal:checklist", accepted.pk)
    assert 'value="40k is set aside"' in form.content.decode()
    accepted.refresh_from_db()
    assert accepted.state == "accepted"


def test_qualifying_saves_the_answers_and_makes_an_sql(read, accepted):
    page = read.ana.post("portal:qualify", accepted.pk, data=ALL, follow=True)
    assert "Lena Berg is an SQL. Marketing is told." in text(page)
    assert "6 of 6 confirmed" in text(page) and "Missing for an SQL" not in text(page)
    assert "Became an SQL" in text(page)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.lead.stage_id) == ("qualified", "sql")


def test_a_gap_is_named_and_what_was_said_is_kept(read, accepted):
    data = ALL | {"need_answer": "no", "need_note": "They have it already"}
    page = read.ana.post("portal:qualify", accepted.pk, data=data)
    assert page.status_code == 422
    assert "Not an SQL yet: Need must be confirmed." in text(page)
    assert "<title>Error: Qualify Lena Berg" in page.content.decode()
    assert ChecklistAnswer.objects.get(question__code="need").note == "They have it already"
    accepted.refresh_from_db()
    assert accepted.state == "accepted"


def test_an_answer_that_is_none_is_refused_at_its_field(read, accepted):
    data = ALL | {"need_answer": "perhaps"}
    for name in ("portal:checklist", "portal:qualify"):
        page = read.ana.post(name, accepted.pk, data=data)
        assert page.status_code == 422 and "perhaps is not one of" in text(page)
    assert not ChecklistAnswer.objects.exists()


def test_a_second_click_qualifies_once_and_complains_of_nothing(read, accepted):
    for _ in range(2):
        page = read.ana.post("portal:qualify", accepted.pk, data=ALL, follow=True)
        assert "Lena Berg is an SQL." in text(page)
    assert accepted.lead.events.filter(kind="routing.qualified").count() == 1


def test_an_offer_is_accepted_first(read, offered):
    for page in (
        read.ana.client.get(f"/handoffs/{offered.pk}/checklist/", follow=True),
        read.ana.post("portal:qualify", offered.pk, data=ALL, follow=True),
    ):
        assert "Accept the lead first" in text(page)
    assert "Qualify</a>" not in read.ana.get("portal:lead", offered.lead_id).content.decode()


@pytest.mark.parametrize("name", ["portal:checklist", "portal:qualify"])
def test_who_does_not_hold_it_is_refused_in_words(read, accepted, name):
    page = read.mia.post(name, accepted.pk, data=ALL, follow=True)
    assert "Ana Ruiz accepted this lead" in text(page)
    assert read.carl.post(name, accepted.pk, data=ALL).status_code == 404
    assert not ChecklistAnswer.objects.exists()


def test_without_questions_a_lead_is_qualified_at_once(read, accepted):
    ChecklistQuestion.objects.update(is_active=False)
    assert "Nothing is asked" in text(read.ana.get("portal:checklist", accepted.pk))
    page = read.ana.post("portal:qualify", accepted.pk, follow=True)
    assert "Lena Berg is an SQL." in text(page)
