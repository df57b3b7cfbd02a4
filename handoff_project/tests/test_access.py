"""Every route by every role: what opens, what is refused, and what does not exist for whom.

A new route fails the last tests until it has its line here.
"""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from conftest import NOW
from handoff_project.demo import forms
from handoff_project.portal.queue import pack
from leads import merging
from leads.models import Lead, MQLDefinition, NurtureTrack, Source
from reporting.models import Agreement, JointReview
from routing.models import (
    Absence,
    FollowUp,
    Handoff,
    Opportunity,
    Question,
    RejectionReason,
    Rep,
    RuleSet,
)
from sla.models import Silence

DAY = timedelta(days=1)
ROLES = ("anonymous", "ana", "bo", "carl", "tess", "mark", "mia", "ren")
# What the letters in the table stand for.
CODES = {
    "+": {200, 201, 204, 302, 303},  # opens, or does it and moves on
    "?": {400},  # opens, and asks for more
    "w": {422},  # opens, and says what is wrong with the form
    "-": {404},  # does not exist for them
    "x": {403},  # refused
    "!": {409},  # they see it, but cannot do it
    "L": {"login"},  # sent to the log-in page
    "T": {401, 403},  # no token, no session
}

#                                                  anonymous
#                                                  | ana: the rep who owns it
#                                                  | | bo: her teammate
#                                                  | | | carl: a rep of another team
#                                                  | | | | tess: her team's lead
#                                                  | | | | | mark, marketer
#                                                  | | | | | | mia, manager
#                                                  | | | | | | | ren, RevOps
PAGES = {
    ("GET", "portal:home", None): "L+++++++",
    ("GET", "portal:queue", None): "L+++++++",
    ("GET", "portal:queue-changes", None): "L+++++++",
    ("GET", "portal:work-next", None): "L+++----",
    ("POST", "portal:work-next", None): "L+++----",
    ("GET", "portal:pause", "offered"): "L+--++++",
    ("POST", "portal:pause", "offered"): "L!--!!!!",
    ("GET", "portal:snooze", "offered"): "L+--++++",
    ("POST", "portal:snooze", "offered"): "Lw--!!!!",
    ("POST", "portal:snooze-end", "offered"): "L!--!!!!",
    ("POST", "portal:resumption", "offered"): "L+--!!!!",
    ("POST", "portal:back-in-rotation", "silence"): "L+--+--+",
    ("POST", "portal:skips", "offered"): "L+------",
    ("POST", "portal:skips", "pooled"): "L!!-----",
    ("GET", "portal:leads", None): "L+++++++",
    ("GET", "portal:leads-export", None): "L+++++++",
    ("GET", "portal:stuck", None): "L+++++++",
    ("GET", "portal:stuck-export", None): "L+++++++",
    ("GET", "portal:lead", "offered"): "L+--++++",
    ("GET", "portal:lead", "pooled"): "L++-++++",
    ("GET", "portal:lead", "cold"): "L----+++",
    ("GET", "portal:duplicates", "offered"): "L+--++x+",
    ("GET", "portal:duplicates", "cold"): "L----+x+",
    ("GET", "portal:duplicate", "pair"): "L----+x+",
    ("POST", "portal:duplicate", "pair"): "L----+x+",
    ("POST", "portal:duplicate-dismissal", "pair"): "L----+x+",
    ("POST", "portal:merge-undo", "merge"): "L+--++x+",
    ("GET", "portal:consents", "offered"): "L+--++++",
    ("GET", "portal:consents", "cold"): "L----+++",
    ("POST", "portal:consents", "offered"): "L+--++++",
    ("POST", "portal:consents", "cold"): "L----+++",
    ("GET", "portal:questions", None): "L+++++++",
    ("GET", "portal:ask", "offered"): "L+--++++",
    ("POST", "portal:ask", "offered"): "L+--++++",
    ("GET", "portal:answer", "question"): "Lx--x+xx",
    ("POST", "portal:answer", "question"): "Lx--x+xx",
    ("GET", "portal:notes", "offered"): "L+--++++",
    ("POST", "portal:notes", "offered"): "L+--++++",
    ("POST", "portal:notes", "cold"): "L----+++",
    ("POST", "portal:accept", "offered"): "L+--!!!!",
    ("POST", "portal:accept", "pooled"): "L++-!!!!",
    ("POST", "portal:reject", "offered"): "L+--!!!!",
    ("POST", "portal:reject", "pooled"): "L!!-!!!!",
    ("GET", "portal:checklist", "offered"): "L+--++++",
    ("POST", "portal:checklist", "offered"): "L!--!!!!",
    ("POST", "portal:checklist", "pooled"): "L!!-!!!!",
    ("POST", "portal:qualify", "offered"): "L!--!!!!",
    ("POST", "portal:qualify", "pooled"): "L!!-!!!!",
    ("GET", "portal:recycle", "offered"): "L+--++++",
    ("POST", "portal:recycle", "offered"): "L!--!!!!",
    ("POST", "portal:recycle", "pooled"): "L!!-!!!!",
    ("POST", "portal:recycle-undo", "offered"): "L!--!!!!",
    ("POST", "portal:touches", "offered"): "L!--!!!!",
    ("POST", "portal:touches", "pooled"): "L!!-!!!!",
    ("GET", "portal:reassignment", "offered"): "L+--++++",
    ("POST", "portal:reassignment", "offered"): "L!--+!++",
    ("POST", "portal:reassignment", "pooled"): "L!!-+!++",
    ("POST", "portal:transfer", "offered"): "L+--!!!!",
    ("POST", "portal:return", "offered"): "L+--!!!!",
    ("POST", "portal:return", "pooled"): "L!!-!!!!",
    ("POST", "portal:recovery", "offered"): "L+--++++",
    ("GET", "portal:follow-ups", None): "L++++-++",
    ("GET", "portal:follow-up-done", "follow_up"): "L+--++++",
    ("POST", "portal:follow-up-done", "follow_up"): "L!--!!!!",
    ("GET", "portal:follow-up-time", "follow_up"): "L+--++++",
    ("POST", "portal:follow-up-time", "follow_up"): "L!--+!++",
    ("GET", "portal:follow-up-cancel", "follow_up"): "L+--++++",
    ("POST", "portal:follow-up-cancel", "follow_up"): "L!--+!++",
    ("GET", "portal:follow-up-new", "offered"): "L+--++++",
    ("POST", "portal:follow-up-new", "offered"): "L!--+!++",
    ("POST", "portal:follow-up-new", "pooled"): "L!!-!!!!",
    ("POST", "portal:cadences", "offered"): "L!--!!!!",
    ("GET", "portal:opportunity-new", "offered"): "L+--++++",
    ("POST", "portal:opportunity-new", "offered"): "L!--!!!!",
    ("POST", "portal:opportunity-new", "pooled"): "L!!-!!!!",
    ("GET", "portal:opportunity", "opportunity"): "L+--++++",
    ("POST", "portal:opportunity", "opportunity"): "L+--++++",
    ("GET", "portal:opportunity-won", "opportunity"): "L+--++++",
    ("POST", "portal:opportunity-won", "opportunity"): "L+--++++",
    ("POST", "portal:opportunity-lost", "opportunity"): "Lw--wwww",
    ("POST", "portal:opportunity-open", "opportunity"): "L+--++++",
    ("GET", "portal:workload", None): "L+++++++",
    ("GET", "portal:workload-export", None): "L+++++++",
    ("GET", "portal:workload-decisions", None): "L-------",
    ("GET", "portal:team-leads", None): "L---+-++",
    ("POST", "portal:team-reassignment", None): "L---w-ww",
    ("GET", "portal:absences", None): "L++++-++",
    ("GET", "portal:absence", "absence"): "L+--+-++",
    ("POST", "portal:absence-end", "absence"): "L+--+-++",
    ("GET", "portal:absence-new", "rep"): "L+--+-++",
    ("GET", "portal:clock", "clock"): "L+--++++",
    ("GET", "portal:notifications", None): "L+++++++",
    ("POST", "portal:notifications-reading", None): "L+++++++",
    ("GET", "portal:bell", None): "L+++++++",
    ("GET", "portal:notification-preferences", None): "L+++++++",
    ("POST", "portal:notification-preferences", None): "Lwwwwwww",
    ("GET", "portal:board", None): "L---+-++",
    ("GET", "portal:board-changes", None): "L---+-++",
    ("GET", "portal:escalations", None): "L---+-++",
    ("POST", "portal:acknowledgements", None): "L---+-++",
    ("POST", "portal:reminder", "clock"): "L---+-++",
    ("GET", "portal:promised", None): "L+++++++",
    ("GET", "portal:sla-report", None): "L+++++++",
    ("GET", "portal:sla-rows", None): "L+++++++",
    ("GET", "portal:sla-export", None): "L+++++++",
    ("GET", "portal:speed", None): "L+++++++",
    ("GET", "portal:agreement", None): "L+++++++",
    ("GET", "portal:agreement-rows", "metric"): "L+++++++",
    ("GET", "portal:agreement-draft", None): "Lxxxx++x",
    ("POST", "portal:agreement-draft", None): "Lxxxx++x",
    ("POST", "portal:agreement-submit", "agreement"): "Lxxxx++x",
    ("POST", "portal:agreement-sign", "agreement"): "Lxxx+++x",
    ("POST", "portal:agreement-withdraw", "agreement"): "Lxxx+++x",
    ("GET", "portal:feedback", None): "L+++++++",
    ("GET", "portal:feedback-rows", None): "L+++++++",
    ("GET", "portal:feedback-export", None): "L+++++++",
    ("POST", "portal:clause-draft", None): "Lxxxx-xx",
    ("GET", "portal:my-numbers", None): "L+++----",
    ("GET", "portal:gut-reads", None): "L+++++++",
    ("GET", "portal:gut-rows", None): "L+++++++",
    ("GET", "portal:gut-export", None): "L+++++++",
    ("POST", "portal:gut-read", "offered"): "L!--!!!!",
    ("GET", "portal:joint-reviews", None): "L+++++++",
    ("POST", "portal:joint-reviews", None): "Lxxx+++x",
    ("GET", "portal:joint-review", "joint_review"): "L+++++++",
    ("POST", "portal:joint-review-verdict", "verdict"): "Lx--+++x",
    ("POST", "portal:joint-review-decision", "joint_review"): "Lxxx+++x",
    ("POST", "portal:joint-review-end", "joint_review"): "Lxxx+++x",
    ("GET", "portal:funnel", None): "L+++++++",
    ("GET", "portal:funnel-rows", None): "L+++++++",
    ("GET", "portal:funnel-export", None): "L+++++++",
    ("GET", "portal:definition", None): "L+++++++",
    ("GET", "portal:definition-version", "version"): "L---++++",
    ("GET", "portal:definition-version", "draft"): "L----+++",
    ("GET", "portal:definition-version", "in_review"): "L---++++",
    ("POST", "portal:definition-submit", "draft"): "L----+xx",
    ("POST", "portal:definition-approve", "in_review"): "L---++++",
    ("POST", "portal:definition-withdraw", "in_review"): "L---+++x",
    ("POST", "portal:definition-publish", "in_review"): "L---x+xx",
    ("POST", "portal:definition-review", "version"): "L---+++x",
    ("GET", "portal:preview", "version"): "L-------",
    ("GET", "portal:preview", "draft"): "L----+++",
    ("GET", "portal:preview", "in_review"): "L---++++",
    ("GET", "portal:preview-estimate", "version"): "L-------",
    ("GET", "portal:preview-estimate", "draft"): "L----+++",
    ("GET", "portal:preview-estimate", "in_review"): "L---++++",
    ("POST", "portal:preview", "draft"): "L----++x",
    ("POST", "portal:preview", "in_review"): "L---+++x",
    ("POST", "portal:preview-cancellation", "draft"): "L----++x",
    ("POST", "portal:preview-cancellation", "in_review"): "L---+++x",
    ("GET", "portal:preview-leads", "draft"): "L----+++",
    ("GET", "portal:preview-leads", "in_review"): "L---++++",
    ("GET", "portal:preview-export", "version"): "L-------",
    ("GET", "portal:preview-export", "draft"): "L----+++",
    ("GET", "portal:preview-export", "in_review"): "L---++++",
    ("GET", "portal:definition-leads", "version"): "L---++++",
    ("GET", "portal:definition-leads", "draft"): "L----+++",
    ("GET", "portal:definition-lead", "offered"): "L---++++",
    ("GET", "portal:definition-lead", "cold"): "L----+++",
    ("GET", "portal:audit", None): "L---++++",
    ("GET", "portal:audit-export", None): "L---++++",
    ("GET", "portal:health", None): "L-----++",
    ("GET", "portal:misdirected", "stray"): "L-----++",
    ("GET", "portal:glossary", None): "L+++++++",
    ("GET", "portal:preferences", None): "L+++++++",
    ("GET", "portal:demo", None): "++++++++",
    ("GET", "portal:capture", "form"): "++++++++",
    ("POST", "portal:capture", "form"): "????????",
    ("GET", "portal:capture-thanks", "form"): "++++++++",
    ("GET", "account_login", None): "++++++++",
    ("GET", "account_logout", None): "L+++++++",
    ("GET", "account_inactive", None): "++++++++",
    ("GET", "account_change_password", None): "L+++++++",
    ("GET", "account_reset_password", None): "++++++++",
    ("GET", "account_reset_password_done", None): "++++++++",
    ("GET", "account_reset_password_from_key", "key"): "++++++++",
    ("GET", "account_reset_password_from_key_done", None): "++++++++",
    ("GET", "livez", None): "++++++++",
    ("GET", "readyz", None): "++++++++",
    ("GET", "simulation", "rule_set"): "Lxxxx+++",
    ("GET", "past-week", "rule_set"): "Lxxxx+++",
    ("GET", "api-sla-report", None): "T+++++++",
    ("GET", "api-feedback", None): "T+++++++",
    ("GET", "api-funnel", None): "T+++++++",
    ("GET", "api:leads", None): "T+++++++",
    ("GET", "api:lead", "offered"): "T+--++++",
    ("GET", "api:lead", "pooled"): "T++-++++",
    ("GET", "api:lead", "cold"): "T----+++",
    ("DELETE", "api:lead", "cold"): "Txxxxxxx",
    ("POST", "api:leads", None): "Txxxxxxx",
    ("POST", "api:merges", "offered"): "Txxxxxxx",
    ("POST", "api:touchpoints", None): "Txxxxxxx",
    ("PATCH", "api:lead", "offered"): "Txxxxxxx",
    ("POST", "api:identify", None): "Txxxxxxx",
    ("GET", "api:companies", None): "Txxxxxxx",
    ("POST", "api:companies", None): "Txxxxxxx",
    ("GET", "api:company", "employer"): "Txxxxxxx",
    ("PATCH", "api:company", "employer"): "Txxxxxxx",
    ("GET", "routing-api:handoffs", None): "T+++++++",
    ("GET", "routing-api:handoff", "offered"): "T+--++++",
    ("GET", "routing-api:handoff", "pooled"): "T++-++++",
    ("GET", "routing-api:decisions", None): "T+++++++",
    ("GET", "routing-api:decision", "decision"): "T+--++++",
    ("GET", "routing-api:pools", None): "T+++++++",
    ("GET", "routing-api:pool", "emea"): "T++-++++",
    ("POST", "routing-api:claims", "pooled"): "T++-!!!!",
    ("POST", "routing-api:claims", "offered"): "T+--!!!!",
    ("POST", "routing-api:reassignments", "offered"): "T!--+!++",
    ("POST", "routing-api:transfers", "offered"): "T+--!!!!",
    ("POST", "routing-api:returns", "offered"): "T+--!!!!",
    ("POST", "routing-api:recoveries", "offered"): "T!--!!!!",
    ("POST", "routing-api:checklists", "offered"): "T!--!!!!",
    ("POST", "routing-api:qualifications", "offered"): "T!--!!!!",
    ("POST", "routing-api:qualifications", "pooled"): "T!!-!!!!",
    ("GET", "routing-api:recyclings", None): "T+++++++",
    ("POST", "routing-api:recyclings", "offered"): "T!--!!!!",
    ("POST", "routing-api:recyclings", "pooled"): "T!!-!!!!",
    ("POST", "routing-api:rejections", "offered"): "T+--!!!!",
    ("POST", "routing-api:rejections", "pooled"): "T!!-!!!!",
    ("GET", "routing-api:touches", None): "T+++++++",
    ("POST", "routing-api:touches", "offered"): "T!--!!!!",
    ("GET", "routing-api:opportunities", None): "T+++++++",
    ("POST", "routing-api:opportunities", "offered"): "T!--!!!!",
    ("GET", "routing-api:opportunity", "opportunity"): "T+--++++",
    ("PATCH", "routing-api:opportunity", "opportunity"): "T+--+!++",
    ("POST", "routing-api:opportunity-winning", "opportunity"): "T+--+!++",
    ("POST", "routing-api:opportunity-losing", "opportunity"): "T!--!!!!",
    ("POST", "routing-api:opportunity-reopening", "opportunity"): "T!--!!!!",
    ("POST", "routing-api:inbound-opportunities", "source"): "TTTTTTTT",
    ("POST", "routing-api:leases", None): "T+++----",
    ("POST", "routing-api:skips", "offered"): "T+------",
    ("POST", "sla-api:simulations", None): "Txxxx+++",
    ("GET", "routing-api:follow-ups", None): "T+++++++",
    ("POST", "routing-api:follow-ups", None): "T???????",
    ("GET", "routing-api:follow-up", "follow_up"): "T+--++++",
    ("POST", "routing-api:follow-up-completion", "follow_up"): "T?--????",
    ("POST", "routing-api:follow-up-time", "follow_up"): "T?--????",
    ("POST", "routing-api:follow-up-cancellation", "follow_up"): "T?--????",
    ("GET", "sla-api:clocks", None): "T+++++++",
    ("GET", "sla-api:clock", "clock"): "T+--++++",
    ("GET", "api:schema", None): "++++++++",
    ("POST", "segment-intake", "batch"): "TTTTTTTT",
}
CHECKLIST = {
    f"{code}_answer": "confirmed"
    for code in ("budget", "authority", "need", "timeline", "contact_role", "use_case")
}
BODIES = {
    "portal:agreement-draft": {"mqls": "10"},
    "portal:capture": {"email": "visitor@acme.example"},
    "portal:consents": {"said": "email_consent:withdrawn", "words": "No more mails."},
    "portal:joint-review-verdict": {"good": "1"},
    "portal:joint-review-decision": {"text": "Ask for more."},
    "portal:joint-review-end": {"minutes": "Done."},
    "portal:ask": {"text": "Why them?", "nonce": "0d9a2b7e-6a55-4c6e-9c3e-3a8f0c6a7c14"},
    "portal:answer": {"text": "They called us."},
    "portal:notes": {"note": "Mornings.", "nonce": "0d9a2b7e-6a55-4c6e-9c3e-3a8f0c6a7c13"},
    "portal:reject": {"reason": "too_early", "note": ""},
    "portal:reassignment": {"to": "rules", "reason": "She is ill."},
    "portal:transfer": {"to": "bo", "reason": "He knows them."},
    "portal:pause": {"cause": "Back on Thursday"},
    "portal:skips": {"reason": "time"},
    "portal:return": {"reason": "Not my language."},
    "portal:follow-up-done": {
        "channel": "call",
        "outcome": "connected",
        "nonce": "0d9a2b7e-6a55-4c6e-9c3e-3a8f0c6a7c12",
    },
    "portal:follow-up-new": {"kind": "call"},
    "portal:follow-up-time": {
        "due_at": f"{timezone.now() + DAY:%Y-%m-%dT%H:%M}",
        "reason": "They asked for it.",
    },
    "portal:follow-up-cancel": {"reason": "They signed."},
    "portal:recycle": {"reason": "timing", "cool_down_days": "30"},
    "portal:checklist": CHECKLIST,
    "portal:qualify": CHECKLIST,
    "portal:touches": {
        "channel": "call",
        "outcome": "connected",
        "nonce": "0d9a2b7e-6a55-4c6e-9c3e-3a8f0c6a7c11",
    },
    "sla-api:simulations": {"values": {"country": "DE"}},
}
# What is sent to the API besides the handoff, which stands in the body.
OF_HANDOFF = {
    "routing-api:claims": {},
    "routing-api:reassignments": {"by_the_rules": True, "reason": "She is ill."},
    "routing-api:transfers": {"to_rep": "bo", "reason": "He knows them."},
    "routing-api:returns": {"reason": "Not my language."},
    "routing-api:recoveries": {},
    "routing-api:checklists": {"answers": [{"question": "need", "answer": "confirmed"}]},
    "routing-api:qualifications": {},
    "routing-api:recyclings": {"reason": "timing", "track": "General nurture"},
    "routing-api:rejections": {"reason": "too_early"},
    "routing-api:touches": {"channel": "call", "outcome": "connected"},
    "routing-api:skips": {"reason": "time"},
    "routing-api:opportunities": {"amount": "10.50", "currency": "EUR"},
}

