from django.contrib import admin

from routing.admin.team import KeptAdmin
from routing.models import RejectionReason


@admin.register(RejectionReason)
class RejectionReasonAdmin(KeptAdmin):
    about = "Why a rep may send a lead back, and where it goes then."
    list_display = ("label", "group", "destination", "needs_note", "is_active", "position")
    list_select_related = ("group",)
    list_filter = ("is_active", "destination")
    fields = ("label", "code", "group", "destination", "needs_note", "is_active", "position")
    prepopulated_fields = {"code": ("label",)}

    def get_readonly_fields(self, request, obj=None):
        return ("code",) if obj else ()

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields
