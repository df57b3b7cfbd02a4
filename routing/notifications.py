"""Who is told about a handoff, and in which words."""

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format

from leads.models import Delivery, Notice, User


def url_of(handoff):
    """Return the portal's path of a handoff's page."""
    return reverse("portal:lead", args=[handoff.lead_id])


def told_in_words(handoff):
    """Return who the lead is, as the first words of a notice."""
    company = handoff.packet.get("company", {}).get("name")
    return f"{handoff.lead} of {company}" if company else str(handoff.lead)


def tell_of_routed(routed, *, now):
    """Tell the owners of their leads, and those who answer for a pool where nobody was there."""
    notices = []
    for handoff, decision, event in routed:
        if handoff.owner:
            notices.append(_of_offer(handoff, event))
        elif decision.nobody:
            notices += [_of_nobody(user, handoff, event) for user in answering_for(decision.pool)]
    Delivery.objects.tell_all(notices, now=now)


def answering_for(pool):
    """Return who is told when nobody takes a pool's leads: the team's manager, else RevOps."""
    manager = pool.team.manager
    if manager is not None and manager.is_active:
        return [manager]
    publishes = Q(
        groups__permissions__codename="publish_ruleset",
        groups__permissions__content_type__app_label="routing",
    )
    return list(User.objects.filter(publishes, is_active=True).distinct().order_by("pk"))


def _of_offer(handoff, event):
    """Who it is, the score and why."""
    reasons = [line for line in handoff.packet["score"]["lines"] if line["counted"]]
    why = "; ".join(line["label"] for line in reasons) or handoff.packet["score"]["cause"]
    return Notice(
        handoff.owner.user,
        event,
        f"New lead: {told_in_words(handoff)}",
        f"Score {handoff.score} (tier {handoff.tier}). Why you got it: {why}.",
        url_of(handoff),
    )


def _of_nobody(user, handoff, event):
    """Nobody could take it, and where the lead waits until somebody can."""
    return Notice(
        user,
        event,
        f"Nobody available for {told_in_words(handoff)}",
        f"The lead waits in {handoff.pool}. Score {handoff.score} (tier {handoff.tier}).",
        url_of(handoff),
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


def tell_of_reassignment(row, *, event, now):
    """Tell who gets a lead, and who no longer has it; nobody is told of what they did."""
    handoff, by = row.handoff, str(row.by or "Handoff")
    told = told_in_words(handoff)
    if _is_told(row.to_rep, row.by):
        user = row.to_rep.user
        Delivery.objects.tell(
            user,
            event=event,
            now=now,
            url=url_of(handoff),
            subject=f"Now yours: {told}",
            body=f"From {row.source}, by {by}: {row.reason}. {deadline(handoff, user)}",
        )
    if _is_told(row.from_rep, row.by):
        Delivery.objects.tell(
            row.from_rep.user,
            event=event,
            now=now,
            url=reverse("portal:queue"),
            subject=f"No longer yours: {told}",
            body=f"It went to {row.target or 'whom the rules say'}, by {by}: {row.reason}.",
        )


def tell_of_reassignments(rows, *, event, now):
    """Tell each person once how many leads they got and no longer have.

    The leads are named on their pages alone: what is said of several is not erased with one.
    """
    counts: dict = {}
    for row in rows:
        for index, rep in enumerate((row.to_rep, row.from_rep)):
            if _is_told(rep, row.by):
                counts.setdefault(rep.user, [0, 0])[index] += 1
    for user, (got, lost) in counts.items():
        said = [f"{got} now yours"] * bool(got) + [f"{lost} no longer yours"] * bool(lost)
        Delivery.objects.tell(
            user,
            event=event,
            now=now,
            url=reverse("portal:queue"),
            subject=f"Leads: {', '.join(said)}",
            body=f"{event.cause}. Deadlines stay as they are; each lead's page says why it moved.",
        )


def tell_of_return(user, count, *, event, now):
    """Tell a rep who is back how many of their leads others hold."""
    leads = "1 lead that was" if count == 1 else f"{count} leads that were"
    Delivery.objects.tell(
        user,
        event=event,
        now=now,
        url=reverse("portal:absences"),
        subject="Welcome back: others hold leads of yours",
        body=f"There {'is' if count == 1 else 'are'} {leads} yours before you were away. Nothing "
        "moves back by itself: take back what you want.",
    )


def _is_told(rep, by):
    return rep is not None and rep.user != by and rep.user.is_active


def deadline(handoff, user):
    """Say in this person's zone that a move leaves the deadline as it was."""
    if handoff.next_due_at is None:
        return "No deadline runs."
    due = date_format(handoff.next_due_at.astimezone(user.tzinfo), "D j M H:i")
    return f"Deadline stays {due} ({user.tzinfo.key})."
