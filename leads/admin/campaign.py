from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from leads.models import Campaign


@admin.register(Campaign)
class CampaignAdmin(HandoffModelAdmin):
    """Campaigns are renamed, never deleted: leads would forget where they came from."""

    about = "The marketing campaigns that leads come from."
    list_display = ("name", "created_at")
    search_fields = ("name",)

    def has_delete_permission(self, request, obj=None):
        return False
