import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import Handoff, RejectionReason

HTMX = {"HX-Request": "true"}


def reason(code):
    return RejectionReason.objects.get(code=code)


def test_the_form_groups_the_reasons_and_says_where_each_sends_the_lead(read, offered):
    RejectionReason.objects.filter(code="student").update(is_active=False)
    page = read.ana.get("portal:reject", offered.pk)
    shown = text(page)
    assert "Only looking around - goes back to nurture with marketing" in shown
    assert "Already a customer - is disqualified: not to be worked" in shown
    assert "Other - goes back to nurture with marketing, note needed" in shown
    assert "Student" not in shown
    assert "qualify again" not in shown
    assert '<optgroup label="Not now">' in page.content.decode()


def test_rejecting_says_what_becomes_of_the_lead(read, offered):
    data = {"reason": reason("too_early").pk, "note": "Next year."}
    page = read.ana.post("portal:reject", offered.pk, data=data, follow=True)
    assert (
        "Rejected: Lena Berg, Only looking around. The lead goes back to nurture "
        "with marketing." in text(page)
    )
    offered.refresh_from_db()
    assert (offered.state, offered.lead.status) == ("rejected", "sales_unready")
    lead = read.ana.get("portal:lead", offered.lead_id)
    assert "Rejected: Only looking around Next year." in text(lead)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Choose a reason."),
        ({"note": "kept"}, "Choose a reason."),
        ({"reason": "other", "note": " "}, "this reason needs a note."),
    ],
)
def test_a_form_with_gaps_is_refused_with_a_focused_summary(read, offered, data, message):
    if "reason" in data:
        data = data | {"reason": reason(data["reason"]).pk}
    page = read.ana.post("portal:reject", offered.pk, data=data)
    body = page.content.decode()
    assert page.status_code == 422
    assert "<title>Error: Reject Lena Berg" in body
    assert 'role="alert" tabindex="-1" autofocus' in body
    assert text(page).count(message) == 2  # in the summary and beside the field
    assert data.get("note", "").strip() in body
    assert Handoff.objects.get(pk=offered.pk).state == "offered"


def test_an_inactive_reason_is_refused(read, offered):
    RejectionReason.objects.filter(code="student").update(is_active=False)
    data = {"reason": reason("student").pk}
    assert read.ana.post("portal:reject", offered.pk, data=data).status_code == 422


def test_a_second_click_rejects_once_and_complains_of_nothing(read, offered):
    data = {"reason": reason("no_need").pk}
    for _ in range(2):
        page = read.ana.post("portal:reject", offered.pk, data=data, follow=True)
        assert "Rejected: Lena Berg" in text(page)
    assert offered.lead.events.filter(kind="routing.rejected").count() == 1


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_who_does_not_hold_it_is_refused_in_words(read, offered, headers):
    data = {"reason": reason("no_need").pk}
    answer = read.mia.post("portal:reject", offered.pk, data=data, follow=True, **headers)
    assert answer.status_code == (409 if headers else 200)
    assert "This lead is offered to Ana Ruiz." in text(answer)
    assert Handoff.objects.get(pk=offered.pk).state == "offered"


def test_the_form_is_not_shown_for_what_is_closed(read, offered):
    offered.reject(by=offered.owner.user, reason=reason("no_need"), now=NOW)
    page = read.ana.client.get(f"/handoffs/{offered.pk}/rejection/", follow=True)
    assert "This lead is no longer waiting: rejected." in text(page)


def test_strangers_find_nothing(read, offered):
    assert read.carl.get("portal:reject", offered.pk).status_code == 404