# view, add, change, delete by marketer, manager, RevOps; nobody else has an admin.
ADMIN = {
    # The superuser's alone.
    "account.emailaddress": ("", "", ""),
    "auth.group": ("", "", ""),
    "leads.campaign": ("vac", "v", "v"),
    "leads.captureform": ("vac", "v", "vac"),
    "leads.company": ("v", "v", "v"),
    "leads.customfield": ("vac", "v", "vac"),
    "leads.delivery": ("", "", "vc"),
    "leads.duplicate": ("v", "v", "v"),
    "leads.endpoint": ("", "", "vac"),
    "leads.enrichmentprovider": ("", "", "vac"),
    "leads.erasureledger": ("", "", "v"),
    "leads.event": ("v", "v", "v"),
    "leads.import": ("va", "v", "va"),
    "leads.lead": ("v", "v", "v"),
    "leads.lifecyclestage": ("v", "v", "vc"),
    "leads.mapping": ("vacd", "v", "vacd"),
    "leads.merge": ("v", "v", "v"),
    "leads.mqldefinition": ("vacd", "v", "v"),
    "leads.nurturetrack": ("vac", "v", "v"),
    "leads.play": ("vacd", "v", "v"),
    "leads.qualification": ("v", "v", "v"),
    "leads.segment": ("vacd", "vacd", "vacd"),
    "leads.signal": ("vac", "v", "vac"),
    "leads.source": ("", "", "vac"),
    "leads.user": ("", "", "vac"),
    "leads.valuelist": ("vacd", "v", "vacd"),
    "reporting.responsealert": ("v", "vc", "vc"),
    "routing.absence": ("v", "vacd", "vacd"),
    "routing.cadence": ("vac", "vac", "v"),
    "routing.calendar": ("v", "vac", "vac"),
    "routing.checklistquestion": ("v", "vac", "vac"),
    "routing.recycling": ("v", "v", "v"),
    "routing.opportunity": ("v", "v", "v"),
    "routing.opportunityreason": ("v", "vac", "vac"),
    "routing.decision": ("v", "v", "v"),
    "routing.handoff": ("v", "v", "v"),
    "routing.pool": ("v", "v", "vac"),
    "routing.rejectionreason": ("v", "v", "vac"),
    "routing.rep": ("v", "v", "vac"),
    "routing.stagerule": ("vac", "vac", "vac"),
    "routing.cleanupitem": ("v", "v", "v"),
    "routing.ruleset": ("v", "v", "vacd"),
    "routing.team": ("v", "v", "vac"),
    "routing.territory": ("v", "v", "vacd"),
    "sla.clock": ("v", "v", "v"),
    "sla.policy": ("v", "vacd", "v"),
}


