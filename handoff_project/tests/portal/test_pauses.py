from datetime import timedelta

import pytest

from conftest import NOW
from handoff_project.tests.portal.conftest import text
from routing.models import Rep
from sla.models import Pause, Silence
from sla.watch import watch

MINUTE = timedelta(minutes=1)


@pytest.fixture
def accepted(company):
    offer = company.handoff_of(company.cast.ana)
    offer.accept(by=company.cast.ana, now=NOW)
    return offer


def test_a_rep_waits_for_the_lead_and_goes_on(read, accepted, at):
    at(NOW + 20 * MINUTE)
    page = text(read.ana.get("portal:lead", accepted.lead_id))
    assert "Wait for lead" in page and "Go on" not in page
    asked = text(read.ana.get("portal:pause", accepted.pk))
    # Sixteen working hours from 11:20 in Berlin.
    assert "It ends by itself Fri 10:20" in asked
    told = read.ana.post("portal:pause", accepted.pk, data={"cause": "Ill"}, follow=True)
    assert "Paused until you go on, at latest until Fri 6 Mar 10:20" in text(told)
    for shown in (told, read.ana.get("portal:queue")):
        assert "Paused First touch: Ill since Wed 10:20" in text(shown)
    at(NOW + 60 * MINUTE)
    told = read.ana.post("portal:resumption", accepted.pk, follow=True)
    assert "Going on." in text(told)
    assert accepted.clocks.get(kind="first_touch").due_at == NOW + 100 * MINUTE
    assert "Waiting for the lead" in text(told)


def test_without_a_cause_nothing_is_paused(read, accepted, at):
    said = read.ana.post("portal:pause", accepted.pk, data={"cause": ""})
    assert said.status_code == 422 and "Say what you are waiting for." in text(said)
    assert not Pause.objects.exists()


def test_a_late_clock_cannot_be_paused(read, accepted, at):
    at(NOW + 70 * MINUTE)
    assert "Wait for lead" not in text(read.ana.get("portal:lead", accepted.lead_id))
    said = read.ana.post("portal:pause", accepted.pk, data={"cause": "Ill"}, follow=True)
    assert "The deadline has passed already" in text(said)


def test_a_silent_rep_is_told_on_the_queue_and_comes_back(read, company, policy, at):
    draft = policy.draft_from_this()
    draft.steps.create(clock="accept", when="after", minutes=5, action="rotation")
    draft.publish(by=None, now=NOW)
    company.handoff_of(company.cast.ana)
    watch(now=NOW + 40 * MINUTE)
    at(NOW + 41 * MINUTE)
    assert "You get no new leads" in text(read.ana.get("portal:queue"))
    assert "You get no new leads" not in text(read.bo.get("portal:queue"))
    assert "Ana Ruiz gets no new leads" in text(read.tess.get("portal:board"))
    silence = Silence.objects.get(rep__user=company.cast.ana)
    told = read.ana.post("portal:back-in-rotation", silence.pk, follow=True)
    assert "Ana Ruiz gets new leads again." in text(told)
    assert "You get no new leads" not in text(told)
    assert Rep.objects.get(user=company.cast.ana).in_rotation
