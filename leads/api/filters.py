from django_filters import rest_framework as filters
from rest_framework import exceptions

from leads.api.pagination import NewestFirst


class OnlyNamed(filters.FilterSet):
    """Refuses a parameter that is none of its filters: it would look like one and be none."""

    def filter_queryset(self, queryset):
        known = {*self.filters, *NewestFirst.PARAMETERS}
        unknown = {name: ["Unknown parameter."] for name in self.data if name not in known}
        if unknown:
            raise exceptions.ValidationError(unknown)
        return super().filter_queryset(queryset)
