from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from leads.models import CustomField


@admin.register(CustomField)
class CustomFieldAdmin(HandoffModelAdmin):
    """Custom fields are switched off, never deleted: published rules may ask for them."""

    about = "Attributes of leads and companies that are yours alone; rules may ask for them."
    list_display = ("label", "key", "on", "kind", "is_active")
    list_filter = ("is_active", "on", "kind")
    search_fields = ("label", "key")
    fields = ("label", "key", "on", "kind", "choices", "is_active")

    def get_readonly_fields(self, request, obj=None):
        return ("key", "on", "kind") if obj else ()

    def has_delete_permission(self, request, obj=None):
        return False