@pytest.fixture
def world(company):
    """Ana's offer, a lead in EMEA's pool, and one that never qualified."""
    offered = company.handoff_of(company.cast.ana)
    Rep.objects.filter(team=company.cast.emea).update(in_rotation=False)
    pooled = company.handoff()
    forms.make()
    cold = company.lead("cold@small.example", employer={"name": "Small", "employees": 2})
    same = company.lead("same@acme.example")
    merge = merging.merge(offered.lead, same, by=None, now=NOW)
    made = {"merge": merge, "employer": cold.company, "rep": company.cast.ana.rep}
    Rep.objects.filter(user=company.cast.ana).update(in_rotation=False)
    made["silence"] = Silence.objects.create(
        rep=company.cast.ana.rep, clock=offered.clocks.first(), since=NOW
    )
    made["absence"] = Absence.objects.create(
        rep=company.cast.ana.rep, starts_at=timezone.now(), ends_at=timezone.now() + DAY
    )
    made["follow_up"] = FollowUp.objects.create(
        handoff=offered, kind="call", created_at=NOW, due_at=NOW + DAY
    )
    made["question"] = Question.objects.create(
        handoff=offered, asked_by=company.cast.ana, asked_at=NOW, text="Why?", nonce=uuid4()
    )
    made["opportunity"] = Opportunity.objects.create(
        handoff=offered, lead=offered.lead, owner=company.cast.ana, opened_at=NOW
    )
    review = JointReview.objects.create(number=1, seed=1, begun_by=company.cast.mark, begun_at=NOW)
    review.items.create(handoff=offered, position=0)
    made["agreement"] = Agreement.objects.create(
        number=1, state="in_review", drafted_by=company.cast.mark, drafted_at=NOW
    )
    return {"offered": offered, "pooled": pooled, "cold": cold, **made}


