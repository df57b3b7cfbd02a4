"""Versions of one noun: drafted, published once, then frozen and in time retired."""

import hashlib
import json
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models


def one_at_a_time(model):
    """Wait until nobody else works on the versions of this model; hold until the commit.

    Taken before any row is read or locked, so that what is read next is what the one before left,
    and two people who publish at once never wait for each other in a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [model._meta.label])


def published():
    """Return what is live of every versioned noun, in all apps."""
    nouns = [model for model in apps.get_models() if issubclass(model, Version)]
    return [
        version
        for noun in nouns
        for version in noun._default_manager.filter(state=Version.State.PUBLISHED)
    ]


def hash_of(compiled):
    """Return the content hash of a compiled form: the same for the same content."""
    return hashlib.sha256(json.dumps(compiled, sort_keys=True).encode()).hexdigest()


class Version(models.Model):
    """A row that is edited as a draft and, once published, read only as it was compiled then."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        RETIRED = "retired", "Retired"

    state = models.CharField(max_length=10, choices=State, default=State.DRAFT, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    published_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    compiled: Any = models.JSONField(
        null=True, editable=False, help_text="What is read while it is live, segments written out."
    )
    content_hash = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        abstract = True

    @property
    def is_draft(self):
        return self.state == self.State.DRAFT

    def go_live(self, compiled, *, instead_of, by, now):
        """Freeze this draft as `compiled` and publish it; retire what is live of `instead_of`.

        The caller has made sure that it is a draft, and that it is alone (`one_at_a_time`).
        """
        versions = type(self)._default_manager
        live = instead_of.filter(state=self.State.PUBLISHED)
        live.update(state=self.State.RETIRED, retired_at=now)
        versions.filter(pk=self.pk).update(
            state=self.State.PUBLISHED,
            published_by=by,
            published_at=now,
            compiled=compiled,
            content_hash=hash_of(compiled),
        )
        self.refresh_from_db()
