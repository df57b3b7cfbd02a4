import time
from functools import lru_cache

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction

from leads.intake.countries import country_code
from leads.models.walk import Walk
from leads.text import fold, storable

LONGEST = 120  # characters of an input: as many as the longest column holds


def key_of(text):
    """What is compared of an input: neither case nor width nor runs of spaces count."""
    return fold(text).casefold()


class MappingQuerySet(models.QuerySet):
    def delete(self):
        forget()
        return super().delete()

    def decided(self, field):
        """Return the inputs of a field, as they are compared, that need no decision any more."""
        rows = self.filter(field=field)
        return set(rows.values_list("key", flat=True)) | {key_of(one) for one in self.known(field)}

    def known(self, field):
        """Return the values of a field that somebody has named as right, sorted."""
        rows = self.filter(field=field, state=Mapping.State.MAPPED)
        return sorted(set(rows.values_list("means", flat=True)))


class Mapping(models.Model):
    """What an input of one field means: another value, itself, or nothing that matters.

    It holds for what comes from now on, by whichever door, and a `Remapping` brings what was
    stored before into line. A value that inputs are mapped to is never mapped on.
    """

    class Field(models.TextChoices):
        INDUSTRY = "industry", "Industry"
        COUNTRY = "country", "Country"
        SENIORITY = "seniority", "Seniority"
        DEPARTMENT = "department", "Department"
        SOURCE = "lead_source", "Source"
        CHANNEL = "channel", "Channel"
        CAMPAIGN = "campaign", "Campaign"

    class State(models.TextChoices):
        MAPPED = "mapped", "Mapped"
        IGNORED = "ignored", "Left as it is"

    field = models.CharField(max_length=20, choices=Field)
    said = models.CharField(
        "input", max_length=LONGEST, help_text="As senders write it; capital letters do not count."
    )
    key = models.CharField(max_length=400, editable=False)
    means = models.CharField(
        max_length=LONGEST,
        blank=True,
        default="",
        help_text="What is stored instead. The input itself, if it is right as it is.",
    )
    state = models.CharField(max_length=8, choices=State, default=State.MAPPED, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    at = models.DateTimeField("decided", editable=False)

    objects = MappingQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "vocabulary"
        ordering = ["field", "said"]
        constraints = [
            models.UniqueConstraint(fields=["field", "key"], name="leads_one_mapping_per_input"),
        ]

    def __str__(self):
        return f"{self.get_field_display()}: {self.said}"

    def save(self, *args, **kwargs):
        forget()
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        forget()
        return super().delete(*args, **kwargs)

    @property
    def is_right(self):
        """Whether the input is right as it is."""
        return self.state == self.State.MAPPED and key_of(self.means) == self.key

    @property
    def model(self):
        """Whose attribute it is: leads' or companies'."""
        return owner_of(self.field)

    def clean(self):
        super().clean()
        for name in ("said", "means"):
            text = fold(getattr(self, name))
            if not storable(text) or len(text) > LONGEST:
                raise ValidationError({name: f"Give a text of at most {LONGEST} characters."})
            setattr(self, name, text)
        self.key = key_of(self.said)
        others = Mapping.objects.filter(field=self.field).exclude(pk=self.pk)
        if others.filter(key=self.key).exists():
            raise ValidationError({"said": "There is a decision about this input already."})
        self.state = self.State.MAPPED if self.means else self.State.IGNORED
        if self.field == self.Field.COUNTRY:
            self._check_country()
        if self.means:
            self._check_meaning(others.filter(state=self.State.MAPPED))

    def _check_country(self):
        code = country_code(self.said)
        if code:
            raise ValidationError({"said": f"Everybody reads this as {code}."})
        if self.means and not country_code(self.means):
            raise ValidationError({"means": "No country is called so. Give its name, or its code."})
        self.means = country_code(self.means)

    def _check_meaning(self, others):
        longest = column_of(self.field).max_length
        if len(self.means) > longest:
            raise ValidationError({"means": f"At most {longest} characters."})
        if self.is_right:
            return
        on = others.filter(key=key_of(self.means)).first()
        if on and not on.is_right:
            raise ValidationError({"means": f"This is itself mapped, to “{on.means}”. Name that."})
        here = [one for one in others if key_of(one.means) == self.key and one.key != self.key]
        if here:
            raise ValidationError(
                {"said": f"Others are mapped to it, such as “{here[0].said}”. Map those first."}
            )
        known = {key_of(one): one for one in others.values_list("means", flat=True)}
        self.means = known.get(key_of(self.means), self.means)

    @transaction.atomic
    def decide(self, *, by, now):
        """Store what was decided, and have what was stored before brought into line.

        The caller has checked it with `full_clean`.
        """
        self.made_by, self.at = by, now
        self.save()
        Remapping.objects.filter(mapping=self).delete()
        if self.state == self.State.MAPPED:
            Remapping.objects.create(mapping=self, asked_at=now)


class Remapping(Walk):
    """A walk through the leads or companies that hold an input, to store what it means."""

    mapping = models.OneToOneField(Mapping, models.CASCADE, related_name="remapping")
    last_id = models.BigIntegerField(default=0, help_text="Rows up to this id are done.")
    changed = models.PositiveIntegerField(default=0)

    def __str__(self):
        return f"{self.done:,} of {self.total:,} looked at"


def owner_of(field):
    """Return the model that has this attribute."""
    return apps.get_model("leads", "Company" if field == Mapping.Field.INDUSTRY else "Lead")


def column_of(field):
    """Return the column that holds its values as text: of a campaign, its name."""
    found = owner_of(field)._meta.get_field(field)
    return found.related_model._meta.get_field("name") if found.is_relation else found


def meant(field, text):
    """Return what a text of this field means, itself where nothing was decided.

    Reads the decisions at most once a second, so it costs nothing to ask for each of many rows.
    """
    if not text:
        return text
    return _decisions(int(time.monotonic())).get((str(field), key_of(text)), text)


def forget():
    """Have the decisions read again at the next question."""
    _decisions.cache_clear()


@lru_cache(maxsize=1)
def _decisions(second):
    """Return `{(field, key): what it means}` as of this second of the process's clock."""
    rows = Mapping.objects.filter(state=Mapping.State.MAPPED)
    told = list(rows.values_list("field", "key", "means"))
    # What inputs are mapped to is spelt in one way, too.
    found = {(field, key_of(means)): means for field, _, means in told}
    return found | {(field, key): means for field, key, means in told}
