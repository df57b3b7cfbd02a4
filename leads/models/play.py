from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from leads.models.segment import Segment
from leads.models.signal import Signal


class PlayQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)


class Play(models.Model):
    """How to open a call: what to say, ask and send to leads of a segment, or who showed a signal.

    Those that fit a lead are read by position; the first make its brief.
    """

    QUESTIONS = ("need", "timeline", "process")

    name = models.CharField(max_length=80, unique=True)
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, help_text="For leads of this segment."
    )
    signal = models.ForeignKey(
        Signal,
        models.PROTECT,
        null=True,
        blank=True,
        limit_choices_to={"is_current": True},
        help_text="Or for leads who showed this signal in the last 90 days.",
    )
    opener = models.CharField(max_length=300, help_text="A sentence with which a call may begin.")
    need = models.CharField(
        "question on need", max_length=200, blank=True, default="", help_text="Why change at all?"
    )
    timeline = models.CharField(
        "question on timeline", max_length=200, blank=True, default="", help_text="By when?"
    )
    process = models.CharField(
        "question on the decision",
        max_length=200,
        blank=True,
        default="",
        help_text="Who decides, and how?",
    )
    content = models.CharField(
        "content to send",
        max_length=300,
        blank=True,
        default="",
        help_text="What fits what they looked at: its name, and its address if it has one.",
    )
    next_step = models.CharField(
        max_length=200, blank=True, default="", help_text="What the rep suggests at the end."
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="The lowest is read first.")
    is_active = models.BooleanField(default=True)

    objects = PlayQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(segment=None, signal__isnull=False)
                | Q(segment__isnull=False, signal=None),
                name="leads_play_has_one_cue",
                violation_error_message="Choose a segment or a signal, and not both.",
            )
        ]

    def __str__(self):
        return self.name

    def clean(self):
        if not any(getattr(self, name) for name in self.QUESTIONS):
            raise ValidationError({"need": "Give at least one question to ask."})

    def questions(self):
        """Return `{name: question}` of those that are given."""
        return {name: text for name in self.QUESTIONS if (text := getattr(self, name))}
