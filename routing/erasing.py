"""What routing forgets when a lead is erased; the handoffs, their states and times stay."""

from routing import packet
from routing.models import (
    ChecklistAnswer,
    Decision,
    FollowUp,
    Handoff,
    Opportunity,
    Question,
    Reassignment,
    Recycling,
    Rejection,
    Skip,
    Touch,
)


def erase(lead, *, by, now):
    """Withdraw the open handoff and empty all of them; return how many rows of which kind."""
    handoffs = list(Handoff.objects.filter(lead=lead).order_by("pk").select_for_update())
    for handoff in handoffs:
        if handoff.is_open:
            handoff.lead = lead
            handoff.withdraw(cause="The lead was erased", by=by, now=now)
        else:
            FollowUp.objects.settle(handoff, reason="The lead was erased", now=now)
        handoff.packet = packet.without_person(handoff.packet)
        handoff.save(update_fields=["packet"])
    decisions = Decision.objects.filter(handoff__in=handoffs)
    for decision in decisions:
        if decision.inputs:
            decision.inputs = decision.inputs | {"values": {}}
        if "rules" in decision.trace:  # as decisions were kept before their inputs were
            rules = [rule | {"compared": {}} for rule in decision.trace["rules"]]
            decision.trace = decision.trace | {"rules": rules}
        decision.save(update_fields=["inputs", "trace"])
    noted = Rejection.objects.filter(handoff__in=handoffs).exclude(note="").update(note="")
    planned = FollowUp.objects.filter(handoff__in=handoffs)
    noted += planned.exclude(note="", reason="").update(note="", reason="")
    noted += Recycling.objects.filter(handoff__in=handoffs).exclude(note="").update(note="")
    noted += ChecklistAnswer.objects.filter(handoff__in=handoffs).exclude(note="").update(note="")
    asked = Question.objects.filter(handoff__in=handoffs)
    noted += asked.exclude(text="").update(text="", answer="")
    deals = Opportunity.objects.filter(lead=lead)
    return {
        "opportunities": deals.update(name="", note="", external_id=""),
        "handoffs": len(handoffs),
        "routing decisions": len(decisions),
        "notes of reps": noted
        + Skip.objects.filter(handoff__in=handoffs).exclude(note="").update(note="")
        + Reassignment.objects.filter(handoff__in=handoffs).exclude(reason="").update(reason="")
        + Touch.objects.filter(handoff__in=handoffs).exclude(note="").update(note=""),
    }
