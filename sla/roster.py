"""Who is told of a promise: never nobody, and nobody who has left."""

from functools import cached_property

from django.db.models import Q

from leads.models import User
from leads.roles import MANAGER, REVOPS
from routing.models import Rep, Team

REVIEWS = "decide_qualification"


class Roster:
    """The people behind some handoffs, fetched once for all of them."""

    def __init__(self, handoffs):
        owners = {handoff.owner_id for handoff in handoffs if handoff.owner_id}
        pools = {handoff.pool_id for handoff in handoffs if handoff.pool_id}
        self.reps = Rep.objects.select_related("user", "team").in_bulk(owners)
        self.teams = {}
        teams = Team.objects.filter(Q(pools__in=pools) | Q(reps__in=owners)).distinct()
        for team in teams.select_related("manager").prefetch_related("reps__user", "pools"):
            self.teams[team.pk] = team
        self.pool_teams = {
            pool.pk: team.pk for team in self.teams.values() for pool in team.pools.all()
        }

    def team_of(self, handoff):
        """Return the team that has the handoff, or None while it is in review."""
        if handoff.owner_id:
            return self.teams[self.reps[handoff.owner_id].team_id]
        return self.teams[self.pool_teams[handoff.pool_id]] if handoff.pool_id else None

    def owners(self, handoff):
        """The rep who has it, or all reps of the team in whose pool it waits, or the reviewers."""
        if handoff.owner_id:
            people = [self.reps[handoff.owner_id].user]
        elif team := self.team_of(handoff):
            people = [rep.user for rep in team.reps.all()]
        else:
            people = self.reviewers
        return _active(people) or self.managers(handoff)

    def managers(self, handoff, *, lead=None):
        """Who answers for it: the team's manager; of a review the marketing lead (`lead`).

        Where that one has left, all managers, else RevOps, else whoever runs the system.
        """
        team = self.team_of(handoff)
        one = team.manager if team else self.user(lead) if lead else None
        return _active([one] if one else []) or self.last_resort

    def named(self, handoff, ids):
        """The people that a step names, as far as they are still here."""
        return _active([self.everybody[pk] for pk in ids if pk in self.everybody]) or self.managers(
            handoff
        )

    def user(self, pk):
        return self.everybody.get(pk)

    @cached_property
    def everybody(self):
        return User.objects.in_bulk()

    @cached_property
    def reviewers(self):
        people = User.objects.filter(groups__permissions__codename=REVIEWS)
        return list(people.distinct().order_by("pk"))

    @cached_property
    def last_resort(self):
        here = User.objects.filter(is_active=True).order_by("pk")
        roles = (Q(groups__name=MANAGER), Q(groups__name=REVOPS), Q(is_superuser=True))
        return next((found for role in roles if (found := list(here.filter(role).distinct()))), [])


def _active(people):
    return [person for person in people if person and person.is_active]
