"""A definition is signed by marketing and by sales, two people, before it holds."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import models, transaction
from django.urls import reverse

from leads.models.delivery import Delivery
from leads.models.event import Event
from leads.models.user import User
from leads.versions import Version, hash_of, one_at_a_time


class NotPublishable(Exception):
    """The draft lacks something that every published definition has."""


class NotApprovable(Exception):
    """This person cannot approve this version, for the reason given."""


class Side(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"


def side_of(user):
    """Return the side for which this person signs, by their groups; None for neither or both."""
    # has_perm() would give a superuser both sides: the groups alone say on which one stands.
    held = Permission.objects.filter(
        group__user=user, codename__in=[f"approve_for_{side}" for side in Side.values]
    )
    sides = {name.removeprefix("approve_for_") for name in held.values_list("codename", flat=True)}
    return Side(sides.pop()) if user.is_active and len(sides) == 1 else None


def signers():
    """Return everybody who signs for one of the sides."""
    wanted = [f"approve_for_{side}" for side in Side.values]
    people = User.objects.filter(is_active=True, groups__permissions__codename__in=wanted)
    return [person for person in people.distinct().order_by("pk") if side_of(person)]


class Approval(models.Model):
    """One side's signature under a version, as it stood then."""

    definition = models.ForeignKey("MQLDefinition", models.CASCADE, related_name="approvals")
    side = models.CharField(max_length=10, choices=Side)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    content_hash = models.CharField(max_length=64)
    approved_at = models.DateTimeField()

    class Meta:
        ordering = ["approved_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["definition", "side"], name="leads_one_approval_a_side"
            ),
            models.UniqueConstraint(
                fields=["definition", "user"], name="leads_one_approval_a_person"
            ),
        ]

    def __str__(self):
        return f"{self.get_side_display()}: {self.user}"


