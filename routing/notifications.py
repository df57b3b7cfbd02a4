"""Who is told about a handoff, and in which words."""

from django.urls import reverse

from leads.models import Delivery


def url_of(handoff):
    """Return the portal's path of a handoff's page."""
    return reverse("portal:lead", args=[handoff.lead_id])


def told_in_words(handoff):
    """Return who the lead is, as the first words of a notice."""
    company = handoff.packet.get("company", {}).get("name")
    return f"{handoff.lead} of {company}" if company else str(handoff.lead)


def tell_of_offer(handoff, *, event, now):
    """Tell the owner that a lead is offered to them: who, score, why, link."""
    reasons = [line for line in handoff.packet["score"]["lines"] if line["counted"]]
    why = "; ".join(line["label"] for line in reasons) or handoff.packet["score"]["cause"]
    Delivery.objects.tell(
        handoff.owner.user,
        event=event,
        now=now,
        url=url_of(handoff),
        subject=f"New lead: {told_in_words(handoff)}",
        body=f"Score {handoff.score} (tier {handoff.tier}). Why you got it: {why}.",
    )


def tell_of_nobody(handoff, *, event, now):
    """Tell the team's manager that nobody could take a turn and the lead waits in the pool."""
    manager = handoff.pool.team.manager
    if manager is not None:
        Delivery.objects.tell(
            manager,
            event=event,
            now=now,
            url=url_of(handoff),
            subject=f"Nobody available for {told_in_words(handoff)}",
            body=f"The lead waits in {handoff.pool}. Score {handoff.score} (tier {handoff.tier}).",
        )


def tell_of_duplicate(handoff, stays, *, event, now):
    """Tell the owner of a handoff that it ended, because the same person is handed over already."""
    Delivery.objects.tell(
        handoff.owner.user,
        event=event,
        now=now,
        url=url_of(stays),
        subject=f"No longer yours: {told_in_words(handoff)}",
        body=f"It was a duplicate. The same person is handed over already: {where(stays)}.",
    )


def where(handoff):
    """Return a handoff's state and who has it, in words."""
    held = handoff.owner or handoff.pool
    state = handoff.get_state_display().lower()
    return f"{state}, {held}" if held else state
