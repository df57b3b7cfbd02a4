from django.contrib import admin
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, ReadOnly
from leads.models import LifecycleStage, StageWording


class WordingInline(ReadOnly, admin.TabularInline):
    model = StageWording
    verbose_name_plural = "Versions of these words, newest first"
    fields = (
        *("version", "agreed_at", "agreed_by", "label", "definition", "next_step_owner"),
        *("signals", "required_data", "longest_stay"),
    )


@admin.register(LifecycleStage)
class LifecycleStageAdmin(HandoffModelAdmin):
    """The stages are fixed; the words for them are agreed here."""

    about = "What both sides mean by lead, MQL, SQL, opportunity and customer."
    list_display = ("label", "definition", "next_step_owner", "longest_stay")
    fields = (
        *("key", "label", "definition", "next_step_owner", "signals", "required_data"),
        "longest_stay",
    )
    readonly_fields = ("key",)
    inlines = [WordingInline]

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        obj.agree(by=request.user, now=timezone.now())
