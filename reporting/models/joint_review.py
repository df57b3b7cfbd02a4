"""The monthly review: both sides judge ten recent MQLs, each before it sees the other's verdict."""

from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import models, transaction

from leads.models import MQLDefinition, Side, side_of
from leads.versions import one_at_a_time
from routing.models import Handoff

SIZE = 10  # MQLs of one review
RECENT = 200  # the newest MQLs, from which they are drawn
DUE_AFTER = timedelta(days=31)


class NotReviewable(Exception):
    """The step cannot be taken, for the reason given in words."""


def drawn(handoffs, *, seed, size=SIZE):
    """Return so many of these handoffs, all where there are fewer; the same for the same seed.

    Stratified: of each state in turn one, so that those who were sent back, became SQLs and still
    wait are all looked at.
    """

    def lot(handoff):
        return sha256(f"{seed} {handoff.pk}".encode()).digest()

    strata: dict[str, list] = {}
    for handoff in sorted(handoffs, key=lot):
        strata.setdefault(handoff.state, []).append(handoff)
    found: list = []
    in_turn = [strata[state] for state in sorted(strata)]
    while any(in_turn) and len(found) < size:
        found += [rest.pop(0) for rest in in_turn if rest][: size - len(found)]
    return found


class JointReviewQuerySet(models.QuerySet["JointReview"]):
    def newest(self):
        return self.order_by("-number").first()

    def is_due(self, *, now):
        """Whether a month has passed since one was closed, or, before the first, since an MQL."""
        closed = self.exclude(closed_at=None).order_by("-closed_at").first()
        if closed is not None:
            return closed.closed_at < now - DUE_AFTER
        first = Handoff.objects.filter(kind=Handoff.Kind.FIRST).order_by("opened_at").first()
        return first is not None and first.opened_at < now - DUE_AFTER

    @transaction.atomic
    def begin(self, *, by, now, seed=None):
        """Draw the MQLs of a new review and return it.

        Raise NotReviewable for somebody of neither side, while one is open, or before any MQL.
        """
        if side_of(by) is None:
            raise NotReviewable("Only who signs for marketing or for sales begins a review.")
        one_at_a_time(JointReview)
        newest = self.newest()
        if newest is not None and newest.closed_at is None:
            raise NotReviewable(f"{newest} is open: finish it first.")
        number = newest.number + 1 if newest else 1
        mqls = Handoff.objects.filter(kind=Handoff.Kind.FIRST, lead__erased_at=None)
        mqls = mqls.exclude(state__in=(Handoff.State.REVIEW, Handoff.State.WITHDRAWN))
        recent = mqls.only("pk", "state").order_by("-opened_at", "-pk")[:RECENT]
        seed = number if seed is None else seed
        found = drawn(recent, seed=seed)
        if not found:
            raise NotReviewable("No lead has become an MQL yet.")
        review = self.create(number=number, seed=seed, begun_by=by, begun_at=now)
        rows = [ReviewItem(review=review, handoff=one, position=n) for n, one in enumerate(found)]
        ReviewItem.objects.bulk_create(rows)
        return review


class JointReview(models.Model):
    """One sitting of both sides over some MQLs."""

    number = models.PositiveIntegerField(unique=True)
    seed = models.PositiveIntegerField(help_text="The same seed draws the same MQLs.")
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    minutes = models.TextField(blank=True, default="")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)

    objects = JointReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(closed_at=None),
                name="reporting_one_open_review",
            ),
        ]

    def __str__(self):
        return f"Joint review {self.number}"

    @transaction.atomic
    def decide(self, text, *, by, now, definition=None):
        """Keep what both sides decided, with the version of the definition that it led to."""
        self._must_be_open(by)
        return self.decisions.create(
            text=text, definition=definition, decided_by=by, decided_at=now
        )

    @transaction.atomic
    def close(self, *, minutes, by, now):
        """End it with its minutes. Raise NotReviewable before both sides judged every MQL."""
        self._must_be_open(by)
        if waiting := sum(not item.is_revealed for item in self.items.prefetch_related("votes")):
            raise NotReviewable(f"{waiting} of the MQLs still wait for a verdict.")
        said = {"minutes": minutes, "closed_by": by, "closed_at": now}
        JointReview.objects.filter(pk=self.pk, closed_at=None).update(**said)
        self.refresh_from_db()

    def _must_be_open(self, by):
        held = JointReview.objects.select_for_update().get(pk=self.pk)
        if side_of(by) is None:
            raise NotReviewable("Only who signs for marketing or for sales does that.")
        if held.closed_at:
            raise NotReviewable(f"{self} was closed by {held.closed_by}.")


class ReviewItem(models.Model):
    """One MQL of a review."""

    review = models.ForeignKey(JointReview, models.CASCADE, related_name="items")
    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["review", "handoff"], name="reporting_an_mql_once")
        ]

    def __str__(self):
        return f"{self.handoff} in {self.review}"

    @property
    def by_side(self):
        """The Verdicts by side, of what is there."""
        return {vote.side: vote for vote in self.votes.all()}

    @property
    def is_revealed(self):
        """Whether both sides have judged it, so that each may see the other's verdict."""
        return len(self.by_side) == len(Side)

    @transaction.atomic
    def judge(self, *, by, good, note="", now):
        """Keep a side's verdict: whether the lead should have been handed over.

        It may be changed until the other side has judged, too. Raise NotReviewable afterwards,
        for somebody of neither side, and once the review is closed.
        """
        side = side_of(by)
        if side is None:
            raise NotReviewable("Only who signs for marketing or for sales judges.")
        ReviewItem.objects.select_for_update().get(pk=self.pk)
        if self.review.closed_at:
            raise NotReviewable(f"{self.review} is closed.")
        there = {vote.side for vote in Verdict.objects.filter(item=self)}
        if len(there) == len(Side):
            raise NotReviewable("Both sides have judged this one: the verdicts stand.")
        said = {"good": good, "note": note, "user": by, "judged_at": now}
        Verdict.objects.update_or_create(item=self, side=side, defaults=said)


class Verdict(models.Model):
    """What one side says of one MQL."""

    item = models.ForeignKey(ReviewItem, models.CASCADE, related_name="votes")
    side = models.CharField(max_length=10, choices=Side)
    good = models.BooleanField(help_text="Whether it should have been handed over.")
    note = models.CharField(max_length=300, blank=True, default="")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "side"], name="reporting_one_verdict_a_side")
        ]

    def __str__(self):
        return f"{self.get_side_display()}: {'yes' if self.good else 'no'}"


class ReviewDecision(models.Model):
    """What both sides decided in a review."""

    review = models.ForeignKey(JointReview, models.CASCADE, related_name="decisions")
    text = models.CharField(max_length=300)
    definition = models.ForeignKey(MQLDefinition, models.SET_NULL, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["decided_at", "pk"]

    def __str__(self):
        return self.text
