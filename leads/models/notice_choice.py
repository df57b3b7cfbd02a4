from typing import Any, NamedTuple

from django.conf import settings
from django.db import models

from leads import kinds


class Chosen(NamedTuple):
    """How one person is told of one topic."""

    in_app: bool
    email: str


class Choices:
    """What some people chose; whoever did not gets the topic's own way."""

    def __init__(self, rows):
        self.rows = {(row.user_id, row.topic): Chosen(row.in_app, row.email) for row in rows}

    def of(self, user, topic) -> Chosen:
        default = NoticeChoice.Email.DIGEST if topic and topic.digest else NoticeChoice.Email.NOW
        if topic is None:
            return Chosen(True, default)
        return self.rows.get((user.pk, topic.key), Chosen(True, default))


class NoticeChoiceQuerySet(models.QuerySet["NoticeChoice"]):
    def of(self, users: Any) -> Choices:
        """Return the Choices of these users (ids)."""
        return Choices(self.filter(user__in=users) if users else [])

    def choose(self, user, topic, *, in_app, email):
        """Keep how this person wants to be told of a topic."""
        values = {"in_app": in_app, "email": email}
        self.update_or_create(user=user, topic=topic.key, defaults=values)


class NoticeChoice(models.Model):
    """How a person wants to be told of a topic, where it is not as the topic is by itself."""

    class Email(models.TextChoices):
        NOW = "now", "At once"
        DIGEST = "digest", "In the daily digest"
        NEVER = "never", "Never"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="choices")
    topic = models.CharField(max_length=30)
    in_app = models.BooleanField("in the app", default=True)
    email = models.CharField("by e-mail", max_length=6, choices=Email, default=Email.NOW)

    objects = NoticeChoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "topic"], name="leads_one_choice_per_topic"),
        ]

    def __str__(self):
        topic = kinds.topics.get(self.topic)
        return topic.label if topic else self.topic
