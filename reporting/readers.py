"""Whose numbers somebody reads in a report: a rep's own, a manager's teams', or all."""

from django.db.models import Q

from routing.models import Handoff, Rep, Team


def theirs(user, handoff=""):
    """Return what narrows rows to those that count for this person; `handoff` leads to theirs."""
    if user.has_perm("routing.view_every_handoff"):
        return Q()
    return (
        Q(**{f"{handoff}owner__user": user})
        | Q(**{f"{handoff}owner__team__manager": user})
        | Q(**{f"{handoff}pool__team__manager": user})
    )


def handoffs_of(user):
    """The handoffs whose numbers this person reads; all of them are visible to them."""
    return Handoff.objects.visible_to(user).filter(theirs(user))


def teams_of(user):
    """The teams that this person may choose from."""
    if user.has_perm("routing.view_every_handoff"):
        return Team.objects.order_by("name")
    return Team.objects.filter(manager=user).order_by("name")


def reps_of(user):
    """The reps that this person may choose from: themselves, their teams', or all."""
    reps = Rep.objects.select_related("user").order_by("user__first_name", "user__last_name", "pk")
    if user.has_perm("routing.view_every_handoff"):
        return reps
    return reps.filter(Q(team__manager=user) | Q(user=user))
