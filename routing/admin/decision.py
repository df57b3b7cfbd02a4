from django.contrib import admin
from django.template.loader import render_to_string

from leads.admin.base import HandoffModelAdmin, ReadOnly
from routing.explanation import explain
from routing.models import Decision, Handoff


@admin.register(Decision)
class DecisionAdmin(ReadOnly, HandoffModelAdmin):
    """Why a lead went where it went, as it was decided then."""

    about = "Why a lead went where it went: every rule and rep that was looked at."
    list_display = ("decided_at", "lead", "rule_label", "pool", "rep")
    list_select_related = ("handoff__lead", "pool", "rep__user", "rule_set")
    list_filter = ("pool",)
    search_fields = ("handoff__lead__email", "handoff__lead__name", "rule_label")
    ordering = ("-pk",)
    fields = ("handoff", "decided_at", "rule_set", "rule_label", "pool", "rep", "reasons")

    def get_queryset(self, request):
        visible = Handoff.objects.visible_to(request.user)
        return super().get_queryset(request).filter(handoff__in=visible)

    @admin.display(ordering="handoff__lead__name")
    def lead(self, decision):
        return decision.handoff.lead

    def reasons(self, decision):
        return render_to_string("admin/decision_reasons.html", {"why": explain(decision)})
