from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from leads.models import LifecycleStage


@admin.register(LifecycleStage)
class LifecycleStageAdmin(HandoffModelAdmin):
    """The stages are fixed; the words for them are agreed here."""

    about = "What both sides mean by lead, MQL, SQL, opportunity and customer."
    list_display = ("label", "definition", "next_step_owner")
    fields = ("key", "label", "definition", "next_step_owner")
    readonly_fields = ("key",)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
