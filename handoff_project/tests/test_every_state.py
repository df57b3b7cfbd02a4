"""Each verb in each state of a handoff by each role, in the portal and through the API.

The table says who succeeds; both ways give the same answer, and whoever is refused changes nothing.
"""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import NOW
from handoff_project.tests.test_access import BODIES, CHECKLIST, OF_HANDOFF
from leads.models import NurtureTrack
from routing.models import ChecklistQuestion, Handoff, RejectionReason, Rep

State = Handoff.State
ROLES = ("ana", "bo", "carl", "tess", "mark", "mia", "ren")
MANAGERS = {"tess", "mia", "ren"}
# Who may do what, by state. What is not named here is refused, to everybody.
TABLE = {
    "claim": {State.POOLED: {"ana", "bo"}, State.OFFERED: {"ana"}},
    "touch": {State.ACCEPTED: {"ana"}, State.QUALIFIED: {"ana"}},
    "reject": {State.OFFERED: {"ana"}, State.ACCEPTED: {"ana"}},
    "checklist": {State.ACCEPTED: {"ana"}},
    "qualify": {State.ACCEPTED: {"ana"}},
    "recycle": {State.ACCEPTED: {"ana"}},
    "transfer": {State.OFFERED: {"ana"}, State.ACCEPTED: {"ana"}},
    "return": {State.OFFERED: {"ana"}, State.ACCEPTED: {"ana"}},
    "reassign": {State.POOLED: MANAGERS, State.OFFERED: MANAGERS, State.ACCEPTED: MANAGERS},
}
# The name of each verb in the API and in the portal.
NAMES = {
    "claim": ("claims", "accept"),
    "touch": ("touches", "touches"),
    "reject": ("rejections", "reject"),
    "checklist": ("checklists", "checklist"),
    "qualify": ("qualifications", "qualify"),
    "recycle": ("recyclings", "recycle"),
    "transfer": ("transfers", "transfer"),
    "return": ("returns", "return"),
    "reassign": ("reassignments", "reassignment"),
}


@pytest.fixture
def handoffs(company, monkeypatch, settings):
    """A handoff in each state, by its state; Ana has or had what is not in the pool."""
    settings.SESSION_COOKIE_AGE = 10**9
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    ana = company.cast.ana
    ChecklistQuestion.objects.update(gate="none")
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    made = {State.POOLED: company.handoff()}
    Rep.objects.filter(user=ana).update(in_rotation=True)
    for state in (State.OFFERED, State.ACCEPTED, State.QUALIFIED, State.RECYCLED, State.REJECTED):
        made[state] = company.handoff_of(ana)
        if state != State.OFFERED:
            made[state].accept(by=ana, now=NOW)
    reason = RejectionReason.objects.get(code="too_early")
    made[State.QUALIFIED].qualify(by=ana, now=NOW)
    made[State.REJECTED].reject(by=ana, reason=reason, now=NOW)
    made[State.RECYCLED].recycle(by=ana, reason="timing", track=NurtureTrack.objects.get(), now=NOW)
    made[State.WITHDRAWN] = company.handoff_of(ana)
    made[State.WITHDRAWN].withdraw(cause="Asked for", now=NOW)
    made[State.NEW] = company.handoff(route=False)  # the last one: the next would route it
    return made


def bodies(verb, handoff, bo):
    """What is sent to the API, and to the portal."""
    noun, page = NAMES[verb]
    sent = OF_HANDOFF[f"routing-api:{noun}"] | {"handoff": handoff.pk}
    form = dict(BODIES.get(f"portal:{page}", {}))
    if verb == "transfer":
        sent["to_rep"], form["to"] = bo.pk, f"rep-{bo.pk}"
    if verb == "reject":
        form["reason"] = RejectionReason.objects.get(code=form["reason"]).pk
    if verb == "recycle":
        form["track"] = NurtureTrack.objects.get().pk
    if verb in ("checklist", "qualify"):
        form |= CHECKLIST
    return sent, form


def kept(handoff):
    """What a verb may change of a handoff."""
    row = Handoff.objects.filter(pk=handoff.pk).values("state", "owner", "pool").get()
    events = handoff.lead.events.filter(kind__startswith="routing.")
    return row, events.count()


@pytest.mark.parametrize("verb", TABLE)
def test_who_may_do_it_in_which_state(company, handoffs, verb):
    noun, page = NAMES[verb]
    wrong = []
    for state, handoff in handoffs.items():
        assert Handoff.objects.get(pk=handoff.pk).state == state
        before, (sent, form) = kept(handoff), bodies(verb, handoff, company.cast.bo.rep)
        for role in ROLES:
            may = role in TABLE[verb].get(state, ())
            client = Client()
            client.force_login(getattr(company.cast, role))
            for way in ("api", "portal"):
                with transaction.atomic():
                    if way == "api":
                        url = reverse(f"routing-api:{noun}")
                        answer = client.post(url, sent, content_type="application/json")
                        refused = answer.status_code in (200, 404, 409)
                    else:
                        answer = client.post(reverse(f"portal:{page}", args=[handoff.pk]), form)
                        refused = answer.status_code in (302, 404, 409, 422)
                    done = kept(handoff) != before
                    transaction.set_rollback(True)
                if done != may or (not done and not refused):
                    wrong.append((way, str(state), role, answer.status_code, "did" if done else ""))
    assert wrong == []
