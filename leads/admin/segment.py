from django.contrib import admin
from django.core.exceptions import ValidationError

from leads.admin import conditions
from leads.admin.base import HandoffModelAdmin, RowInline, page_of
from leads.admin.versioned import VersionedAdmin
from leads.models import Segment, SegmentCondition


class SegmentConditionInline(RowInline):
    model = SegmentCondition
    form = conditions.ConditionForm
    verbose_name_plural = "Conditions"
    guide = (
        "A lead is in the segment when it meets every condition of “All”, at least one of “At "
        f"least one” (if there are any) and none of “None”. {conditions.GUIDE}"
    )
    fieldsets = [
        (None, {"fields": [("group", "field", "operator", "value", "signal", "window_days")]})
    ]


@admin.register(Segment)
class SegmentAdmin(HandoffModelAdmin):
    about = "Named sets of conditions that rules and policies share."
    change_form_template = "admin/segment_form.html"
    list_display = ("name", "description", "words")
    search_fields = ("name", "description")
    inlines = [SegmentConditionInline]

    @admin.display(description="in words")
    def words(self, segment):
        """The whole segment in plain English, or why that cannot be said."""
        try:
            return f"{segment.sentence()}."
        except ValidationError as error:
            return " ".join(error.messages)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["words"] = self.words(obj)
            context["holders"] = self.holders(request, obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def holders(self, request, segment):
        """Return `(version, url)` of every published version in which the segment is frozen."""
        return [
            (version, page_of(version))
            for page in self.admin_site._registry.values()
            if isinstance(page, VersionedAdmin) and page.has_view_permission(request)
            for version in page.get_queryset(request).filter(state="published")
            if _holds(version.compiled, segment.name)
        ]


def _holds(form, name):
    """Whether a compiled form contains, at any depth, the segment of this name."""
    if isinstance(form, list):
        return any(_holds(part, name) for part in form)
    if isinstance(form, dict):
        found = "all" in form and form.get("name") == name
        return found or any(_holds(part, name) for part in form.values())
    return False
