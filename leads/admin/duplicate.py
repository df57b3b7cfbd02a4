"""The pairs of leads that may be one person: a list, a page for each, and both answers."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone

from leads import merging
from leads.admin.base import HandoffModelAdmin, ReadOnly, page_of, state_tag
from leads.merging.foresight import foresee
from leads.models import Duplicate

MAY_MERGE = "leads.merge_leads"


class StateFilter(admin.SimpleListFilter):
    """Those that wait, unless somebody asks for the others."""

    title = "answer"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return Duplicate.State.choices

    def choices(self, changelist):
        for value, label in self.lookup_choices:
            yield {
                "selected": value == self.wanted,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request, queryset):
        return queryset.filter(state=self.wanted)

    @property
    def wanted(self):
        return self.value() or Duplicate.State.PROPOSED


@admin.register(Duplicate)
class DuplicateAdmin(ReadOnly, HandoffModelAdmin):
    about = "Pairs of leads that may be one person: merge them, or say that they are two."
    page_name = "Possible duplicates"
    change_list_template = "admin/duplicate_list.html"
    change_form_template = "admin/duplicate.html"
    list_display = ("pair", "companies", "why", "score", "answer")
    list_filter = (StateFilter,)
    list_select_related = ("first__company", "second__company")
    search_fields = ("first__email", "first__name", "second__email", "second__name")
    ordering = ("-score", "pk")
    actions = ("merge_selected", "dismiss_selected")
    fields = ("first", "second")

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        if request.user.has_perm("leads.view_every_lead"):
            return rows
        return rows.visible_to(request.user)

    def has_merge_permission(self, request):
        return request.user.has_perm(MAY_MERGE)

    @admin.display(description="leads")
    def pair(self, row):
        return f"{row.first} ({row.first.email}) and {row.second} ({row.second.email})"

    @admin.display(description="companies")
    def companies(self, row):
        names = {str(lead.company) for lead in (row.first, row.second) if lead.company}
        return ", ".join(sorted(names))

    @admin.display(description="in common")
    def why(self, row):
        return ". ".join(row.reasons)

    @admin.display(description="answer", ordering="state")
    def answer(self, row):
        return state_tag(row)

    # Many at once

    @admin.action(description="Merge the selected pairs", permissions=["merge"])
    def merge_selected(self, request, queryset):
        """The lead that came first stays, as on the page of a pair; each merge can be undone."""
        done, refused = 0, []
        for row in queryset.proposed():
            survivor, other = self._in_order(row, {})
            try:
                merging.merge(survivor, other, by=request.user, now=timezone.now())
            except merging.NotMergeable as error:
                refused.append(str(error))
                continue
            done += 1
            self.log_change(request, row, f"Merged {other.email} into {survivor.email}")
        self.message_user(request, f"Merged: {done}. Merged leads has the way back.")
        for why in refused[:5]:
            self.message_user(request, why, messages.WARNING)

    @admin.action(description="Say that the selected pairs are two people", permissions=["merge"])
    def dismiss_selected(self, request, queryset):
        found = list(queryset.proposed())
        for row in found:
            row.dismiss(by=request.user, now=timezone.now())
            self.log_change(request, row, "Not the same")
        self.message_user(request, f"Not the same: {len(found)}.")

    # Pages

    def get_urls(self):
        wrap, name = self.admin_site.admin_view, "leads_duplicate"
        return [
            path("<int:pk>/merge/", wrap(self.merge_view), name=f"{name}_merge"),
            path("<int:pk>/dismissal/", wrap(self.dismissal_view), name=f"{name}_dismissal"),
            *super().get_urls(),
        ]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            survivor, other = self._in_order(obj, request.GET)
            waits = obj.state == Duplicate.State.PROPOSED
            context |= {
                "page_name": self.page_name,
                "state": self.answer(obj),
                "foresight": foresee(survivor, other) if waits else None,
                "may_merge": self.has_merge_permission(request),
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    @staticmethod
    def _in_order(row, said):
        """The survivor first: the one that was chosen, else the one that came first."""
        pair = sorted((row.first, row.second), key=lambda lead: (lead.created_at, lead.pk))
        return tuple(reversed(pair)) if said.get("survivor") == str(pair[1].pk) else tuple(pair)

    def merge_view(self, request, pk):
        """POST: merge the two into the survivor that was chosen."""
        row = self._asked(request, pk)
        if isinstance(row, HttpResponseNotAllowed):
            return row
        survivor, other = self._in_order(row, request.POST)
        try:
            done = merging.merge(survivor, other, by=request.user, now=timezone.now())
        except merging.NotMergeable as error:
            self.message_user(request, str(error), messages.WARNING)
            return redirect(page_of(row))
        self.log_change(request, row, f"Merged {other.email} into {survivor.email}")
        self.message_user(request, f"Merged: {other.email} is a part of {survivor.email} now.")
        return redirect(page_of(done))

    def dismissal_view(self, request, pk):
        """POST: the two are not the same."""
        row = self._asked(request, pk)
        if isinstance(row, HttpResponseNotAllowed):
            return row
        row.dismiss(by=request.user, now=timezone.now())
        self.log_change(request, row, "Not the same")
        self.message_user(request, f"{row.first.email} and {row.second.email} stay two people.")
        return redirect(reverse("admin:leads_duplicate_changelist"))

    def _asked(self, request, pk):
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_merge_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=pk)
