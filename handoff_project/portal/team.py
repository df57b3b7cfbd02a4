"""What a manager of teams looks after."""

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.formats import date_format

from routing.models import Absence, Rep, Team
from routing.models.reassignment import reassignable_by


def manages(user):
    """Whether this person answers for any team, or for all."""
    everywhere = user.has_perm("routing.reassign_every_handoff")
    return everywhere or Team.objects.filter(manager=user).exists()


def left_behind(user):
    """The reps who left and still hold leads that this person may reassign, with `held`."""
    held = reassignable_by(user).filter(owner__user__is_active=False)
    found = held.order_by().values("owner").annotate(held=Count("pk"), due=Min("next_due_at"))
    reps = Rep.objects.select_related("user", "team").in_bulk([one["owner"] for one in found])
    for one in found:
        reps[one["owner"]].held, reps[one["owner"]].due = one["held"], one["due"]
    return sorted(reps.values(), key=str)


def availability(reps, *, now):
    """Say of each rep, by id, whether they could take a lead now, and if not why."""
    reps = list(reps)
    away = {one.rep_id: one for one in Absence.objects.away(now).filter(rep__in=reps)}
    found = {}
    for rep in reps:
        if not rep.user.is_active:
            found[rep.pk] = "No longer active"
        elif rep.pk in away:
            back = timezone.localtime(away[rep.pk].ends_at)
            found[rep.pk] = f"Away until {date_format(back, 'D j M H:i')}"
        elif not rep.in_rotation:
            found[rep.pk] = "Out of rotation"
        elif not rep.working_calendar.current().hours().is_open(now):
            found[rep.pk] = "Off hours"
        else:
            found[rep.pk] = "Available"
    return found
