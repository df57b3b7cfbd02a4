from django.contrib import admin
from django.urls import reverse

from leads.admin.base import HandoffModelAdmin, ReadOnly
from leads.admin.company import FieldValueInline
from leads.models import Identity, Lead


class IdentityInline(ReadOnly, admin.TabularInline):
    model = Identity
    fields = ("kind", "value", "created_at")


@admin.register(Lead)
class LeadAdmin(ReadOnly, HandoffModelAdmin):
    """Leads are looked up here; what is known of them is written by intake."""

    about = "Everybody who showed interest, with stage and score."
    list_display = ("__str__", "email", "company", "stage", "status", "scored", "created_at")
    list_select_related = ("company", "stage", "score")
    list_filter = ("stage", "status", "score__tier")
    search_fields = ("email", "name", "company__name", "company__domain")
    ordering = ("-created_at", "-id")
    inlines = [IdentityInline, FieldValueInline]
    fieldsets = [
        (None, {"fields": ["email", "name", "phone", "opted_out"]}),
        ("Work", {"fields": ["job_title", "seniority", "department", "company"]}),
        ("Where", {"fields": ["country", "region"]}),
        ("Came from", {"fields": ["lead_source", "campaign", "created_at"]}),
        ("Now", {"fields": ["stage", "status", "scored", "verdict", "scored_by"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def view_on_site(self, lead):
        return reverse("portal:lead", args=[lead.pk])

    @admin.display(description="score", ordering="score__total")
    def scored(self, lead):
        score = getattr(lead, "score", None)
        return f"{score.total} ({score.tier})" if score else None

    @admin.display(description="fit and interest")
    def verdict(self, lead):
        score = getattr(lead, "score", None)
        if score is None:
            return None
        return f"Fit {score.fit}, interest {score.interest}: {score.get_bucket_display().lower()}"

    @admin.display(description="scored by")
    def scored_by(self, lead):
        score = getattr(lead, "score", None)
        return score and score.definition
