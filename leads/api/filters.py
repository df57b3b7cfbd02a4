from datetime import UTC, datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django_filters import rest_framework as filters
from rest_framework import exceptions

from leads.api.pagination import NewestFirst

BIGGEST = 2**63 - 1  # that an id can be


class OnlyNamed(filters.FilterSet):
    """Refuses a parameter that is none of its filters: it would look like one and be none."""

    def filter_queryset(self, queryset):
        unknown = {name: ["Unknown parameter."] for name in self.data if not self.knows(name)}
        if unknown:
            raise exceptions.ValidationError(unknown)
        return super().filter_queryset(queryset)

    def knows(self, name):
        return name in self.filters or name in NewestFirst.PARAMETERS


class IdFilter(filters.NumberFilter):
    """Of rows that belong to the one with this id."""

    def __init__(self, **kwargs):
        super().__init__(min_value=1, max_value=BIGGEST, **kwargs)


class InstantFilter(filters.IsoDateTimeFilter):
    """Of rows before or after an instant, within the years that a database can compare."""

    def __init__(self, **kwargs):
        first, last = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
        validators = [MinValueValidator(first), MaxValueValidator(last)]
        super().__init__(validators=validators, **kwargs)

    def filter(self, qs, value):
        """As above; in UTC, for PostgreSQL knows no offset of 16 hours or more."""
        return super().filter(qs, value and value.astimezone(UTC))
