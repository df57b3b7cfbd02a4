from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join

from leads.admin.base import HandoffModelAdmin
from leads.models import LifecycleStage


@admin.register(LifecycleStage)
class LifecycleStageAdmin(HandoffModelAdmin):
    """The stages are fixed; the words for them are agreed here."""

    about = "What both sides mean by lead, MQL, SQL, opportunity and customer."
    list_display = ("label", "definition", "next_step_owner", "longest_stay")
    fields = (
        *("key", "label", "definition", "next_step_owner", "signals", "required_data"),
        *("longest_stay", "versions"),
    )
    readonly_fields = ("key", "versions")

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        obj.agree(by=request.user, now=timezone.now())

    @admin.display(description="versions of these words, newest first")
    def versions(self, stage):
        rows = (
            (
                one,
                date_format(timezone.localtime(one.agreed_at), "j M Y"),
                f", {one.agreed_by}" if one.agreed_by else "",
                f"{one.label}. {one.in_words()}",
            )
            for one in stage.wordings.select_related("agreed_by")
        )
        said = "<li><strong>{}</strong> ({}{}): {}</li>"
        return format_html("<ul>{}</ul>", format_html_join("", said, rows))
