"""What a rep finds out before a lead is an SQL: the questions, the answers, and the gate."""

from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import Q

from leads.deadlocks import retried
from routing.models.refused import Refused


class ChecklistQuestion(models.Model):
    """One thing to find out, as both sides agreed on it."""

    class Gate(models.TextChoices):
        CONFIRMED = "confirmed", "Must be confirmed"
        ANSWERED = "answered", "Must be answered: confirmed or no"
        NONE = "none", "May stay unknown"

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    evidence = models.CharField(
        max_length=300, blank=True, default="", help_text="What counts as confirmed."
    )
    gate = models.CharField(
        max_length=9,
        choices=Gate,
        default=Gate.NONE,
        help_text="What it takes of this question for a lead to become an SQL.",
    )
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self):
        return self.label


class ChecklistAnswerQuerySet(models.QuerySet["ChecklistAnswer"]):
    @retried
    @transaction.atomic
    def note(self, handoff, *, by, said, now):
        """Keep what the rep found out; return the answers that are new or different.

        `said` maps questions to `(answer, note)`; those left out stay. Raise Refused unless this
        rep has accepted the handoff.
        """
        held = type(handoff).objects.select_for_update(of=("self",)).get(pk=handoff.pk)
        if held.state != held.State.ACCEPTED or not held.held_by(by):
            early = held.state == held.State.OFFERED and held.held_by(by)
            first = "Accept the lead first, then answer the checklist."
            raise Refused(first if early else held.standing(now=now))
        kept = {answer.question: answer for answer in self.filter(handoff=held)}
        nothing = (ChecklistAnswer.Answer.UNKNOWN, "")
        changed: list[ChecklistAnswer] = []
        for question, (answer, note) in said.items():
            row: ChecklistAnswer | None = kept.get(question)
            if (answer, note) == ((row.answer, row.note) if row else nothing):
                continue
            row = row or ChecklistAnswer(handoff=held, question=question)
            row.answer, row.note, row.answered_by, row.answered_at = answer, note, by, now
            row.save()
            changed.append(row)
        if changed:
            held.lead.record(
                "routing.checklist_answered",
                now=now,
                by=by,
                cause=", ".join(str(row) for row in changed)[:200],
                handoff=held.pk,
                answers={row.question.code: row.answer for row in changed},
            )
        return changed


class ChecklistAnswer(models.Model):
    """What is known of one question for one handoff, by whom and since when."""

    class Answer(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        UNKNOWN = "unknown", "Unknown"
        NO = "no", "No"

    handoff = models.ForeignKey("Handoff", models.CASCADE, related_name="checklist")
    question = models.ForeignKey(ChecklistQuestion, models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=9, choices=Answer, default=Answer.UNKNOWN)
    note = models.TextField(max_length=2000, blank=True, default="")
    answered_by = models.ForeignKey("leads.User", models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    objects = ChecklistAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["question__position", "question"]
        constraints = [
            models.UniqueConstraint(
                fields=["handoff", "question"], name="routing_one_answer_per_question"
            ),
        ]

    def __str__(self):
        return f"{self.question}: {self.get_answer_display().lower()}"


@dataclass(frozen=True)
class Line:
    """One question of a handoff's checklist, and what is known of it."""

    question: ChecklistQuestion
    row: ChecklistAnswer | None

    @property
    def answer(self):
        return ChecklistAnswer.Answer(self.row.answer if self.row else "unknown")

    @property
    def gap(self):
        """What is missing for an SQL in words, or nothing."""
        gates, answers = ChecklistQuestion.Gate, ChecklistAnswer.Answer
        if not self.question.is_active:
            return ""
        if self.question.gate == gates.CONFIRMED and self.answer != answers.CONFIRMED:
            return f"{self.question} must be confirmed"
        if self.question.gate == gates.ANSWERED and self.answer == answers.UNKNOWN:
            return f"{self.question} must be answered"
        return ""


@dataclass(frozen=True)
class Checklist:
    """What is known of a handoff, question by question."""

    lines: list[Line]

    @property
    def gaps(self):
        return [line.gap for line in self.lines if line.gap]

    @property
    def confirmed(self):
        return sum(line.answer == ChecklistAnswer.Answer.CONFIRMED for line in self.lines)

    def answers(self):
        return {line.question.code: str(line.answer) for line in self.lines}

    def in_words(self):
        return f"{self.confirmed} of {len(self.lines)} confirmed"

    def refusal(self):
        """Say what keeps the lead from being an SQL."""
        return f"Not an SQL yet: {'; '.join(self.gaps)}."


def questions():
    """Return what reps are asked now, in order."""
    return ChecklistQuestion.objects.filter(is_active=True)


def of(handoff):
    """Return a handoff's Checklist: what is asked now, or was answered of it."""
    rows = {
        row.question_id: row
        for row in ChecklistAnswer.objects.filter(handoff=handoff).select_related("answered_by")
    }
    asked = ChecklistQuestion.objects.filter(Q(pk__in=rows) | Q(is_active=True))
    if not handoff.is_open:
        asked = asked.filter(pk__in=rows)  # what is asked by now was not asked of it
    return Checklist([Line(question, rows.get(question.pk)) for question in asked])
