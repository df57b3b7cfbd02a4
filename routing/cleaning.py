"""The monthly clean-up: it proposes, a person decides, and what was decided can be undone."""

from django.db import transaction
from django.urls import reverse

from leads.deadlocks import retried
from leads.models import (
    Delivery,
    Duplicate,
    Event,
    Lead,
    LifecycleStage,
    Notice,
    User,
)
from routing.duplicates import reinstate
from routing.models import CleanUp, CleanUpItem, Handoff, Recycling, Refused
from routing.models.clean_up import MOST, QUIET, quiet
from routing.models.recycling import where_unwanted
from routing.models.stage_rule import stuck
from routing.notifications import marketing

State = CleanUpItem.State
CAUSE = f"Monthly clean-up: no activity for {QUIET} days"


@transaction.atomic
def propose(*, now):
    """Make this month's proposals, once, and tell who decides; return the CleanUp or None.

    What was proposed before and nobody answered is proposed anew if it still is as it was.
    """
    clean_up, is_new = CleanUp.objects.get_or_create(
        month=now.date().replace(day=1), defaults={"made_at": now}
    )
    if not is_new:
        return None
    CleanUpItem.objects.filter(state=State.PROPOSED).delete()
    CleanUpItem.objects.bulk_create(
        CleanUpItem(clean_up=clean_up, lead=lead, since=lead.stage_since)
        for lead in quiet(now=now)[:MOST]
    )
    _tell(clean_up, now=now)
    return clean_up


def _tell(clean_up, *, now):
    counts = {
        f"MQLs without activity for {QUIET} days": clean_up.items.count(),
        "possible duplicates": Duplicate.objects.proposed().count(),
    }
    for stage in LifecycleStage.objects.filter(longest_stay__isnull=False):
        found = stuck(Lead.objects.unmerged(), stage.pk, days=stage.longest_stay, now=now)
        counts[f"stuck in {stage}"] = found.order_by().count()
    if not any(counts.values()):
        return
    said = "; ".join(f"{what}: {count}" for what, count in counts.items())
    event = Event.objects.create(
        kind="routing.clean_up_proposed", cause=str(clean_up), data=counts, happened_at=now
    )
    managers = User.objects.who_may("routing", "reassign_every_handoff")
    notices = [
        Notice(
            user,
            event,
            f"Review of the month: {clean_up}",
            f"{said}. Nothing changes before somebody confirms it.",
            reverse("admin:routing_cleanupitem_changelist")
            if user.has_perm("routing.decide_clean_up")
            else reverse("portal:stuck"),
        )
        for user in {*marketing(), *managers}
    ]
    Delivery.objects.tell_all(notices, now=now)


@retried
@transaction.atomic
def let_rest(item, *, by, now):
    """The lead goes back to nurture until it meets the definition anew; its handoff ends.

    Raise Refused if somebody has answered already, or if anything happened to the lead since.
    """
    lead = _held(item)
    if not quiet(now=now).filter(pk=lead.pk).exists():
        raise Refused(f"{lead} is no longer without activity.")
    _claim(item, State.PROPOSED, State.RESTS, by=by, now=now)
    handoff = lead.handoffs.order_by("-opened_at", "-pk").select_for_update(of=("self",)).first()
    if hasattr(handoff, "recycling"):
        raise Refused(f"{lead} has come back from a rest already.")
    was = handoff.state if handoff.is_open else ""
    if was:
        event = handoff.withdraw(cause=CAUSE, by=by, now=now)
        _tell_owner(handoff, event=event, by=by, now=now)
    track, days = where_unwanted()
    Recycling.objects.begin(
        handoff,
        reason=Recycling.Reason.QUIET,
        track=track,
        status=Lead.Status.NURTURING,
        cause=CAUSE,
        cool_down_days=days,
        by=by,
        now=now,
    )
    CleanUpItem.objects.filter(pk=item.pk).update(recycling=handoff.recycling, withdrawn_from=was)


@retried
@transaction.atomic
def keep(item, *, by, now):
    """The lead stays as it is; next month may ask again. Raise Refused if it was answered."""
    _claim(item, State.PROPOSED, State.KEPT, by=by, now=now)


@retried
@transaction.atomic
def undo(item, *, by, now):
    """Put the lead back to where it was, with its handoff, clocks and follow-ups.

    Raise Refused if it was not answered, or once something else has happened to the lead.
    """
    lead, was = _held(item), item.state
    if was == State.KEPT:
        _claim(item, State.KEPT, State.PROPOSED, by=None, now=None)
        return
    found = Recycling.objects.waiting().filter(pk=item.recycling_id)
    rests = found.select_for_update(of=("self",)).select_related("handoff").first()
    if rests is None or Handoff.objects.open().filter(lead=lead).exists():
        raise Refused(f"{lead} was handed over again, or never rested.")
    _claim(item, State.RESTS, State.PROPOSED, by=None, now=None)
    handoff, cause = rests.handoff, "The clean-up was undone"
    handoff.lead = lead
    rests.delete()
    lead.enter_stage(lead.stage_id, status=rests.lead_status, cause=cause, now=now, by=by)
    if item.withdrawn_from:
        reinstate(handoff, item.withdrawn_from, cause=cause, by=by, now=now)
    else:
        told = {"handoff": handoff.pk, "track": rests.track.name, "reason": rests.reason}
        lead.record("routing.woken", now=now, by=by, cause=cause, woken_by="undo", **told)


def _held(item):
    """The lead, locked, if it still stands for somebody."""
    rows = Lead.objects.unmerged().known().select_for_update(of=("self",), no_key=True)
    lead = rows.filter(pk=item.lead_id).first()
    if lead is None:
        raise Refused("This lead was merged or erased meanwhile.")
    return lead


def _claim(item, out_of, state, *, by, now):
    """Answer the proposal; of two callers one does."""
    found = CleanUpItem.objects.filter(pk=item.pk, state=out_of)
    taken = found.update(state=state, decided_by=by, decided_at=now)
    item.refresh_from_db()
    if not taken:
        whose = f" by {item.decided_by}" if item.decided_by else ""
        raise Refused(f"Answered already{whose}: {item.get_state_display().lower()}.")


def _tell_owner(handoff, *, event, by, now):
    owner = handoff.owner.user if handoff.owner else None
    if owner is None or owner == by or not owner.is_active:
        return
    url = reverse("portal:lead", args=[handoff.lead_id])
    body = f"{CAUSE}. It rests until it meets the definition again. {by} can undo it."
    subject = f"No longer yours: {handoff.lead}"
    Delivery.objects.tell(owner, event=event, subject=subject, body=body, url=url, now=now)
