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
