from django.contrib import admin

from leads.admin.base import HandoffModelAdmin
from leads.models import Campaign, Lead, Pending


@admin.register(Campaign)
class CampaignAdmin(HandoffModelAdmin):
    """Campaigns are renamed, never deleted: leads would forget where they came from."""

    about = "The marketing campaigns that leads come from."
    list_display = ("name", "created_at")
    search_fields = ("name",)

    def save_model(self, request, obj, form, change):
        """Rules may ask for the name: the campaign's leads are scored anew."""
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            Pending.objects.ask_for(Lead.objects.filter(campaign=obj))

    def has_delete_permission(self, request, obj=None):
        return False
