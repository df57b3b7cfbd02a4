"""What happens when an absence begins and when it ends: each once, however many sweeps look."""

from django.utils.formats import date_format

from leads.models import Event
from leads.sweep import one_by_one
from routing import notifications
from routing.models import Absence, Handoff, Reassignment
from routing.models.reassignment import PLACED, pool_of

LIMIT = 50  # absences that one sweep deals with


def begin(*, now):
    """Deal with the open work of absences that have begun; return how many there were."""
    begun = Absence.objects.filter(starts_at__lte=now, begun_at=None)
    return one_by_one(_next(begun), lambda absence: _begin(absence, now=now), limit=LIMIT)


def end(*, now):
    """Tell those who are back what others hold of theirs; return how many absences ended."""
    over = Absence.objects.filter(ends_at__lte=now, returned_at=None).exclude(begun_at=None)
    return one_by_one(_next(over), lambda absence: _end(absence, now=now), limit=LIMIT)


def _next(absences):
    def claim(passed_over):
        left = absences.exclude(pk__in=passed_over).order_by("starts_at", "pk")
        return left.select_for_update(skip_locked=True, of=("self",)).first()

    return claim


def _begin(absence, *, now):
    absence.begun_at = now
    absence.save(update_fields=["begun_at"])
    # One that is noticed only when it is over moves nothing any more.
    if absence.on_open_work == Absence.OpenWork.STAYS or not absence.is_on(now):
        return
    held = Handoff.objects.filter(owner=absence.rep, state__in=PLACED).order_by("pk")
    cover = stand_in(absence, at=now)
    until = date_format(absence.ends_at.astimezone(absence.rep.user.tzinfo), "D j M H:i")
    reason = f"{absence.rep} is away until {until}"
    moved = []
    for handoff in held.select_for_update(of=("self",)):
        to = cover if absence.on_open_work == Absence.OpenWork.COVER else None
        to = to or pool_of(handoff)
        if to is not None:
            kind = Reassignment.Kind.ABSENCE
            why = {"kind": kind, "reason": reason, "absence": absence, "by": None}
            moved.append(Reassignment.objects.move(handoff, to=to, now=now, quietly=True, **why))
    if moved:
        Reassignment.objects.tell(moved, cause=reason, now=now)


def stand_in(absence, *, at):
    """Return who covers at this instant, following those who are away themselves; or None."""
    seen = {absence.rep}
    while absence is not None and absence.cover and absence.cover not in seen:
        cover = absence.cover
        seen.add(cover)
        absence = Absence.objects.away(at).filter(rep=cover).first()
        if absence is None:
            return cover if cover.user.is_active else None
    return None


def _end(absence, *, now):
    absence.returned_at = now
    absence.save(update_fields=["returned_at"])
    held = Reassignment.objects.held_for(absence.rep).filter(absence=absence).count()
    if held and absence.rep.user.is_active:
        event = Event.objects.create(
            kind="routing.returned",
            cause=f"{absence.rep} is back",
            data={"absence": absence.pk},
            happened_at=now,
        )
        notifications.tell_of_return(absence.rep.user, held, event=event, now=now)


def finish(absence, *, now):
    """End an absence early, or call off one that has not begun; return whether it had."""
    on = Absence.objects.filter(pk=absence.pk, starts_at__lt=now, ends_at__gt=now)
    if on.update(ends_at=now):
        return True
    Absence.objects.filter(pk=absence.pk, starts_at__gte=now, begun_at=None).delete()
    return False


def unattended(rep, starts_at, ends_at):
    """Return `(pools, from, until)` of the first time in this range when nobody takes turns.

    None where somebody of the rep's team is always there. Their own absences in the range count.
    """
    others = rep.team.reps.filter(user__is_active=True, in_rotation=True).exclude(pk=rep.pk)
    there = set(others.values_list("pk", flat=True))
    away = list(Absence.objects.during(starts_at, ends_at).filter(rep__in=there))
    # Whoever is away changes only where an absence begins.
    for at in sorted({starts_at, *(one.starts_at for one in away if one.starts_at > starts_at)}):
        gone = [one for one in away if one.is_on(at)]
        if {one.rep_id for one in gone} == there:
            pools = list(rep.team.pools.all())
            return (pools, at, min([ends_at, *(one.ends_at for one in gone)])) if pools else None
    return None
