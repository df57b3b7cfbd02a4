from django.contrib import admin

from leads.admin.base import HandoffModelAdmin, ReadOnly
from leads.models import Event, Lead


@admin.register(Event)
class EventAdmin(ReadOnly, HandoffModelAdmin):
    """The log of what happened to leads, newest first."""

    about = "Everything that happened to a lead: who or what did it, when and why."
    list_display = ("happened_at", "kind", "lead", "actor", "cause")
    list_select_related = ("lead", "actor")
    search_fields = ("kind", "lead__email", "lead__name")
    ordering = ("-pk",)  # the order in which they were written, and the one that has an index
    fields = ("happened_at", "kind", "lead", "actor", "cause", "data")

    def get_queryset(self, request):
        return super().get_queryset(request).filter(lead__in=Lead.objects.visible_to(request.user))
