from django.contrib import admin

from routing.admin.team import KeptAdmin
from routing.models import ChecklistQuestion


@admin.register(ChecklistQuestion)
class ChecklistQuestionAdmin(KeptAdmin):
    about = "What a rep finds out before a lead is an SQL, and what of it is required."
    list_display = ("label", "gate", "evidence", "is_active", "position")
    list_filter = ("is_active", "gate")
    fields = ("label", "code", "evidence", "gate", "is_active", "position")
    prepopulated_fields = {"code": ("label",)}

    def get_readonly_fields(self, request, obj=None):
        return ("code",) if obj else ()

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields
