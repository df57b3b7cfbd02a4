from django.contrib import admin
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, ReadOnly
from sla.models import Clock, Escalation


class EscalationInline(ReadOnly, admin.TabularInline):
    model = Escalation
    fields = ("step", "due_at", "noticed_at")


@admin.register(Clock)
class ClockAdmin(ReadOnly, HandoffModelAdmin):
    """Promises on handoffs, as they stand now."""

    about = "Every promise on a handoff: when it is due, and whether it was kept."
    list_display = ("lead", "kind", "reads", "owner", "due_at", "policy")
    list_select_related = ("handoff__lead", "handoff__owner__user", "policy", "calendar")
    list_filter = ("kind", "state", "policy")
    search_fields = ("handoff__lead__email", "handoff__lead__name")
    ordering = ("-pk",)
    inlines = [EscalationInline]
    fields = (
        "handoff",
        "kind",
        "reads",
        "policy",
        "calendar",
        "target_minutes",
        "started_at",
        "due_at",
        "stopped_at",
    )

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    @admin.display(ordering="handoff__lead__name")
    def lead(self, clock):
        return clock.handoff.lead

    def owner(self, clock):
        return clock.handoff.owner

    @admin.display(description="now")
    def reads(self, clock):
        return clock.reading(now=timezone.now()).text
