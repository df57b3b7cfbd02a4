import hashlib
import secrets

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from leads.models.secret import HoldsSecrets, SigningSecret


def digest_of(token):
    """Return the SHA-256 of a token as hex: tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


SCOPES = {
    "leads:write": "Send leads",
    "touchpoints:write": "Send touchpoints",
    "leads:read": "Read leads",
    "leads:merge": "Merge leads that are one person",
    "leads:erase": "Erase leads",
    "events:write": "Send events as Segment's clients do",
    "routing:read": "Read handoffs, routing decisions and pools, and simulate",
    "opportunities:write": "Send opportunities, as a CRM knows them",
    "routing:write": "Claim, give and hand back leads for people",
}


def validate_scopes(scopes):
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise ValidationError(f"Unknown scope: {', '.join(unknown)}.", "scope")


class Source(HoldsSecrets, models.Model):
    """A system that sends leads or touchpoints. (A lead's marketing source is `lead_source`.)"""

    name = models.CharField(max_length=80, unique=True)
    scopes = ArrayField(
        models.CharField(max_length=30),
        default=list,
        blank=True,
        validators=[validate_scopes],
        help_text=f"What its tokens may do, separated by commas: {', '.join(SCOPES)}.",
    )
    is_active = models.BooleanField(default=True)
    items_per_minute = models.PositiveIntegerField(
        default=600_000,
        help_text="Events, touchpoints or other requests that it may send a minute, a minute's "
        "worth at once; 0 for no limit. More is answered with 429, and well-behaved senders wait.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    is_authenticated = True  # DRF asks this of request.user

    def __str__(self):
        return self.name

    def issue_token(self):
        """Make a token and return its text, which is shown once and never stored."""
        text = f"ho_{secrets.token_urlsafe(32)}"
        self.tokens.create(digest=digest_of(text), hint=text[-4:])
        return text

    def may(self, scope):
        return scope in self.scopes


class SourceToken(models.Model):
    """One credential of a source; several may be valid while one is being replaced."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=4, editable=False, help_text="The token's last characters.")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"...{self.hint}"


class SourceSecret(SigningSecret):
    """What a source signs its messages with."""

    purpose = "leads.source"

    source = models.ForeignKey(Source, models.CASCADE, related_name="secrets")

    @property
    def holder_id(self):
        return self.source_id


class IdempotencyKey(models.Model):
    """The stored answer to one POST, written in the same transaction as its effect.

    Keys are a source's or a person's own.
    """

    source = models.ForeignKey(Source, models.CASCADE, null=True)
    user = models.ForeignKey("User", models.CASCADE, null=True, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="leads_one_answer_per_key"),
            models.UniqueConstraint(fields=["user", "key"], name="leads_one_answer_per_users_key"),
            models.CheckConstraint(
                condition=models.Q(source=None) ^ models.Q(user=None),
                name="leads_key_of_source_or_person",
            ),
        ]

    def __str__(self):
        return self.key
