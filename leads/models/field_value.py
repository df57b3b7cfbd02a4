from django.conf import settings
from django.db import models
from django.db.models import Q

from leads.conditions.registry import CUSTOM
from leads.text import fold


class FieldValue(models.Model):
    """A value that we learned for a lead or a company: what, from whom, and since when."""

    lead = models.ForeignKey("Lead", models.CASCADE, null=True, related_name="field_values")
    company = models.ForeignKey("Company", models.CASCADE, null=True, related_name="field_values")
    field = models.CharField(max_length=60)
    value = models.JSONField(null=True)
    source = models.ForeignKey("Source", models.PROTECT, null=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True)
    observed_at = models.DateTimeField(help_text="When it was true, as the sender says.")
    known_at = models.DateTimeField(help_text="When we stored it.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(lead__isnull=False, company__isnull=True)
                | Q(lead__isnull=True, company__isnull=False),
                name="leads_field_value_has_one_owner",
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "field", "-known_at"], name="leads_fv_lead_latest"),
            models.Index(fields=["company", "field", "-known_at"], name="leads_fv_company_latest"),
        ]

    def __str__(self):
        return f"{self.field} = {self.value}"


class Learner(models.Model):
    """A model whose attributes are written by `learn` alone."""

    LEARNED: tuple[str, ...] = ()

    attributes = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Values of custom fields by key."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def learn(self, values, *, now, source=None, actor=None, observed_at=None):
        """Take over every value that is known and new; return the names that changed.

        `values` maps names in `LEARNED` to values (a related row as itself), and `custom.<key>`
        to values that the custom field has read; None and empty ones mean "not said" and change
        nothing. Each change is kept as a `FieldValue` with its
        provenance. What was true longer ago than what we know changes nothing: news may come late.
        The caller holds the row's lock when two writers may meet.
        """
        unknown = {name for name in set(values) - set(self.LEARNED) if not _key_of(name)}
        if unknown:
            raise ValueError(f"Not learnable: {', '.join(sorted(unknown))}")
        owner = {str(self._meta.model_name): self}
        changed = {}
        for name, said in values.items():
            value = fold(said) if isinstance(said, str) else said
            if value not in (None, "", []) and value != self._known(name):
                changed[name] = value
        for name in _overtaken(owner, changed, observed_at or now):
            del changed[name]
        for name, value in changed.items():
            self._set(name, value)
        if changed:
            columns = {"attributes" if _key_of(name) else name for name in changed}
            self.save(update_fields=[*columns, "updated_at"])
        FieldValue.objects.bulk_create(
            FieldValue(
                **owner,
                field=name,
                value=getattr(value, "pk", value),
                source=source,
                actor=actor,
                observed_at=observed_at or now,
                known_at=now,
            )
            for name, value in changed.items()
        )
        return set(changed)

    def _known(self, name):
        key = _key_of(name)
        return self.attributes.get(key) if key else getattr(self, name)

    def _set(self, name, value):
        key = _key_of(name)
        if key:
            self.attributes[key] = value
        else:
            setattr(self, name, value)


def _overtaken(owner, names, observed_at):
    """Return those of the names for which a value that was observed later is known."""
    if not names:
        return []
    later = FieldValue.objects.filter(**owner, field__in=names, observed_at__gt=observed_at)
    return set(later.values_list("field", flat=True))


def _key_of(name):
    """The key of a custom field's name, or empty for a column's."""
    return name.removeprefix(CUSTOM) if name.startswith(CUSTOM) else ""
