from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models


class NeededFields(models.Model):
    """What sales needs to know of every lead that is handed over."""

    class Missing(models.TextChoices):
        FLAG = "flag", "It is handed over, and the rep sees what is missing"
        ASK = "ask", "It waits until that is known, or a marketer lets it pass"

    needed_fields = ArrayField(
        models.CharField(max_length=80),
        verbose_name="known at handoff",
        blank=True,
        default=list,
        help_text="What sales needs to know of every lead. Empty: nothing is asked for.",
    )
    if_missing = models.CharField(
        "if one is missing",
        max_length=4,
        choices=Missing,
        default=Missing.FLAG,
        help_text="What happens to a lead that passes without it.",
    )

    class Meta:
        abstract = True

    def needed_form(self):
        """Return the part of the compiled form: `needed` and `if_missing`; {} for no field."""
        from leads.scoring import needed  # which reads the models

        found = needed.asked(self.needed_fields)
        return {"needed": found, "if_missing": self.if_missing} if found else {}

    def check_needed(self):
        """Raise ValidationError for a field that cannot be asked for."""
        from leads.scoring import needed  # which reads the models

        known = needed.fields() if self.needed_fields else {}
        if unknown := [key for key in self.needed_fields if key not in known]:
            raise ValidationError({"needed_fields": f"There is no field {unknown[0]!r}."})
