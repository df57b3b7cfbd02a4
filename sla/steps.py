"""What an escalation step does: whom it tells, and what it moves."""

import logging

from django.db import transaction
from django.db.models import Count, Q

from leads.models import Delivery, Endpoint
from leads.models.qualification import AlreadyDecided, NeverPasses
from routing.absences import stand_in
from routing.models import Absence, Handoff, Reassignment, Refused, Rep
from routing.models.reassignment import PLACED, pool_of
from routing.notifications import told_in_words, url_of
from sla import deadlines
from sla.models import Escalation, Silence, Step

log = logging.getLogger(__name__)
Action = Step.Action
CALLED = "sla.webhook_called"


def told(step, clock, roster):
    """Return whom a step tells about a clock. There is always somebody, if it tells at all."""
    handoff, compiled = clock.handoff, clock.policy.compiled
    if step["key"] == deadlines.LATE:
        # A promise that nothing is done about when it is missed is the manager's to know.
        steps = deadlines.modern(clock.target)["steps"]
        watched = any(one["when"] != deadlines.BEFORE for one in steps)
        return [] if watched else roster.managers(handoff, lead=compiled.get("review_lead"))
    if step["action"] == Action.REMIND:
        return roster.owners(handoff)
    if step["action"] == Action.MANAGER:
        return roster.managers(handoff, lead=compiled.get("review_lead"))
    return roster.named(handoff, step["people"]) if step["action"] == Action.PEOPLE else []


def acts(step):
    """Whether a step does more than to tell people."""
    return step.get("action") in ACTS


def act(clock, step, roster, *, now):
    """Do what a step does, and keep on its row what came of it; what cannot be done says why."""
    try:
        with transaction.atomic():
            outcome = ACTS[step["action"]](clock, step, roster, now=now)
    except (Refused, AlreadyDecided, NeverPasses) as error:
        outcome = str(error)
    row = Escalation.objects.filter(clock=clock, step=step["key"])
    row.update(outcome=outcome[:200])


def _to_backup(clock, step, roster, *, now):
    handoff = clock.handoff
    if handoff.owner is None:
        return "It waits in a pool, where nobody has a backup"
    to = backup_of(handoff.owner, now=now)
    if to is None:
        return _to_pool(clock, step, roster, now=now)
    _move(clock, to, now=now)
    return f"Moved from {handoff.owner} to {to}"


def backup_of(rep, *, now):
    """Return who takes a rep's leads: their cover while they are away, else the colleague of their
    team who is there and has the least open work; or None."""
    absence = Absence.objects.away(now).filter(rep=rep).first()
    cover = stand_in(absence, at=now) if absence else None
    if cover:
        return cover
    away = Absence.objects.away(now).values("rep")
    there = Rep.objects.filter(team=rep.team, user__is_active=True, in_rotation=True)
    there = there.exclude(pk=rep.pk).exclude(pk__in=away)
    held = Count("handoffs", filter=Q(handoffs__state__in=PLACED))
    return there.annotate(held=held).order_by("held", "pk").select_related("user").first()


def _to_pool(clock, step, roster, *, now):
    handoff = clock.handoff
    pool = pool_of(handoff) if handoff.owner else None
    if pool is None:
        return "There is no pool to move it to"
    owner = handoff.owner
    _move(clock, pool, now=now)
    return f"Moved from {owner} to {pool}"


def _move(clock, to, *, now):
    # The clock's own handoff stays as it was told of; what is moved is read anew.
    handoff = Handoff.objects.select_related("lead", "owner__user", "pool").get(pk=clock.handoff_id)
    reason = f"{clock.get_kind_display()} was late"
    kind = Reassignment.Kind.MANAGER
    Reassignment.objects.move(handoff, to=to, kind=kind, by=None, reason=reason, now=now)


def _out_of_rotation(clock, step, roster, *, now):
    rep = clock.handoff.owner
    if rep is None:
        return "It waits in a pool, so nobody is silent"
    taken = Rep.objects.filter(pk=rep.pk, in_rotation=True).update(in_rotation=False)
    if not taken:
        return f"{rep} was out of rotation already"
    Silence.objects.create(rep=rep, clock=clock, since=now)
    event = clock.handoff.lead.record(
        "sla.out_of_rotation",
        now=now,
        cause=f"{clock.get_kind_display()} was late",
        handoff=clock.handoff_id,
        rep=rep.pk,
    )
    for user in {*roster.owners(clock.handoff), *roster.managers(clock.handoff)}:
        Delivery.objects.tell(
            user,
            event=event,
            now=now,
            url=url_of(clock.handoff),
            subject=f"{rep} gets no new leads for now",
            body=f"{clock.get_kind_display()} was late: {told_in_words(clock.handoff)}. "
            "Whoever is back at work says so at the top of the queue; the manager can, too.",
        )
    return f"{rep} taken out of rotation"


def _call_webhooks(clock, step, roster, *, now):
    """Tell whoever listens outside: the outbox has a message for each with this very event."""
    clock.handoff.lead.record(
        CALLED,
        now=now,
        cause=f"{clock.get_kind_display()} by {clock.policy}"[:200],
        handoff=clock.handoff_id,
        clock=clock.kind,
        due_at=clock.due_at.isoformat(),
        step=step["key"],
    )
    listen = Endpoint.objects.listening_to(CALLED).values_list("name", flat=True)
    return f"Webhooks called: {', '.join(listen)}" if listen else "No endpoint listens for this"


def _release(clock, step, roster, *, now):
    qualification = clock.handoff.qualification
    try:
        qualification.confirm(by=None, now=now, note="Nobody reviewed it in time")
    except NeverPasses:
        return _decline(clock, step, roster, now=now)
    return "Released without review"


def _decline(clock, step, roster, *, now):
    clock.handoff.qualification.decline(by=None, now=now, note="Nobody reviewed it in time")
    return "Declined without review"


ACTS = {
    Action.BACKUP: _to_backup,
    Action.POOL: _to_pool,
    Action.ROTATION: _out_of_rotation,
    Action.WEBHOOK: _call_webhooks,
    Action.RELEASE: _release,
    Action.DECLINE: _decline,
}
