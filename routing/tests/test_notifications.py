"""What people are told about handoffs, and what they are not told because it is over."""

from django.core import mail

from conftest import NOW
from leads import outbox
from leads.models import Delivery
from routing import signals
from routing.models import Handoff, RejectionReason


def told(user):
    return [one.payload for one in Delivery.objects.visible_to(user).order_by("pk")]


def send():
    while outbox.relay(now=NOW):
        pass


def test_a_new_lead_is_told_with_who_score_reason_deadline_and_link(company):
    handoff = company.handoff_of(company.cast.ana)
    (notice,) = told(company.cast.ana)
    handoff.refresh_from_db()
    assert notice["subject"] == f"New lead: {handoff.lead} of Acme"
    assert f"Score {handoff.score} (tier {handoff.tier})" in notice["body"]
    assert "Demo request" in notice["body"]
    assert notice["body"].startswith("Due Wed 4 Mar ") and "(UTC)" in notice["body"]
    assert notice["url"] == f"/leads/{handoff.lead_id}/"


def test_an_sql_is_told_to_its_owner_and_differently_to_marketing(company):
    handoff = company.handoff_of(company.cast.ana)
    handoff.state = Handoff.State.QUALIFIED
    handoff.save()
    event = handoff.lead.record("routing.qualified", now=NOW, handoff=handoff.pk)
    signals.handoff_qualified.send(sender=Handoff, handoff=handoff, event=event, now=NOW)
    assert told(company.cast.ana)[-1]["subject"].startswith("SQL, yours: ")
    marketing = told(company.cast.mark)[-1]
    assert marketing["subject"].startswith("Became an SQL: ")
    assert "because: " in marketing["body"] and "Demo request" in marketing["body"]


def test_marketing_hears_of_a_rejection_in_the_daily_digest(company):
    handoff = company.handoff_of(company.cast.ana)
    reason = RejectionReason.objects.get(code="too_early")
    handoff.reject(by=company.cast.ana, reason=reason, note="Next year.", now=NOW)
    notice = told(company.cast.mark)[-1]
    assert notice["subject"].startswith("Rejected: ")
    assert "They say: Next year." in notice["body"] and str(reason) in notice["body"]
    mailed = Delivery.objects.get(recipient=company.cast.mark, channel="email", bundled=True)
    assert mailed.bundled and mailed.available_at.hour == 8


def test_nobody_is_mailed_of_a_lead_that_they_have_accepted_already(company):
    handoff = company.handoff_of(company.cast.ana)
    handoff.accept(by=company.cast.ana, now=NOW)
    send()
    assert mail.outbox == []
    row = Delivery.objects.get(recipient=company.cast.ana, channel="email")
    assert (row.state, row.last_error) == ("cancelled", "Settled before it was sent")


def test_nobody_is_mailed_of_a_lead_that_is_a_colleagues_by_now(company):
    handoff = company.handoff_of(company.cast.ana)
    Handoff.objects.filter(pk=handoff.pk).update(owner=company.cast.bo.rep)
    send()
    assert mail.outbox == []


def test_a_lead_that_still_waits_is_mailed(company):
    company.handoff_of(company.cast.ana)
    send()
    assert [one.to for one in mail.outbox] == [[company.cast.ana.email]]
