import uuid

from django.conf import settings
from django.db import models, transaction

from leads.deadlocks import retried
from routing import signals
from routing.models.handoff import Handoff
from routing.models.refused import Refused


class QuestionQuerySet(models.QuerySet["Question"]):
    def visible_to(self, user):
        """The questions about handoffs that this user sees."""
        return self.filter(handoff__in=Handoff.objects.visible_to(user).values("pk"))

    def open(self):
        return self.filter(answered_at=None)

    @retried
    @transaction.atomic
    def ask(self, handoff, *, by, text, now, to=None, meeting=False, nonce=None):
        """Ask marketing about a lead and return the question; they are told.

        `to` is one marketer, None all of them; with `meeting` they are asked to join the first
        meeting. A second call with the same `nonce` returns the question of the first. Raise
        Refused for a lead that was erased.
        """
        held = Handoff.objects.select_for_update(of=("self",)).get(pk=handoff.pk)
        again = nonce and self.filter(handoff=held, nonce=nonce, asked_by=by).first()
        if again:
            return again
        if held.lead.erased_at:
            raise Refused("The lead was erased.")
        question = self.create(
            handoff=held,
            asked_by=by,
            to=to,
            text=text,
            meeting=meeting,
            asked_at=now,
            nonce=nonce or uuid.uuid4(),
        )
        event = held.lead.record(
            "routing.marketing_asked", now=now, by=by, handoff=held.pk, note=text, meeting=meeting
        )
        signals.marketing_asked.send(sender=Question, question=question, event=event, now=now)
        return question


class Question(models.Model):
    """What sales wants to know of marketing about one lead, and the answer."""

    handoff = models.ForeignKey(Handoff, models.CASCADE, related_name="questions")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    meeting = models.BooleanField(default=False, help_text="They are asked to join the first one.")
    asked_at = models.DateTimeField()
    nonce = models.UUIDField()
    answer = models.TextField(blank=True, default="")
    joins = models.BooleanField(null=True, help_text="Whether they join the first meeting.")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "asked_by", "nonce"], name="routing_one_question_per_form"
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at=None, answered_by=None)
                | models.Q(answered_at__isnull=False, answered_by__isnull=False),
                name="routing_an_answer_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=models.Q(answered_at=None),
                name="routing_question_open",
            )
        ]

    def __str__(self):
        return f"Question {self.pk} of {self.asked_by}"

    @transaction.atomic
    def reply(self, *, by, text, now, joins=None):
        """Answer it, once; whoever asked is told. Raise Refused if somebody was faster."""
        joins = bool(joins) if self.meeting else None
        said = {"answer": text, "joins": joins, "answered_by": by, "answered_at": now}
        if not Question.objects.open().filter(pk=self.pk).update(**said):
            self.refresh_from_db()
            raise Refused(f"{self.answered_by} has answered this already.")
        self.refresh_from_db()
        cause = "Joins the first meeting" if joins else ""
        event = self.handoff.lead.record(
            "routing.marketing_answered",
            now=now,
            by=by,
            cause=cause,
            handoff=self.handoff_id,
            note=text,
        )
        signals.question_answered.send(sender=Question, question=self, event=event, now=now)
