from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
    URLValidator,
)
from django.db import models
from django.db.models import Q

from leads.models.source import Source

SECRET = "HANDOFF_SECRET_"  # what the variables start with that a provider may read


class EnrichmentProvider(models.Model):
    """An outside service that knows more about people or companies, asked over HTTP.

    What it says is learned as from its own Source, and fills gaps alone: a value that a person, a
    form or another system gave is never overwritten.
    """

    class About(models.TextChoices):
        PERSON = "person", "A person, by e-mail address"
        COMPANY = "company", "A company, by domain"

    class Method(models.TextChoices):
        GET = "GET", "GET"
        POST = "POST", "POST"

    name = models.CharField(max_length=60, unique=True)
    source = models.OneToOneField(
        Source, models.PROTECT, editable=False, related_name="enrichment_provider"
    )
    about = models.CharField("is asked about", max_length=8, choices=About, default=About.PERSON)
    url = models.CharField(
        max_length=500,
        validators=[URLValidator(schemes=["https", "http"])],
        help_text="With {email}, or {domain} for a company, in place of the value; for example "
        "https://api.example.com/people?email={email}",
    )
    method = models.CharField(max_length=4, choices=Method, default=Method.GET)
    header = models.CharField(
        max_length=60,
        blank=True,
        default="Authorization",
        validators=[RegexValidator(r"^[A-Za-z0-9-]+\Z", "Use letters, digits and -.")],
        help_text="The header that carries the secret. Empty: none.",
    )
    header_value = models.CharField(
        max_length=120,
        blank=True,
        default="Bearer {secret}",
        help_text="With {secret} in place of the secret.",
    )
    secret_variable = models.CharField(
        max_length=80,
        blank=True,
        default="",
        validators=[RegexValidator(rf"^{SECRET}[A-Z0-9_]+\Z", f"Starts with {SECRET}.")],
        help_text=f"The environment variable that holds the secret, {SECRET}... Handoff never "
        "stores it.",
    )
    mapping = models.JSONField(default=dict)
    per_minute = models.PositiveIntegerField(
        "questions a minute", default=60, validators=[MinValueValidator(1), MaxValueValidator(6000)]
    )
    fresh_days = models.PositiveIntegerField(
        "asked again after",
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Days for which an answer is kept, also the answer that nothing is known.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    paused_until = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=300, blank=True, default="", editable=False)
    last_answer_at = models.DateTimeField(null=True, editable=False)
    # Rows up to this id were looked at when they came; a nightly sweep finds what was late.
    seen = models.BigIntegerField(default=0, editable=False)
    minute = models.DateTimeField(null=True, editable=False)
    asked_in_minute = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def save(self, **kwargs):
        if self.source_id is None:
            self.source = Source.objects.create(name=self._free_name(), scopes=[])
        super().save(**kwargs)

    @property
    def key(self):
        """What a question holds: the name of the place in the address."""
        return "email" if self.about == self.About.PERSON else "domain"

    def clean(self):
        super().clean()
        if f"{{{self.key}}}" not in self.url:
            raise ValidationError({"url": f"Say with {{{self.key}}} where the {self.key} goes."})
        if self.header and "{secret}" in self.header_value and not self.secret_variable:
            raise ValidationError({"secret_variable": "Name the variable with the secret."})

    def _free_name(self):
        name = f"Enrichment: {self.name}"
        taken = Source.objects.filter(name=name).exists()
        return f"{name} ({Source.objects.count()})" if taken else name


class Enrichment(models.Model):
    """One question to a provider about one lead or company, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        ANSWERED = "answered", "Answered"
        UNKNOWN = "unknown", "Nothing known"
        FAILED = "failed", "Given up"

    provider = models.ForeignKey(EnrichmentProvider, models.CASCADE, related_name="questions")
    lead = models.ForeignKey("Lead", models.CASCADE, null=True, related_name="enrichments")
    company = models.ForeignKey("Company", models.CASCADE, null=True, related_name="enrichments")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True, default="")
    learned = ArrayField(models.CharField(max_length=60), default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False, company__isnull=True)
                | Q(lead__isnull=True, company__isnull=False),
                name="leads_enrichment_has_one_subject",
            ),
            models.UniqueConstraint(
                fields=["provider", "lead"], name="leads_one_question_per_lead"
            ),
            models.UniqueConstraint(
                fields=["provider", "company"], name="leads_one_question_per_company"
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider", "due_at"],
                condition=Q(state="waiting"),
                name="leads_enrichment_due",
            ),
        ]

    def __str__(self):
        return f"{self.provider}: {self.lead or self.company}"
