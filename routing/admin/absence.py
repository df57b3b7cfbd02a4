from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from routing.models import Absence


@admin.register(Absence)
class AbsenceAdmin(HandoffModelAdmin):
    about = "When somebody is away, who covers, and what becomes of their open work."
    list_display = ("rep", "starts_at", "ends_at", "cover", "on_open_work", "note")
    list_select_related = ("rep__user", "cover__user")
    list_filter = ("rep__team",)
    search_fields = ("rep__user__email", "rep__user__first_name", "rep__user__last_name")
    ordering = ("-starts_at", "-pk")
    fields = ("rep", "starts_at", "ends_at", "cover", "on_open_work", "note")

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def get_readonly_fields(self, request, obj=None):
        """What has begun has dealt with open work already: only its end and its words change."""
        begun = obj is not None and obj.begun_at is not None
        return ("rep", "starts_at", "on_open_work") if begun else ()

    def has_delete_permission(self, request, obj=None):
        """What has begun is part of the past; it can end early."""
        begun = obj is not None and obj.begun_at is not None
        return not begun and super().has_delete_permission(request, obj)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)