@pytest.fixture
def versions(company):
    """A draft of the definition, and one that waits for both signatures."""
    draft = MQLDefinition.draft_from_live(by=company.cast.mark)
    waiting = MQLDefinition.draft_from_live(by=company.cast.mark)
    waiting.decider, waiting.cool_down_days = MQLDefinition.Decider.AUTOMATIC, 30
    waiting.save()
    waiting.submit(by=company.cast.mark, now=NOW)
    return {"draft": draft, "in_review": waiting}


def address(name, subject, world):
    if subject is None or name in OF_HANDOFF:
        return reverse(name)
    fixed = {"key": {"uidb36": "1", "key": "set-password"}, "batch": {"kind": "batch"}}
    fixed |= {"metric": {"key": "mqls"}, "agreement": {"number": 1}}
    fixed |= {"joint_review": {"number": 1}, "verdict": {"number": 1, "position": 0}}
    fixed["stray"] = {"kind": "outside"}
    fixed["pair"] = {"pk": world["offered"].lead_id, "other": world["cold"].pk}
    fixed["form"] = {"slug": forms.DEMO_REQUEST}
    fixed["source"] = {"pk": Source.objects.values_list("pk", flat=True)[0]}
    fixed["rule_set"] = {"pk": RuleSet.objects.live().pk}
    fixed["decision"] = {"pk": world["offered"].decisions.get().pk}
    fixed["emea"] = {"pk": world["pooled"].pool_id}
    if subject in fixed:
        return reverse(name, kwargs=fixed[subject])
    if subject == "version":
        return reverse(name, args=[1])
    if subject == "clock":
        return reverse(name, args=[world["offered"].clocks.first().pk])
    found = world[subject]
    if isinstance(found, MQLDefinition):
        return reverse(name, args=[found.version])
    by_lead = {"portal:lead": [], "api:lead": [], "portal:definition-lead": [1]}
    by_lead |= {"portal:duplicates": [], "api:merges": []}
    by_lead |= {"portal:consents": [], "portal:notes": []}
    of_lead = name in by_lead and not isinstance(found, Lead)
    return reverse(name, args=[*by_lead.get(name, []), found.lead_id if of_lead else found.pk])


