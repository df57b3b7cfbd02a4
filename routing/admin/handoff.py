from django.contrib import admin
from django.urls import reverse

from leads.admin.base import HandoffModelAdmin, ReadOnly, state_tag
from routing.models import Assignment, Decision, Handoff


class AssignmentInline(ReadOnly, admin.TabularInline):
    model = Assignment
    fields = ("rep", "cause", "started_at", "ended_at")


class DecisionInline(ReadOnly, admin.TabularInline):
    model = Decision
    fields = ("rule_label", "pool", "rep", "decided_at")
    show_change_link = True


@admin.register(Handoff)
class HandoffAdmin(ReadOnly, HandoffModelAdmin):
    """Handoffs are looked up here and worked in the portal."""

    about = "Every qualified lead on its way to a rep, and how it ended."
    list_display = ("lead", "standing", "owner", "pool", "score", "tier", "opened_at")
    list_select_related = ("lead", "owner__user", "pool")
    list_filter = ("state", "tier", "owner__team")
    search_fields = ("lead__email", "lead__name", "lead__company__name")
    ordering = ("-opened_at", "-pk")
    inlines = [AssignmentInline, DecisionInline]
    fields = (
        "lead",
        "standing",
        "kind",
        "owner",
        "pool",
        "score",
        "tier",
        "previous",
        "opened_at",
        "accepted_at",
        "closed_at",
        "next_due_at",
    )

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def view_on_site(self, handoff):
        return reverse("portal:lead", args=[handoff.lead_id])

    @admin.display(description="state", ordering="state")
    def standing(self, handoff):
        return state_tag(handoff)
