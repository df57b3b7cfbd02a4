"""What becomes of handoffs when two leads turn out to be one person, and when they do not."""

from leads.merging.holding import move
from leads.models import Qualification
from routing import notifications, signals
from routing.models import Assignment, Handoff, Opportunity

# The further one stays: somebody may be talking to the lead already.
FURTHEST = [
    Handoff.State.ACCEPTED,
    Handoff.State.OFFERED,
    Handoff.State.POOLED,
    Handoff.State.NEW,
    Handoff.State.REVIEW,
]


def staying(handoffs):
    """Return the open handoff that stays: the furthest, of equal ones the oldest; or None."""
    return min(
        handoffs,
        key=lambda one: (FURTHEST.index(one.state), one.opened_at, one.pk),
        default=None,
    )


def join(merge, *, by, now):
    """Give the survivor all handoffs of both; of two open ones, the other is withdrawn."""
    both = (merge.survivor_id, merge.other_id)
    found = list(Handoff.objects.open().filter(lead__in=both).order_by("pk").select_for_update())
    stays = staying(found)
    ends = [one for one in found if one != stays]
    merge.moved["open_of"] = "other" if stays and stays.lead_id == merge.other_id else "survivor"
    merge.moved["withdrawn"] = [{"id": one.pk, "state": one.state} for one in ends]
    for one in ends:
        event = one.withdraw(cause=f"Duplicate of handoff {stays.pk}", by=by, now=now)
        if one.qualification:
            one.qualification.set_aside(note="A duplicate is handed over already", now=now)
        if one.owner and one.owner.user != by:
            notifications.tell_of_duplicate(one, stays, event=event, now=now)
    move(merge, Handoff.objects.all())
    move(merge, Opportunity.objects.all())


def part(merge, *, by, now):
    """Open again what the merge withdrew, unless its lead was handed over anew."""
    for entry in merge.moved["withdrawn"]:
        found = Handoff.objects.select_for_update().get(pk=entry["id"])
        taken = Handoff.objects.open().filter(lead=found.lead_id).exists()
        if found.state == Handoff.State.WITHDRAWN and not taken:
            cause = "It was no duplicate"
            reinstate(found, entry["state"], cause=cause, by=by, now=now)


def reinstate(handoff, state, *, cause, by, now):
    """Open an ended handoff again in the state it had, with its clocks and follow-ups."""
    since = handoff.closed_at
    Handoff.objects.filter(pk=handoff.pk).update(state=state, closed_at=None)
    Assignment.objects.filter(handoff=handoff, ended_at=since).update(ended_at=None)
    handoff.refresh_from_db()
    if state == Handoff.State.REVIEW:
        Qualification.objects.get(handoff=handoff).wait_again()
    handoff.lead.record("routing.reinstated", now=now, by=by, cause=cause, handoff=handoff.pk)
    signals.handoff_reinstated.send(sender=Handoff, handoff=handoff, since=since, now=now)


def foresee(survivor, other):
    """Return what would become of the open handoffs of two leads, as sentences."""
    found = list(
        Handoff.objects.open()
        .filter(lead__in=(survivor, other))
        .select_related("owner__user", "pool")
    )
    stays = staying(found)
    told = [f"The open handoff stays: {notifications.where(stays)}."] if stays else []
    return told + [
        f"The other open handoff is withdrawn as a duplicate: {notifications.where(one)}."
        for one in found
        if one != stays
    ]