def ask(client, person, method, url, body=None):
    """Make one request as this person; return its status, or "login"."""
    if person:
        client.force_login(person)
    if url.startswith(("/api/", "/v1/")) and method != "GET":
        data = json.dumps(body or {})
        response = client.generic(method, url, data, content_type="application/json")
    else:
        headers = {"HX-Request": "true"} if method == "POST" else {}
        send = getattr(client, method.lower())
        response = send(url, body, headers=headers)
    moved = response.headers.get("Location", "")
    return "login" if moved.startswith("/accounts/login/") else response.status_code


@pytest.mark.parametrize("route", PAGES, ids=lambda route: " ".join(filter(None, route)))
def test_each_route_answers_each_role_as_the_table_says(company, world, versions, route):
    method, name, subject = route
    body = dict(BODIES.get(name, {}))
    if "to" in body:
        body["to"] = body["to"].replace("bo", f"rep-{company.cast.bo.rep.pk}")
    if name == "portal:reject":
        body["reason"] = RejectionReason.objects.get(code=body["reason"]).pk
    if name == "portal:recycle":
        body["track"] = NurtureTrack.objects.get().pk
    if name in OF_HANDOFF and subject:
        body = OF_HANDOFF[name] | {"handoff": world[subject].pk}
        body |= {"to_rep": company.cast.bo.rep.pk} if "to_rep" in body else {}
    url, answers = address(name, subject, world | versions), ""
    for role, letter in zip(ROLES, PAGES[route], strict=True):
        with transaction.atomic():
            status = ask(Client(), getattr(company.cast, role, None), method, url, body)
            transaction.set_rollback(True)
        answers += letter if status in CODES[letter] else f"({role}: {status})"
    assert answers == PAGES[route]


