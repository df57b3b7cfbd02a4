from django.contrib import admin
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, ReadOnly
from sla.models import Clock, Escalation, Pause


class EscalationInline(ReadOnly, admin.TabularInline):
    model = Escalation
    fields = ("done", "due_at", "noticed_at")

    @admin.display(description="step")
    def done(self, escalation):
        return escalation.words


class PauseInline(ReadOnly, admin.TabularInline):
    model = Pause
    fields = ("cause", "by", "started_at", "ended_at", "limit_at", "ended_by")


@admin.register(Clock)
class ClockAdmin(ReadOnly, HandoffModelAdmin):
    """Promises on handoffs, as they stand now."""

    about = "Every promise on a handoff: when it is due, and whether it was kept."
    list_display = ("lead", "kind", "reads", "owner", "due_at", "policy")
    list_select_related = ("handoff__lead", "handoff__owner__user", "policy", "calendar")
    list_filter = ("kind", "state", "policy")
    search_fields = ("handoff__lead__email", "handoff__lead__name")
    ordering = ("-pk",)
    inlines = [EscalationInline, PauseInline]
    fields = (
        "handoff",
        "kind",
        "reads",
        "policy",
        "calendar",
        "target_minutes",
        "started_at",
        "due_at",
        "target_due_at",
        "bound_due_at",
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
