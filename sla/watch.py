"""Notices deadlines: each step of each clock once, however many workers look."""

from django.utils.formats import date_format

from leads.models import Delivery
from leads.sweep import one_by_one
from routing.models import Handoff
from routing.notifications import told_in_words, url_of
from sla.clocks import just_after
from sla.models import Clock, Escalation

BATCH = 200


def watch(*, now):
    """Take every step that is due; return how many were taken.

    Steps are claimed with SKIP LOCKED, clock by clock in short transactions. A sweep that comes
    late takes the same steps; both times are kept.
    """
    running = Clock.objects.filter(next_step_at__lte=now, state=Clock.State.RUNNING)
    # What is routed again has nobody to tell for a second or two: whoever gets it is told.
    running = running.exclude(handoff__state=Handoff.State.NEW)

    def claim(passed_over):
        due = running.exclude(pk__in=passed_over).order_by("next_step_at")
        return due.select_for_update(skip_locked=True, of=("self",)).first()

    return one_by_one(claim, lambda clock: _step(clock, now=now), limit=BATCH)


def _step(clock, *, now):
    # The late step is due just after the deadline: what is done at the very deadline is in time.
    is_late = now > clock.due_at
    step = Escalation.Step.LATE if is_late else Escalation.Step.REMIND
    due_at = clock.due_at if is_late else clock.next_step_at
    clock.next_step_at = None if is_late else just_after(clock.due_at)
    clock.save(update_fields=["next_step_at"])
    _take(clock, step, due_at=due_at, now=now)


def _take(clock, step, *, due_at, now):
    _, new = Escalation.objects.get_or_create(
        clock=clock, step=step, defaults={"due_at": due_at, "noticed_at": now}
    )
    if not new:
        return
    handoff = clock.handoff
    kind = "sla.breached" if step == Escalation.Step.LATE else "sla.reminded"
    event = handoff.lead.record(
        kind,
        now=now,
        cause=f"{clock.get_kind_display()} by {clock.policy}",
        handoff=handoff.pk,
        clock=clock.kind,
        due_at=clock.due_at.isoformat(),
        noticed_at=now.isoformat(),
    )
    promise = clock.get_kind_display().lower()
    verb = "is late" if step == Escalation.Step.LATE else "is due soon"
    for user in _recipients(handoff, step):
        zone = user.tzinfo
        due = date_format(clock.due_at.astimezone(zone), "D j M H:i")
        Delivery.objects.tell(
            user,
            event=event,
            now=now,
            url=url_of(handoff),
            subject=f"{clock.get_kind_display()} {verb}: {told_in_words(handoff)}",
            body=f"The {promise} was promised by {due} ({zone.key}), by policy {clock.policy}.",
        )


def _recipients(handoff, step):
    """The owner, or the team's reps for a pooled lead; when late, the team's manager too.

    Nobody who has left is told; without anybody else to tell, the manager is.
    """
    team = handoff.owner.team if handoff.owner else handoff.pool.team
    reps = [handoff.owner] if handoff.owner else team.reps.select_related("user")
    people = [rep.user for rep in reps if rep.user.is_active]
    manager = team.manager if team.manager and team.manager.is_active else None
    if manager and manager not in people and (step == Escalation.Step.LATE or not people):
        people.append(manager)
    return people
