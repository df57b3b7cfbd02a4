from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from leads import bulk
from leads.conditions.registry import CUSTOM
from leads.consents import LABELS
from leads.models.mapping import Mapping, meant
from leads.text import fold

MAPPED = frozenset(Mapping.Field.values)


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
    run = models.ForeignKey(
        "ImportRun",
        models.SET_NULL,
        null=True,
        db_index=False,
        related_name="field_values",
        help_text="The import that said so.",
    )
    words = models.TextField(
        blank=True, default="", help_text="Of a consent: what exactly was agreed to."
    )
    is_derived = models.BooleanField(
        default=False, help_text="Nobody said it: it was read from another value."
    )

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
            models.Index(fields=["run"], condition=Q(run__isnull=False), name="leads_fv_of_run"),
        ]

    def __str__(self):
        return f"{self.field} = {self.value}"

    def as_learned(self):
        """Return the value as it was told when it was learned."""
        return Derived(self.value) if self.is_derived else self.value


class Derived(str):
    """A value that nobody said: it was read from the attribute `of`, and falls with it."""

    of = "job_title"


class Learner(models.Model):
    """A model whose attributes are written by `learn` alone."""

    LEARNED: tuple[str, ...] = ()

    attributes = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Values of custom fields by key."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def learn(self, values, *, now, source=None, actor=None, observed_at=None, words=""):
        """Take over every value that is known and new; return the names that changed.

        `values` maps names in `LEARNED` to values (a related row as itself), and `custom.<key>`
        to values that the custom field has read; None and empty ones mean "not said" and change
        nothing. Each change is kept as a `FieldValue` with its
        provenance. What was true longer ago than what we know changes nothing: news may come late.
        `words` are those in which a consent was asked for. The caller holds the row's lock when
        two writers may meet.
        """
        news = self.news_in(values)
        for _, name in overtaken([(self, news)], observed_at or now):
            del news[name]
        self.take(news)
        if news:
            self.save(update_fields=[*self.columns_of(news), "updated_at"])
        said = {"source": source, "actor": actor, "observed_at": observed_at or now, "words": words}
        remember([(self, news | self.said_again(values, **said))], now=now, **said)
        return set(news)

    def said_again(self, values, **said):
        """Return what of the values is worth keeping although it is known already."""
        return {}

    def lifts(self, name, value):
        """Whether the value would allow again what was forbidden; see `leads.consents`."""
        return False

    @classmethod
    def columns_of(cls, names):
        """Return the columns, as they are set, that hold the attributes of these names."""
        columns: Any = cls._meta
        return {"attributes" if _key_of(n) else columns.get_field(n).attname for n in names}

    def news_in(self, values):
        """Return what `learn` would take over of these values, as they would be stored.

        It, `overtaken`, `take` and `remember` are the steps of `learn`, for those who learn about
        many rows at once.
        """
        unknown = {name for name in set(values) - set(self.LEARNED) if not _key_of(name)}
        if unknown:
            raise ValueError(f"Not learnable: {', '.join(sorted(unknown))}")
        news = {}
        for name, value in self.as_meant(values).items():
            if value not in (None, "", []) and value != self.known(name):
                news[name] = value
        return news

    @staticmethod
    def as_meant(values):
        """Return the values as they would be stored: texts folded, and inputs as what they mean.

        A campaign is a row, and was looked up by what its name means.
        """
        folded = {name: fold(v) if isinstance(v, str) else v for name, v in values.items()}
        return {
            name: meant(name, v) if name in MAPPED and isinstance(v, str) else v
            for name, v in folded.items()
        }

    def take(self, news):
        """Set the values on the row, which the caller stores."""
        for name, value in news.items():
            key = _key_of(name)
            if key:
                self.attributes[key] = value
            else:
                setattr(self, name, value)

    def give_up(self, names):
        """Set the attributes back to unknown on the row, which the caller stores."""
        for name in names:
            key = _key_of(name)
            if key:
                self.attributes.pop(key, None)
            else:
                setattr(self, name, self._column(name).get_default())

    def _column(self, name) -> models.Field:
        return self._meta.get_field(name)  # type: ignore[return-value]

    def raw_name(self, name):
        """The name under which a stored value is set: a related row's is its id."""
        return name if _key_of(name) else self._column(name).attname

    def known(self, name):
        key = _key_of(name)
        return self.attributes.get(key) if key else getattr(self, name)

    def is_gap(self, name):
        """Whether nothing is known of an attribute."""
        return self.known(name) in (None, "", [])


def overtaken(told, observed_at):
    """Return the set of those (id, name) for which a value that was observed later is known.

    `told` is a list of (row, news) of one model; what is not stored yet was never overtaken.
    """
    names = {name for row, news in told for name in news if row.pk}
    if not names:
        return set()
    owner = told[0][0]._meta.model_name
    rows = {f"{owner}__in": [row.pk for row, news in told if row.pk and news]}
    later = FieldValue.objects.filter(**rows, field__in=names, observed_at__gte=observed_at)
    # What a provider found out later, or was derived, never stands against what somebody said.
    later = later.filter(source__enrichment_provider=None, is_derived=False)
    known: dict = {}
    for pk, name, at in later.values_list(f"{owner}_id", "field", "observed_at"):
        known[pk, name] = max(at, known.get((pk, name), at))
    late = {
        (row.pk, name)
        for row, news in told
        for name, value in news.items()
        # Of the same moment the newer word counts, unless it allows what the older one forbade.
        if (row.pk, name) in known and (known[row.pk, name] > observed_at or row.lifts(name, value))
    }
    return late | {
        (row.pk, name)
        for row, news in told
        for name, value in news.items()
        if isinstance(value, Derived) and (row.pk, value.of) in late
    }


def remember(told, *, now, source, observed_at, actor=None, run=None, words=""):
    """Keep who said the news of (row, news) pairs of one model, and when."""
    owner = f"{told[0][0]._meta.model_name}_id" if told else ""
    bulk.add(
        FieldValue,
        (owner, "field", "value", "words", "is_derived"),
        (
            [
                row.pk,
                name,
                getattr(value, "pk", value),
                words if name in LABELS else "",
                isinstance(value, Derived),
            ]
            for row, news in told
            for name, value in news.items()
        ),
        source_id=source and source.pk,
        actor_id=actor and actor.pk,
        observed_at=observed_at,
        known_at=now,
        run_id=run and run.pk,
    )


def store_changed(rows, names, *, now):
    """Store the attributes of these names of many rows of one model, as they are on them."""
    if not rows or not names:
        return
    model = type(rows[0])
    columns = sorted(model.columns_of(names))
    bulk.change(
        model,
        columns,
        ([row.pk, *(getattr(row, column) for column in columns)] for row in rows),
        updated_at=now,
    )


def restore(told, *, now, observed_at, source, actor, run):
    """Set attributes back to earlier FieldValues, None for unknown; told as (row, {name: value}).

    Knowing less again is knowledge too: it is kept like what was learned.
    """
    rows = [row for row, values in told if values]
    if not rows:
        return
    news = []
    for row, values in told:
        known = {name: value and value.as_learned() for name, value in values.items()}
        row.give_up([name for name, value in known.items() if value is None])
        row.take({row.raw_name(name): value for name, value in known.items() if value is not None})
        news.append((row, known))
    store_changed(rows, {name for _, values in told for name in values}, now=now)
    remember(news, now=now, source=source, observed_at=observed_at, actor=actor, run=run)


def _key_of(name):
    """The key of a custom field's name, or empty for a column's."""
    return name.removeprefix(CUSTOM) if name.startswith(CUSTOM) else ""
