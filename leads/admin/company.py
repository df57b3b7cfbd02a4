from django.contrib import admin

from leads.admin.base import HandoffModelAdmin, ReadOnly
from leads.models import Company, FieldValue


class FieldValueInline(ReadOnly, admin.TabularInline):
    """What was learned, from whom and when."""

    model = FieldValue
    verbose_name_plural = "What we learned, newest first"
    fields = ("field", "value", "source", "actor", "observed_at", "known_at")
    ordering = ("-known_at", "-pk")


@admin.register(Company)
class CompanyAdmin(ReadOnly, HandoffModelAdmin):
    """Companies are looked up here; what is known of them is written by intake."""

    about = "The organisations that leads work for."
    list_display = ("name", "domain", "employees", "industry", "country", "relationship")
    list_filter = ("relationship",)
    search_fields = ("name", "domain")
    inlines = [FieldValueInline]
    fields = (
        "name",
        "domain",
        "employees",
        "industry",
        "country",
        "relationship",
        "account_owner",
        "created_at",
        "updated_at",
    )
