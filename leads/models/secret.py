"""Secrets that sign messages, ours to an endpoint and a source's to us."""

import base64
import secrets
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

OVERLAP = timedelta(hours=24)  # for which an old secret still counts beside a new one


class SigningSecret(models.Model):
    """What messages are signed with.

    The key is derived from `salt` and SECRET_KEY, so that the database alone holds no secret.
    """

    purpose: str  # of the key, so that no key signs two kinds of messages

    salt = models.CharField(max_length=43, default=secrets.token_urlsafe, editable=False)
    made_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self):
        return f"...{self.text[-5:-1]}"

    @property
    def holder_id(self):
        """The id of whatever has the secret."""
        raise NotImplementedError

    @property
    def key(self):
        """The 32 bytes that sign."""
        return salted_hmac(
            f"{self.purpose}.{self.salt}", str(self.holder_id), algorithm="sha256"
        ).digest()

    @property
    def text(self):
        """The key as its owner is shown it."""
        return f"whsec_{base64.b64encode(self.key).decode()}"


class HoldsSecrets:
    """Mixed into whatever has `secrets`: they are replaced without a gap."""

    secrets: Any

    def issue_secret(self, *, now):
        """Make a secret and return its text. Those before it count for `OVERLAP` more."""
        running = self.secrets.filter(Q(ends_at=None) | Q(ends_at__gt=now + OVERLAP))
        running.update(ends_at=now + OVERLAP)
        return self.secrets.create(made_at=now).text

    def keys(self, *, now):
        """Return the keys that count now, the newest first."""
        valid = self.secrets.filter(Q(ends_at=None) | Q(ends_at__gt=now)).order_by("-pk")
        return [secret.key for secret in valid]
