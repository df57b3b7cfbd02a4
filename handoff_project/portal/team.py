"""What a manager of teams looks after."""

from django.db.models import Count, Min

from routing.models import Rep, Team
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
