"""Which handoffs somebody may see, holds or could take: the lists of them."""

from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from leads import bulk
from routing.models.decision import Decision
from routing.models.lease import Lease


class HandoffQuerySet(models.QuerySet):
    model: Any

    def visible_to(self, user):
        """The handoffs that this user may see, wherever they ask.

        A rep: their own, and those waiting in a pool of their team. A team's manager: the team's.
        Marketing, managers and RevOps: all.
        """
        if user.has_perm("routing.view_every_handoff"):
            return self
        if not user.is_authenticated:
            return self.none()
        # By the rep's ids: each row of theirs that is joined instead costs every page.
        rep = getattr(user, "rep", None)
        mine = waiting = Q(pk__in=[])
        if rep is not None:
            mine = Q(owner=rep)
            waiting = Q(state=self.model.State.POOLED, pool__team=rep.team_id)
        managed = Q(owner__team__manager=user) | Q(pool__team__manager=user)
        return self.filter(pk__in=self.model.objects.filter(mine | waiting | managed).values("pk"))

    def known_to(self, user):
        """The handoffs visible to this user, and those that ever waited in their team's pools.

        Of the latter a rep may be told who took them; they open what is visible alone.
        """
        # Asked of each handoff, because a claim is about one of them, however many there are.
        one = OuterRef("pk")
        asked = [self.model.objects.visible_to(user).filter(pk=one)]
        rep = getattr(user, "rep", None)
        if rep is not None:
            team = rep.team_id
            asked.append(Decision.objects.filter(handoff=one, rep=None, pool__team=team))
            moved = self.model.objects.filter(reassignments__to_pool__team=team)
            asked.append(moved.filter(pk=one))
        return self.filter(reduce(or_, map(Exists, asked)))

    def open(self):
        return self.filter(state__in=self.model.OPEN)

    def owned_by(self, user):
        """The handoffs that wait for this rep: offered or accepted."""
        return self.filter(owner__user=user, state__in=self.model.HELD)

    def snoozed(self, *, now):
        """Those that their reps do not want to see yet; no deadline of theirs has passed.

        One that was accepted since is back.
        """
        in_time = Q(next_due_at=None) | Q(next_due_at__gt=now)
        in_time &= Q(accepted_at=None) | Q(accepted_at__lte=F("snooze__snoozed_at"))
        held = {"state__in": self.model.HELD, "snooze__rep": F("owner")}
        return self.filter(in_time, snooze__until__gt=now, **held)

    def awake(self, *, now):
        """All but those that are snoozed."""
        snoozed = self.model.objects.snoozed(now=now).filter(pk=OuterRef("pk"))
        return self.filter(~Exists(snoozed))

    def waiting_for_team_of(self, user):
        """The handoffs in the pools of this rep's team."""
        return self.filter(state=self.model.State.POOLED, pool__team__reps__user=user)

    def waiting_for_somebody(self):
        """Those in a pool only because nobody could take them when they were routed.

        One at which a rep looks now, by *Work next*, is theirs to take or to skip.
        """
        newer = Decision.objects.filter(handoff=OuterRef("handoff"), pk__gt=OuterRef("pk"))
        nobody = Decision.objects.filter(
            ~Exists(newer), handoff=OuterRef("pk"), pool=OuterRef("pool"), nobody=True
        )
        looked_at = Exists(Lease.objects.in_force().filter(handoff=OuterRef("pk")))
        return self.filter(Exists(nobody), ~looked_at, state=self.model.State.POOLED)

    def after(self, place):
        """Those that were opened after this `(moment, id)`."""
        moment, pk = place
        return self.filter(Q(opened_at__gt=moment) | Q(opened_at=moment, pk__gt=pk))

    def set_next_due(self, moments):
        """Note the earliest deadline that runs of each of these handoffs, at once."""
        bulk.change(self.model, ["next_due_at"], [[one.pk, at] for one, at in moments.items()])
        for handoff, at in moments.items():
            handoff.next_due_at = at

    def for_queue(self):
        """In the order in which they are worked: deadline, then score; with what a row shows."""
        return self.select_related("lead__company", "owner__user", "pool").order_by(
            F("next_due_at").asc(nulls_last=True), "-score", "pk"
        )
