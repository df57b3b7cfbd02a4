from django.core.exceptions import ValidationError
from django.db import models

from leads.conditions import facts


class Example(models.Model):
    """A described lead that a definition must pass, or must not. A red one blocks the sign-off."""

    class Expected(models.TextChoices):
        PASS = "pass", "Must pass"
        FAIL = "fail", "Must not pass"

    definition = models.ForeignKey("MQLDefinition", models.CASCADE, related_name="examples")
    name = models.CharField(max_length=80, help_text="Who it stands for, e.g. 'Head of planning'.")
    expected = models.CharField(max_length=4, choices=Expected)
    facts = models.JSONField(
        default=dict, help_text="Values of fields, and what they did how many days ago."
    )
    why = models.CharField(max_length=200, blank=True, default="", help_text="The lesson in it.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["definition", "name"], name="leads_one_example_a_name"),
        ]

    def __str__(self):
        return self.name

    def clean(self):
        super().clean()
        try:
            facts.check(self.facts)
        except facts.BadFact as error:
            raise ValidationError({"facts": str(error)}) from None

    def form(self):
        """Return the example in the intermediate form."""
        return {
            "name": self.name,
            "expected": self.expected,
            "facts": self.facts,
            "why": self.why,
        }
