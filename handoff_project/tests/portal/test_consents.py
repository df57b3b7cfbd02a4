from uuid import uuid4

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from leads import consents
from leads.capture.asking import HONEYPOT
from leads.models import CaptureForm, Lead
from routing.models import Touch


@pytest.fixture
def accepted(read, offered):
    read.ana.post("portal:accept", offered.pk)
    return offered


def noted(lead_id, *, by, **said):
    for name, value in said.items():
        consents.note(Lead.objects.get(pk=lead_id), name, value, by=by, now=NOW)


def test_a_rep_notes_a_wish_and_reads_it_beside_the_button(read, offered):
    data = {"said": "phone_consent:withdrawn", "words": "Never call me at work."}
    Lead.objects.filter(pk=offered.lead_id).update(phone="+49 30 1234")
    page = read.ana.post("portal:consents", offered.lead_id, data=data, follow=True)
    assert "Saved." in text(page)
    assert "+49 30 1234 Asked not to be called" in text(page)
    assert "tel:" not in page.content.decode()
    shown = text(read.ana.get("portal:consents", offered.lead_id))
    assert "Phone Withdrawn Wed 10:00 , said by Ana Ruiz “Never call me at work.”" in shown


def test_do_not_contact_takes_every_link_away(read, offered, cast):
    noted(offered.lead_id, by=cast.ana, do_not_contact=True)
    page = read.ana.get("portal:lead", offered.lead_id)
    assert "Do not contact" in text(page)
    assert "mailto:" not in page.content.decode()


def test_before_anything_was_said_the_page_tells_where_it_comes_from(read, offered):
    shown = text(read.ana.get("portal:consents", offered.lead_id))
    assert "Nobody has said anything yet." in shown
    page = read.ana.post("portal:consents", offered.lead_id, data={})
    assert page.status_code == 422 and "Choose what they said." in text(page)


def touch(channel, **more):
    return {"channel": channel, "outcome": "sent", "nonce": str(uuid4()), **more}


@pytest.mark.parametrize("channel", ["call", "email"])
def test_a_touch_by_a_withdrawn_channel_needs_that_they_asked(read, accepted, cast, channel):
    consent = {"call": "phone_consent", "email": "email_consent"}[channel]
    noted(accepted.lead_id, by=cast.ana, **{consent: "withdrawn"})
    page = read.ana.post("portal:touches", accepted.pk, data=touch(channel))
    assert page.status_code == 422
    assert "They do not want to be reached this way." in text(page)
    assert not Touch.objects.exists()
    read.ana.post("portal:touches", accepted.pk, data=touch(channel, they_asked="on"))
    assert Touch.objects.get().channel == channel


def test_other_channels_are_free_unless_nothing_is_wanted(read, accepted, cast):
    noted(accepted.lead_id, by=cast.ana, email_consent="withdrawn")
    read.ana.post("portal:touches", accepted.pk, data=touch("call"))
    assert Touch.objects.count() == 1
    noted(accepted.lead_id, by=cast.ana, do_not_contact=True)
    assert read.ana.post("portal:touches", accepted.pk, data=touch("other")).status_code == 422


def test_nobody_is_asked_where_nothing_was_withdrawn(read, accepted):
    page = read.ana.get("portal:touches", accepted.pk)
    assert "they_asked" not in page.content.decode()


def test_the_tick_on_a_form_is_consent_with_its_words(client, company, at):
    row = CaptureForm.objects.create(
        name="News", slug="news", heading="News", consent_text="Write to me.", consent_to="both"
    )
    for email, ticked in (("yes@acme.example", {"consent": "on"}), ("no@acme.example", {})):
        client.post(f"/forms/{row.slug}/", {"email": email, HONEYPOT: "", **ticked})
    given, silent = (
        Lead.objects.get(email="yes@acme.example"),
        Lead.objects.exclude(email="yes@acme.example").get(),
    )
    assert (given.email_consent, given.phone_consent) == ("given", "given")
    assert {one.words for one in consents.history(given)} == {"Write to me."}
    assert (silent.email_consent, silent.opted_out) == ("", False)
