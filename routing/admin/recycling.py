from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from leads.admin.base import HandoffModelAdmin, ReadOnly
from leads.spreadsheet import BOM, csv_lines
from routing import nurture
from routing.models import Handoff, Recycling

MOST = 100_000  # rows of one file


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
    change_list_template = "admin/recycling_list.html"
    list_display = ("lead", "track", "reason", "waits_for", "recycled_by", "recycled_at")
    list_select_related = ("handoff__lead", "track", "recycled_by", "wake_signal")
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

    # The list as a file, and what became of its leads

    def get_urls(self):
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="routing_recycling_export"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        response = super().changelist_view(request, extra_context)
        found = getattr(response, "context_data", {}).get("cl")
        if found is not None:
            asked = request.GET.urlencode()
            response.context_data |= {
                "yields": [
                    one | {"rows": f"?{_narrowed(request, one['reason'])}"}
                    for one in nurture.yields(found.queryset)
                ],
                "export": f"{reverse('admin:routing_recycling_export')}?{asked}".rstrip("?"),
            }
        return response

    def export_view(self, request):
        """The leads of the list as CSV: with their ids elsewhere, the track and what wakes them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_changelist_instance(request).queryset[:MOST]
        rows = (nurture.row(one) for one in nurture.with_ids(found))
        headings = {"Content-Disposition": 'attachment; filename="nurtured-leads.csv"'}
        lines = csv_lines(nurture.HEADINGS, rows)
        kind = "text/csv; charset=utf-8"
        return StreamingHttpResponse((BOM, *lines), content_type=kind, headers=headings)


def _narrowed(request, reason):
    """The list as it was asked for, of one reason alone."""
    kept = {name: said for name, said in request.GET.items() if name not in ("p", "reason__exact")}
    return urlencode(kept | {"reason__exact": reason})
