from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models

from leads.consents import EMAIL, PHONE
from leads.models.campaign import Campaign
from leads.models.touchpoint import Touchpoint
from leads.text import fold

KINDS = (
    Touchpoint.Kind.DEMO_REQUEST,
    Touchpoint.Kind.FORM_SUBMIT,
    Touchpoint.Kind.CONTENT_DOWNLOAD,
    Touchpoint.Kind.WEBINAR_REGISTRATION,
    Touchpoint.Kind.TRIAL_START,
)


class CaptureForm(models.Model):
    """A form that visitors fill in, on a page of ours or pasted into a website.

    Every form asks for the e-mail address; its rows say what else.
    """

    class ConsentTo(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Calls"
        BOTH = "both", "E-mail and calls"

    name = models.CharField(
        max_length=80,
        unique=True,
        help_text="What leads and reports call it; it is kept as the form of the conversion.",
    )
    slug = models.CharField(
        "address",
        max_length=60,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9](-?[a-z0-9])*\Z", "Use a-z, 0-9 and single -.")],
        help_text="The end of its address, for example request-a-demo. Pages that hold the form "
        "send to this address, so it cannot be changed later.",
    )
    kind = models.CharField(
        "counts as",
        max_length=24,
        choices=[(kind.value, kind.label) for kind in KINDS],
        default=Touchpoint.Kind.FORM_SUBMIT,
        help_text="The kind of touchpoint that a submission is; signals recognise it by this.",
    )
    asset = models.CharField(
        max_length=200, blank=True, default="", help_text="The guide or webinar it is about."
    )
    heading = models.CharField(max_length=120)
    introduction = models.TextField(max_length=600, blank=True, default="")
    button = models.CharField(max_length=40, default="Send")
    thanks = models.TextField(
        max_length=600,
        default="Thank you. We have what you sent.",
        help_text="What visitors read afterwards.",
    )
    next_url = models.URLField(
        "next page",
        max_length=500,
        blank=True,
        default="",
        validators=[URLValidator(schemes=["https", "http"])],
        help_text="Where visitors are sent afterwards instead, for example the download.",
    )
    lead_source = models.CharField(
        "source",
        max_length=80,
        blank=True,
        default="Website",
        help_text="The source of a lead whose page address says none (utm_source).",
    )
    channel = models.CharField(
        max_length=60, blank=True, default="", help_text="Likewise, where utm_medium says none."
    )
    campaign = models.ForeignKey(
        Campaign,
        models.SET_NULL,
        null=True,
        blank=True,
        help_text="Likewise, where utm_campaign says none.",
    )
    consent_text = models.TextField(
        max_length=600,
        blank=True,
        default="",
        help_text="What a visitor may agree to with a tick. Empty: not asked.",
    )
    consent_to = models.CharField(
        "is consent to",
        max_length=5,
        choices=ConsentTo,
        default=ConsentTo.EMAIL,
        help_text="What somebody who ticks it agrees to.",
    )
    consent_required = models.BooleanField(
        default=False, help_text="Without the tick the form cannot be sent."
    )
    is_active = models.BooleanField(default=True, help_text="It can be opened and sent.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def consents(self):
        """Return the consents that a tick gives."""
        given = {self.ConsentTo.EMAIL: [EMAIL], self.ConsentTo.PHONE: [PHONE]}
        return given.get(self.ConsentTo(self.consent_to), [EMAIL, PHONE])

    def clean(self):
        super().clean()
        if self.consent_required and not self.consent_text.strip():
            raise ValidationError({"consent_text": "Say what visitors must agree to."})
        made = CaptureForm.objects.filter(pk=self.pk).first()
        if made and made.slug != self.slug:
            raise ValidationError({"slug": f"It was made as {made.slug!r} and stays so."})


class CaptureField(models.Model):
    """One thing that a form asks: an attribute of the lead or its company, or a free question."""

    class Shape(models.TextChoices):
        SHORT = "short", "One line"
        LONG = "long", "Several lines"
        CHOICE = "choice", "One of several"
        TICK = "tick", "A tick"

    form = models.ForeignKey(CaptureForm, models.CASCADE, related_name="asked")
    position = models.PositiveSmallIntegerField(default=1)
    target = models.CharField(
        "asks for",
        max_length=60,
        blank=True,
        default="",
        help_text="An attribute, or a question whose answer is kept with the conversion.",
    )
    label = models.CharField(max_length=120, help_text="What the visitor reads.")
    hint = models.CharField(max_length=200, blank=True, default="")
    required = models.BooleanField(default=False)
    shape = models.CharField(
        "answer", max_length=8, choices=Shape, default=Shape.SHORT, help_text="Of a question."
    )
    choices = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="Of a question with choices: its answers, separated by commas.",
    )

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self):
        return self.label

    def clean(self):
        super().clean()
        self.choices = [fold(choice) for choice in self.choices if fold(choice)]
        if not self.target and self.shape == self.Shape.CHOICE and not self.choices:
            raise ValidationError({"choices": "Give the answers that may be chosen."})
