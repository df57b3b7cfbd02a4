from django.db.models import Exists, OuterRef
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal import agenda, queue, story
from handoff_project.portal.brief import brief_of
from handoff_project.portal.guide import guide_for
from handoff_project.portal.lead_list import colleagues
from handoff_project.portal.named_roles import named_roles
from handoff_project.portal.timeline import KINDS, browsed, timeline
from handoff_project.portal.views.duplicates import proposals
from handoff_project.portal.views.questions import MAY_ANSWER
from leads.conditions.personas import personas_of
from leads.models import Lead
from leads.models.lifecycle import in_stage_since
from leads.scoring import aggregate
from routing.models import Handoff, Opportunity, Snooze, Touch, checklist
from routing.models.opportunity import sellable_by
from sla import pauses
from sla.models import Clock


@require_safe
def lead(request, pk):
    """One lead: who it is, why it came, what is promised, and all that happened."""
    leads = Lead.objects.visible_to(request.user)
    related = leads.select_related("company", "campaign", "score", "stage")
    related = related.annotate(stage_since=in_stage_since())
    found, now = related.filter(pk=pk).first(), timezone.now()
    if found is None:
        merged = get_object_or_404(Lead, pk=pk, merged_into__in=leads)
        return redirect("portal:lead", merged.merged_into_id)
    handoffs = list(
        Handoff.objects.visible_to(request.user)
        .filter(lead=found)
        .annotate(touched=Exists(Touch.objects.filter(handoff=OuterRef("pk"), user=request.user)))
        .select_related("lead", "owner__user", "pool", "rejection__reason", "recycling__track")
        .select_related("gut_read__user")
        .select_related(
            "rejection__rejected_by", "recycling__recycled_by", "recycling__wake_signal"
        )
        .select_related("qualification__definition", "qualification__actor")
        .defer("qualification__explanation", "qualification__definition__compiled")
        .order_by("-opened_at", "-pk")
    )
    shown = request.GET.get("timeline", "")
    entries = timeline(found, handoffs, kind=shown)
    context = {
        "now": now,
        "lead": found,
        "forbidden": found.forbidden(),
        "timeline": entries,
        "timeline_kinds": KINDS,
        "timeline_kind": shown if shown in KINDS else "",
        "anchors": {entry.anchor for entry in entries if entry.anchor},
        "browsed": browsed(aggregate.summary(found.pk, until=now)),
        "guide": guide_for(found, *handoffs[:1]),
        "colleagues": colleagues(found, request.user),
        "personas": personas_of(found.pk, today=now.date()),
        "may_merge": request.user.has_perm("leads.merge_leads"),
        "proposed": proposals(found, request.user),
        "stages": found.transitions.select_related("from_stage", "to_stage", "actor"),
        "stage_days": (now - found.stage_since).days,
        **_sold(found, request.user),
        "merges": found.merges.standing().select_related("other", "actor"),
    }
    if handoffs:
        context["brief"] = brief_of(found, today=now.date())
        context |= _handed_over(handoffs[0], handoffs[1:], user=request.user, now=now)
    else:
        context["standing"] = story.standing(found, today=now.date())
    return render(request, "portal/lead.html", context)


def _handed_over(handoff, others, *, user, now):
    """What the page shows of the current handoff and those before it."""
    packet = handoff.packet
    held = handoff.held_by(user)
    before, told = story.earlier(handoff, others)
    promises = handoff.clocks.filter(follow_up=None).select_related("calendar", "policy")
    clocks = list(promises.order_by("due_at", "pk"))
    questions = list(handoff.questions.select_related("asked_by", "to", "answered_by"))
    return {
        "handoff": handoff,
        "packet": packet,
        "clocks": clocks,
        "may_pause": held and any(pauses.may_wait(handoff, clock, now=now) for clock in clocks),
        "may_resume": held and any(clock.state == Clock.State.PAUSED for clock in clocks),
        **agenda.of_handoff(handoff, user),
        "around": queue.around(handoff, user, now=now),
        "may_accept": handoff.may_be_accepted_by(user),
        "checklist": checklist.of(handoff),
        **_resting(handoff, user),
        "may_sell": handoff.state == handoff.State.QUALIFIED
        and sellable_by(user).filter(pk=handoff.pk).exists(),
        "may_touch": held and handoff.state == handoff.State.ACCEPTED,
        "may_read": held and handoff.state == handoff.State.ACCEPTED and handoff.touched,
        "may_reject": held and handoff.state in handoff.HELD,
        "snooze": Snooze.objects.in_force(now=now).filter(handoff=handoff).first(),
        "questions": questions,
        "may_answer": user.has_perm(MAY_ANSWER),
        "waterfall": story.waterfall(packet),
        "routing": story.routing(handoff, user=user),
        "named_roles": named_roles(handoff, questions),
        "company_facts": story.company_facts(handoff),
        "answers": story.answers(packet),
        "browsed_before": browsed(packet.get("behaviour", {}).get("visits")),
        "recent": story.recent(packet),
        "missing": packet.get("score", {}).get("missing", ()),
        "completeness": story.completeness(packet),
        "converted_at": story.moment(packet, "conversion", "occurred_at"),
        "first_seen": story.moment(packet, "behaviour", "first_seen"),
        "before": before,
        "told": told,
    }


def _sold(lead, user):
    """What the page shows of what the lead came to."""
    found = list(lead.opportunities.select_related("reason", "owner", "source"))
    workable = Opportunity.objects.workable_by(user).filter(lead=lead) if found else found
    return {"opportunities": found, "workable": [one.pk for one in workable]}


def _resting(handoff, user):
    """What the page shows of a lead that was recycled."""
    recycling = getattr(handoff, "recycling", None)
    if recycling is None:
        return {}
    return {
        "recycling_waits": recycling.waits_for(zone=user.tzinfo),
        "may_undo": handoff.state == handoff.State.RECYCLED
        and recycling.is_waiting
        and recycling.recycled_by == user,
    }