@pytest.mark.parametrize("role", ["ana", "bo", "carl"])
def test_search_and_exports_hold_only_what_the_rep_may_see(client, company, world, role):
    client.force_login(getattr(company.cast, role))
    mine = {"ana": ["offered", "pooled"], "bo": ["pooled"], "carl": []}[role]
    emails = {
        key: (found if isinstance(found, Lead) else found.lead).email
        for key, found in world.items()
        if key in ("offered", "pooled", "cold")
    }
    for url in ("portal:leads", "portal:leads-export", "api:leads"):
        text = client.get(reverse(url), {"q": "example"}).content.decode()
        for key, email in emails.items():
            assert (email in text) == (key in mine), (url, key)


@pytest.mark.parametrize("role", ROLES[1:])
def test_made_up_ids_tell_of_no_lead_that_the_reader_may_not_know(client, company, world, role):
    person = getattr(company.cast, role)
    emails = {key: found.lead for key, found in world.items() if key in ("offered", "pooled")}
    for key, lead in emails.items():
        Lead.objects.filter(pk=lead.pk).update(name=f"Lead {key}")
    known = {"ana": {"offered", "pooled"}, "bo": {"pooled"}, "carl": set()}
    client.force_login(person)
    ids = pack(set(Handoff.objects.values_list("pk", flat=True)))
    for parameter in ("seen", "told"):
        text = client.get(reverse("portal:queue-changes"), {parameter: ids}).content.decode()
        told = {key for key in emails if f"Lead {key}" in text}
        assert told <= known.get(role, set(emails)), parameter


