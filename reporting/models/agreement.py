"""What marketing and sales promise each other, in revisions that both sides sign."""

from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse

from leads.models import Delivery, Event, Side, side_of, signers
from leads.versions import hash_of, one_at_a_time

MAY_REVISE = "reporting.revise_agreement"
REVISED_AFTER = timedelta(days=92)  # a quarter


class NotAgreed(Exception):
    """The step cannot be taken, for the reason given in words."""


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def visible_to(self, user):
        """Everybody reads what is promised and what waits; drafts are for who may write them."""
        if user.has_perm(MAY_REVISE):
            return self
        return self.exclude(state=Agreement.State.DRAFT)

    def in_force(self):
        """Return the agreement that holds, or None before the first one."""
        return self.filter(state=Agreement.State.IN_FORCE).first()

    def proposed(self):
        """Return the revision that is drafted or waits for signatures, or None."""
        return self.filter(state__in=(Agreement.State.DRAFT, Agreement.State.IN_REVIEW)).first()

    @transaction.atomic
    def draft(self, *, targets, currency="", note="", by, now):
        """Keep what the next revision is to promise and return it; it has no effect yet.

        Raise NotAgreed while one waits for signatures.
        """
        one_at_a_time(Agreement)
        found = self.proposed()
        if found is None:
            number = (self.aggregate(last=models.Max("number"))["last"] or 0) + 1
            found = Agreement(number=number)
        found.must_be(Agreement.State.DRAFT)
        found.targets = {key: target for key, target in targets.items() if target is not None}
        if not found.targets:
            raise NotAgreed("Promise at least one number.")
        found.currency, found.note = currency, note
        found.drafted_by, found.drafted_at = by, now
        found.save()
        return found


class Agreement(models.Model):
    """One revision: how many of what each side promises in a month."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "Waiting for both signatures"
        IN_FORCE = "in_force", "In force"
        REPLACED = "replaced", "Replaced"

    number = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    targets = models.JSONField(default=dict, help_text="A month's number by the metric's key.")
    currency = models.CharField(
        max_length=3, blank=True, default="", help_text="ISO 4217 code of the revenue."
    )
    note = models.CharField(max_length=300, blank=True, default="")
    drafted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField()
    in_force_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="in_force"),
                name="reporting_one_agreement_in_force",
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(state__in=["draft", "in_review"]),
                name="reporting_one_agreement_proposed",
            ),
        ]
        permissions = [("revise_agreement", "Can draft what both sides promise each other")]

    def __str__(self):
        return f"Agreement {self.number}"

    @property
    def content_hash(self):
        """Names what is signed: the same for the same promises and note."""
        return hash_of({"targets": self.targets, "currency": self.currency, "note": self.note})

    def missing_sides(self):
        """Return the sides that have not signed."""
        signed = {signature.side for signature in self.signatures.all()}
        return [side for side in Side if side not in signed]

    def is_due(self, *, now):
        """Whether it has been in force for a quarter and is to be looked at again."""
        return self.state == self.State.IN_FORCE and now - self.in_force_at >= REVISED_AFTER

    def must_be(self, state):
        """Raise NotAgreed in another state."""
        if self.state != state:
            raise NotAgreed(f"{self} is {self.get_state_display().lower()}.")

    @transaction.atomic
    def submit(self, *, by, now):
        """Ask both sides to sign the draft as it is."""
        self._claim(self.State.DRAFT, self.State.IN_REVIEW)
        event = self._record("submitted", by=by, now=now)
        _tell(
            [person for person in signers() if person != by],
            event=event,
            subject=f"{self} waits for your signature",
            body="See what each side promises, then sign it for yours.",
        )

    @transaction.atomic
    def withdraw(self, *, by, now):
        """Make it a draft again; what was signed is void."""
        self._claim(self.State.IN_REVIEW, self.State.DRAFT)
        self.signatures.all().delete()
        event = self._record("withdrawn", by=by, now=now)
        if self.drafted_by != by:
            body = "It was taken back from signing."
            _tell([self.drafted_by], event=event, subject=f"{self} is a draft again", body=body)

    @transaction.atomic
    def sign(self, *, by, content_hash, now):
        """Sign what this person has read for their side; with both signatures it is in force.

        Raise NotAgreed for somebody on neither side or both, where the side has signed, and where
        `content_hash` says that it has changed since it was read.
        """
        one_at_a_time(Agreement)
        self.refresh_from_db()
        self.must_be(self.State.IN_REVIEW)
        side = side_of(by)
        if side is None:
            raise NotAgreed("Marketing and sales sign; your roles put you on neither side.")
        if side not in self.missing_sides():
            raise NotAgreed(f"{side.label} has signed already.")
        if content_hash != self.content_hash:
            raise NotAgreed("It has changed since you read it. Read it again, then sign.")
        self.signatures.create(side=side, user=by, signed_at=now)
        self._record("signed", by=by, now=now, side=side)
        if not self.missing_sides():
            self._come_into_force(by=by, now=now)

    def _come_into_force(self, *, by, now):
        live = Agreement.objects.filter(state=self.State.IN_FORCE)
        live.update(state=self.State.REPLACED, replaced_at=now)
        taken = Agreement.objects.filter(pk=self.pk, state=self.State.IN_REVIEW)
        taken.update(state=self.State.IN_FORCE, in_force_at=now)
        self.refresh_from_db()
        event = self._record("in_force", by=by, now=now, targets=self.targets)
        _tell(
            [person for person in signers() if person != by],
            event=event,
            subject=f"{self} is in force",
            body="Both sides have signed it.",
        )

    def _claim(self, seen, state):
        one_at_a_time(Agreement)
        if not Agreement.objects.filter(pk=self.pk, state=seen).update(state=state):
            self.refresh_from_db()
            self.must_be(seen)
        self.refresh_from_db()

    def _record(self, what, *, by, now, **data):
        facts = {"agreement": self.number, **data}
        kind = f"reporting.agreement_{what}"
        return Event.objects.create(kind=kind, actor=by, data=facts, happened_at=now)


class Signature(models.Model):
    """One side's signature under a revision, as it stood then."""

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="signatures")
    side = models.CharField(max_length=10, choices=Side)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()

    class Meta:
        ordering = ["signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "side"], name="reporting_one_signature_a_side"
            ),
            models.UniqueConstraint(
                fields=["agreement", "user"], name="reporting_one_signature_a_person"
            ),
        ]

    def __str__(self):
        return f"{self.get_side_display()}: {self.user}"


def _tell(people, *, event, subject, body):
    url = reverse("portal:agreement")
    for person in people:
        Delivery.objects.tell(
            person, event=event, now=event.happened_at, url=url, subject=subject, body=body
        )
