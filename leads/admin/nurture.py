from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from leads.models import NurtureTrack


@admin.register(NurtureTrack)
class NurtureTrackAdmin(HandoffModelAdmin):
    about = "Where leads go that sales cannot use now."
    list_display = ("name", "description", "is_active")
    search_fields = ("name",)