ADMIN_ROLES = ("mark", "mia", "ren")
MODELS = {model._meta.label_lower: model for model in admin.site._registry}


@pytest.mark.parametrize("label", ADMIN)
@pytest.mark.parametrize("role", ADMIN_ROLES)
def test_the_admin_gives_each_role_exactly_its_rights(rf, client, company, role, label):
    person, model = getattr(company.cast, role), MODELS[label]
    request = rf.get("/")
    request.user = person
    site = admin.site._registry[model]
    letters = {
        "v": site.has_view_permission(request),
        "a": site.has_add_permission(request),
        "c": site.has_change_permission(request),
        "d": site.has_delete_permission(request),
    }
    granted = "".join(letter for letter, given in letters.items() if given)
    assert granted == ADMIN[label][ADMIN_ROLES.index(role)]
    client.force_login(person)
    prefix = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    for page, letter in (("changelist", "v"), ("add", "a")):
        status = client.get(reverse(f"{prefix}_{page}")).status_code
        assert status in ({200, 302} if letter in granted else {403}), page


@pytest.mark.parametrize("role", ["anonymous", "ana", "bo", "carl", "tess"])
def test_reps_and_strangers_have_no_admin(client, company, role):
    person = getattr(company.cast, role, None)
    if person:
        client.force_login(person)
    for model in MODELS.values():
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert client.get(url).status_code == 302
    assert client.get(reverse("admin:index"), follow=True).request["PATH_INFO"] != "/admin/"


def names_of(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield prefix + pattern.name
        elif pattern.namespace != "admin":
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from names_of(pattern.url_patterns, prefix + inner)


def test_every_route_stands_in_the_table():
    assert set(names_of(get_resolver().url_patterns)) == {name for _, name, _ in PAGES}


def test_every_model_of_the_admin_stands_in_the_table():
    assert set(MODELS) == set(ADMIN)
