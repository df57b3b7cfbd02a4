"""Who is told about a handoff, and in which words."""

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
    return list(User.objects.who_may("routing", "publish_ruleset"))


def _of_offer(handoff, event):
    """Who it is, by when they are owed an answer, how good they are and why."""
    user = handoff.owner.user
    return Notice(
        user,
        event,
        f"New lead: {told_in_words(handoff)}",
        f"{due(handoff, user)} Score {handoff.score} (tier {handoff.tier}). "
        f"Why you got it: {why(handoff)}.",
        url_of(handoff),
    )


def why(handoff):
    """Return the reasons for which a lead was handed over, the weightiest first."""
    lines = [line for line in handoff.packet["score"]["lines"] if line["counted"]]
    lines.sort(key=lambda line: -line.get("points", 0))
    return "; ".join(line["label"] for line in lines) or handoff.packet["score"]["cause"]


def due(handoff, user):
    """Say in this person's zone by when something is owed."""
    if handoff.next_due_at is None:
        return "No deadline runs."
    return f"Due {_moment(handoff.next_due_at, user)}."


def tell_of_sql(handoff, *, event, now):
    """Tell the SQL's owner what is theirs now, and marketing what became of their lead."""
    told, notices = told_in_words(handoff), []
    by = event.actor
    owner = handoff.owner.user if handoff.owner else None
    if owner is not None and owner.is_active and owner != by:
        notices.append(
            Notice(
                owner,
                event,
                f"SQL, yours: {told}",
                f"Vetted{f' by {by}' if by else ''} and ready for an opportunity. "
                f"{due(handoff, owner)} Score {handoff.score} (tier {handoff.tier}).",
                url_of(handoff),
            )
        )
    for user in marketing():
        if user not in (by, owner):
            body = f"Handed over {_moment(handoff.opened_at, user)}, because: {why(handoff)}."
            notices.append(Notice(user, event, f"Became an SQL: {told}", body, url_of(handoff)))
    Delivery.objects.tell_all(notices, now=now)


def tell_of_rejection(handoff, *, event, now):
    """Tell marketing which lead sales sent back, and why."""
    rejection = handoff.rejection
    note = f" They say: {rejection.note}" if rejection.note else ""
    subject = f"Rejected: {told_in_words(handoff)}"
    body = f"{rejection.reason}, by {rejection.rejected_by}.{note} It was handed over because: "
    body += f"{why(handoff)}."
    people = [user for user in marketing() if user != event.actor]
    notices = [Notice(user, event, subject, body, url_of(handoff)) for user in people]
    Delivery.objects.tell_all(notices, now=now)


def tell_of_recycling(handoff, *, event, now):
    """Tell marketing which good lead rests, why, and what it waits for."""
    recycling, subject = handoff.recycling, f"Recycled: {told_in_words(handoff)}"
    note = f" They say: {recycling.note}" if recycling.note else ""
    why_it_rests = f"{recycling.get_reason_display()}, by {recycling.recycled_by}.{note}"
    notices = []
    for user in marketing():
        if user != event.actor:
            waits = recycling.waits_for(zone=user.tzinfo)
            body = f"{why_it_rests} Track: {recycling.track}. Comes back: {waits}."
            notices.append(Notice(user, event, subject, body, url_of(handoff)))
    Delivery.objects.tell_all(notices, now=now)


def tell_of_outcome(opportunity, *, event, now):
    """Tell marketing, and who vetted the lead, what it came to in the end."""
    lead, handoff = opportunity.lead, opportunity.handoff
    company = f" of {opportunity.company}" if opportunity.company else ""
    subject = f"{opportunity.get_state_display()}: {lead}{company}, {opportunity.worth()}"
    said = [str(opportunity.reason)] if opportunity.reason else []
    said += [f"They say: {opportunity.note}"] if opportunity.note else []
    if handoff:
        said.append(f"It was handed over because: {why(handoff)}")
    vetted = [handoff.owner.user] if handoff and handoff.owner else []
    people = {user.pk: user for user in [*marketing(), *vetted] if user.is_active}
    url = reverse("portal:lead", args=[lead.pk])
    body = " ".join(f"{one.rstrip('.')}." for one in said)
    notices = [
        Notice(user, event, subject, body, url) for user in people.values() if user != event.actor
    ]
    Delivery.objects.tell_all(notices, now=now)


def tell_of_question(question, *, event, now):
    """Tell the marketer who is asked, else all, what sales wants to know."""
    handoff, by = question.handoff, question.asked_by
    subject = f"{by} asks about {told_in_words(handoff)}"
    meeting = " They ask you to join the first meeting." if question.meeting else ""
    people = [question.to] if question.to else marketing()
    notices = [
        Notice(user, event, subject, f"{question.text}{meeting}", _answer_url(question))
        for user in people
        if user != by and user.is_active
    ]
    Delivery.objects.tell_all(notices, now=now)


def tell_of_answer(question, *, event, now):
    """Tell whoever asked, and who has the lead now, what marketing says."""
    handoff, by = question.handoff, question.answered_by
    joins = f" {by} joins the first meeting." if question.joins else ""
    owner = [handoff.owner.user] if handoff.owner else []
    people = {user.pk: user for user in [question.asked_by, *owner] if user.is_active}
    subject = f"{by} answered about {told_in_words(handoff)}"
    notices = [
        Notice(user, event, subject, f"{question.answer}{joins}", url_of(handoff))
        for user in people.values()
        if user != by
    ]
    Delivery.objects.tell_all(notices, now=now)


def _answer_url(question):
    return reverse("portal:answer", args=[question.pk])


def marketing():
    """Return the people who answer for what is handed over: whoever decides about qualification."""
    return list(User.objects.who_may("leads", "decide_qualification"))


def _moment(at, user):
    return f"{date_format(at.astimezone(user.tzinfo), 'D j M H:i')} ({user.tzinfo.key})"


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
    return f"Deadline stays {_moment(handoff.next_due_at, user)}."
