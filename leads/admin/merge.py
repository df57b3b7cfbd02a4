"""The leads that were merged, and the way back."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone

from leads import merging
from leads.admin.base import HandoffModelAdmin, ReadOnly, page_of
from leads.admin.duplicate import MAY_MERGE
from leads.models import Merge


@admin.register(Merge)
class MergeAdmin(ReadOnly, HandoffModelAdmin):
    about = "Leads that became one, with the way back."
    page_name = "Merged leads"
    change_form_template = "admin/merge.html"
    list_display = ("survivor", "was", "merged_at", "actor", "undone_at")
    list_display_links = ("survivor", "was")
    list_select_related = ("survivor", "other", "actor")
    list_filter = (("undone_at", admin.EmptyFieldListFilter),)
    search_fields = ("survivor__email", "other__email", "survivor__name", "other__name")
    date_hierarchy = "merged_at"
    fieldsets = [
        (None, {"fields": ["survivor", "was", "merged_at", "actor", "moved_in_words"]}),
        ("Undone", {"fields": ["undone_at", "undone_by"]}),
    ]

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        if request.user.has_perm("leads.view_every_lead"):
            return rows
        return rows.visible_to(request.user)

    @admin.display(description="merged into it", ordering="other__email")
    def was(self, merge):
        return merge.other.email

    @admin.display(description="moved")
    def moved_in_words(self, merge):
        rows = merge.moved.get("rows", {})
        counts = {
            "touchpoint": len(merge.moved.get("touchpoints", ())),
            "name": len(rows.get("leads.Identity", ())),
            "handoff": len(rows.get("routing.Handoff", ())),
            "value": len(merge.moved.get("before", ())),
        }
        return ", ".join(f"{n} {what}{'' if n == 1 else 's'}" for what, n in counts.items())

    def get_urls(self):
        view = self.admin_site.admin_view(self.undo_view)
        return [path("<int:pk>/undo/", view, name="leads_merge_undo"), *super().get_urls()]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context |= {"page_name": self.page_name, "may_merge": request.user.has_perm(MAY_MERGE)}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def undo_view(self, request, pk):
        """POST: make two leads of them again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(MAY_MERGE):
            raise PermissionDenied
        merge = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            merging.undo(merge, by=request.user, now=timezone.now())
        except merging.NotMergeable as error:
            self.message_user(request, str(error), messages.WARNING)
        else:
            self.log_change(request, merge, "Undone")
            told = f"{merge.survivor.email} and {merge.other.email} are two leads again."
            self.message_user(request, told)
        return redirect(page_of(merge))