class SignedOff(Version):
    """A version that is drafted, put up for sign-off, signed by both sides, then published."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "Waiting for sign-off"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    # What its subclass has.
    version: Any
    approvals: Any
    objects: Any

    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, editable=False)
    publish_at = models.DateTimeField(
        null=True, editable=False, help_text="When it goes live by itself, once both have signed."
    )
    not_published_because = models.CharField(
        max_length=500,
        default="",
        editable=False,
        help_text="Why it did not go live when it was to; empty as soon as somebody deals with it.",
    )

    class Meta:
        abstract = True

    @property
    def in_review(self):
        return self.state == self.State.IN_REVIEW

    def missing_sides(self):
        """Return the sides that have not signed this version."""
        signed = {approval.side for approval in self.approvals.all()}
        return [side for side in Side if side not in signed]

    @transaction.atomic
    def submit(self, *, by, now):
        """Freeze the draft as it is and ask both sides to sign it.

        Raise NotPublishable, naming what it lacks, or ValidationError for a rule that no longer
        makes sense.
        """
        one_at_a_time(type(self))
        draft = self._now_in(self.State.DRAFT)
        draft.add_guides()
        compiled = draft.compile()
        draft.check_publishable(compiled, today=now.date())
        type(self).objects.filter(pk=self.pk).update(
            state=self.State.IN_REVIEW,
            compiled=compiled,
            content_hash=hash_of(compiled),
            submitted_by=by,
            submitted_at=now,
        )
        self.refresh_from_db()
        event = self._record("leads.definition_submitted", by=by, now=now)
        self._tell(
            signers(),
            event=event,
            subject=f"{self} waits for your signature",
            body="See what it says and what it would change, then approve it for your side.",
        )

    @transaction.atomic
    def withdraw(self, *, by, now, note=""):
        """Make a version that waits for sign-off a draft again; its approvals are void.

        `note` says what should change; whoever put it up reads it.
        """
        one_at_a_time(type(self))
        self._now_in(self.State.IN_REVIEW)
        self.approvals.all().delete()
        type(self).objects.filter(pk=self.pk).update(
            state=self.State.DRAFT,
            compiled=None,
            content_hash="",
            publish_at=None,
            not_published_because="",
        )
        self.refresh_from_db()
        event = self._record("leads.definition_withdrawn", by=by, now=now, note=note)
        self._tell(
            [self.submitted_by] if self.submitted_by else [],
            event=event,
            subject=f"{self} is a draft again",
            body=note or "It was taken back from sign-off.",
        )

    @transaction.atomic
    def approve(self, *, by, now):
        """Sign the version for the side on which this person stands; return the Approval.

        Raise NotApprovable for somebody on neither side or both, and where the side has signed
        or an example is red; NotPublishable if it does not wait for sign-off.
        """
        one_at_a_time(type(self))
        version = self._now_in(self.State.IN_REVIEW)
        side = side_of(by)
        if side is None:
            raise NotApprovable("Marketing and sales sign; your roles put you on neither side.")
        if side not in version.missing_sides():
            raise NotApprovable(f"{side.label} has signed already.")
        if version.approvals.filter(user=by).exists():
            raise NotApprovable("You have signed it for the other side.")
        version.check_publishable(version.compiled, today=now.date())
        approval = version.approvals.create(
            side=side, user=by, content_hash=version.content_hash, approved_at=now
        )
        if version.publish_at and version.publish_at <= now:
            # It was to be published only if both had signed by then.
            type(self).objects.filter(pk=self.pk).update(publish_at=None)
        event = self._record("leads.definition_approved", by=by, now=now, side=side)
        if self.submitted_by and not version.missing_sides():
            self._tell(
                [self.submitted_by],
                event=event,
                subject=f"Both sides have signed {self}",
                body="Publish it now, or at a time that you choose.",
            )
        self.refresh_from_db()
        return approval

    @transaction.atomic
    def publish(self, *, by, now):
        """Make the version that both sides signed live and retire the one before.

        Raise NotPublishable while a signature is missing, and where another version went live
        after this one was put up: what was signed was a change to something else. Leads are
        rescored by the sweep that looks for scores of an older version.
        """
        one_at_a_time(type(self))
        version = self._now_in(self.State.IN_REVIEW)
        missing = version.missing_sides()
        if missing:
            sides = " and ".join(side.label.lower() for side in missing)
            have = "have" if missing[1:] else "has"
            raise NotPublishable(f"{sides.capitalize()} {have} not signed it yet.")
        since = type(self).objects.filter(
            state=self.State.PUBLISHED, published_at__gt=version.submitted_at
        )
        if newer := since.first():
            raise NotPublishable(
                f"{newer} went live after this one was put up for sign-off. Take it back, look at "
                "what is different now, and have it signed again."
            )
        type(self).objects.filter(pk=self.pk).update(not_published_because="")
        self.go_live(version.compiled, instead_of=type(self).objects.all(), by=by, now=now)
        self._record("leads.definition_published", by=by, now=now)

    @transaction.atomic
    def schedule(self, *, at, by, now):
        """Publish at that moment, if both sides have signed by then; None takes that back."""
        one_at_a_time(type(self))
        self._now_in(self.State.IN_REVIEW)
        if at is not None and at <= now:
            raise NotPublishable("Choose a moment that is still to come.")
        type(self).objects.filter(pk=self.pk).update(publish_at=at, not_published_because="")
        self.refresh_from_db()
        self._record("leads.definition_scheduled", by=by, now=now, at=at and at.isoformat())

    @transaction.atomic
    def publish_as_planned(self, *, now):
        """Publish if it is still planned for now or before; return whether it went live.

        Where it cannot, the plan is over, and those who put it up and signed it are told why.
        """
        one_at_a_time(type(self))
        if not type(self).due(now=now).filter(pk=self.pk).exists():
            return False
        try:
            self.publish(by=self.submitted_by, now=now)
        except NotPublishable as error:
            self._give_up(str(error), now=now)
            return False
        return True

    def _give_up(self, reason, *, now):
        planned = type(self).objects.get(pk=self.pk).publish_at
        type(self).objects.filter(pk=self.pk).update(
            publish_at=None, not_published_because=reason[:500]
        )
        self.refresh_from_db()
        event = self._record(
            "leads.definition_not_published",
            by=None,
            now=now,
            planned=planned.isoformat(),
            reason=reason,
        )
        people = [self.submitted_by, *(one.user for one in self.approvals.select_related("user"))]
        self._tell(
            dict.fromkeys(person for person in people if person and person.is_active),
            event=event,
            subject=f"{self} did not go live as planned",
            body=reason,
        )

    @classmethod
    def due(cls, *, now):
        """Return the versions whose moment has come, signed or not, oldest moment first."""
        found = cls.objects.filter(state=cls.State.IN_REVIEW, publish_at__lte=now)
        return found.order_by("publish_at", "pk")

    def _now_in(self, state):
        """Return the row as it is now, under the lock. Raise NotPublishable in another state."""
        found = type(self).objects.get(pk=self.pk)
        if found.state != state:
            raise NotPublishable(f"{found} is {found.get_state_display().lower()}.")
        return found

    def _tell(self, people, *, event, subject, body):
        url = reverse("portal:definition-version", args=[self.version])
        for person in people:
            if person != event.actor:
                Delivery.objects.tell(
                    person, event=event, now=event.happened_at, url=url, subject=subject, body=body
                )

    def _record(self, kind, *, by, now, **data):
        return Event.objects.create(
            kind=kind, actor=by, data={"version": self.version, **data}, happened_at=now
        )
