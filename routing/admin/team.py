from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from routing.models import Pool, Rep, Team


class KeptAdmin(HandoffModelAdmin):
    """The past points at these rows, so they are never deleted."""

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Team)
class TeamAdmin(KeptAdmin):
    about = "Reps who share leads, with their manager and hours."
    list_display = ("name", "manager", "calendar")
    list_select_related = ("manager", "calendar")
    search_fields = ("name",)


@admin.register(Rep)
class RepAdmin(KeptAdmin):
    about = "Who works leads, in which team, and whether they take turns now."
    list_display = ("user", "team", "in_rotation", "calendar")
    list_select_related = ("user", "team", "calendar")
    list_filter = ("team", "in_rotation")
    search_fields = ("user__email", "user__first_name", "user__last_name")
    fields = ("user", "team", "calendar", "in_rotation")

    def get_readonly_fields(self, request, obj=None):
        return ("user",) if obj else ()


@admin.register(Pool)
class PoolAdmin(KeptAdmin):
    about = "Where leads wait for a team, and whose turn it is."
    list_display = ("name", "team", "turns")
    list_select_related = ("team",)
    fields = ("name", "team")
