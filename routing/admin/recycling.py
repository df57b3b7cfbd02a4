from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, ReadOnly
from routing.models import Handoff, Recycling


class Rests(admin.SimpleListFilter):
    title = "whether they rest"
    parameter_name = "rests"

    def lookups(self, request, model_admin):
        return [("yes", "They still rest"), ("no", "They came back")]

    def queryset(self, request, queryset):
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(ended_at__isnull=self.value() == "yes")


@admin.register(Recycling)
class RecyclingAdmin(ReadOnly, HandoffModelAdmin):
    """Who rests where, and what each waits for. Reps recycle leads in the portal."""

    about = "Good leads that are not ready now: on which track they rest, and until when."
    list_display = ("lead", "track", "reason", "waits_for", "recycled_by", "recycled_at")
    list_select_related = ("handoff__lead", "track", "recycled_by")
    list_filter = (Rests, "track", "reason")
    search_fields = ("handoff__lead__email", "handoff__lead__name")
    ordering = ("-recycled_at", "-pk")
    fields = (
        *("lead", "track", "reason", "note", "waits_for", "wake_at", "cool_down_until"),
        *("recycled_by", "recycled_at", "ended_at", "woken_by"),
    )

    def get_queryset(self, request):
        seen = Handoff.objects.visible_to(request.user).values("pk")
        return super().get_queryset(request).filter(handoff__in=seen)

    def view_on_site(self, recycling):
        return reverse("portal:lead", args=[recycling.handoff.lead_id])

    @admin.display(ordering="handoff__lead__name")
    def lead(self, recycling):
        return recycling.handoff.lead

    @admin.display(description="waits for", ordering="wake_at")
    def waits_for(self, recycling):
        return recycling.waits_for(zone=timezone.get_current_timezone())
