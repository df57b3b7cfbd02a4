from django.contrib import admin
from django.urls import reverse

from leads.admin.base import HandoffModelAdmin, ReadOnly
from routing.admin.team import KeptAdmin
from routing.models import Opportunity, OpportunityReason


@admin.register(OpportunityReason)
class OpportunityReasonAdmin(KeptAdmin):
    about = "Why opportunities are won and lost, in words that both sides use."
    list_display = ("label", "outcome", "needs_note", "is_active", "position")
    list_filter = ("outcome", "is_active")
    fields = ("label", "code", "outcome", "needs_note", "is_active", "position")
    prepopulated_fields = {"code": ("label",)}

    def get_readonly_fields(self, request, obj=None):
        # What was won must not become a reason for losing.
        return ("code", "outcome") if obj else ()

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields


@admin.register(Opportunity)
class OpportunityAdmin(ReadOnly, HandoffModelAdmin):
    """What leads came to. Sales opens and closes opportunities in the portal or in the CRM."""

    about = "Deals that SQLs became: open, won and lost, with amounts and reasons."
    list_display = ("what", "company", "worth", "state", "reason", "close_on", "owner", "opened_at")
    list_select_related = ("lead", "company", "reason", "owner")
    list_filter = ("state", "currency", "reason", "source")
    search_fields = ("name", "external_id", "lead__email", "lead__name", "company__name")
    date_hierarchy = "opened_at"
    fieldsets = [
        (None, {"fields": ["what", "lead", "company", "handoff", "owner"]}),
        ("Terms", {"fields": ["worth", "close_on"]}),
        ("How it ended", {"fields": ["state", "reason", "note", "closed_at", "closed_by"]}),
        ("Where it is known", {"fields": ["source", "external_id", "told_at", "opened_at"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def view_on_site(self, opportunity):
        return reverse("portal:lead", args=[opportunity.lead_id])

    @admin.display(description="opportunity", ordering="name")
    def what(self, opportunity):
        return f"{opportunity}, {opportunity.lead}"

    @admin.display(description="amount", ordering="amount")
    def worth(self, opportunity):
        return opportunity.worth()
