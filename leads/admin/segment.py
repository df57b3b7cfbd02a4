from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponseNotAllowed, JsonResponse
from django.urls import path, reverse
from django.utils import timezone

from leads.admin import conditions
from leads.admin.base import HandoffModelAdmin, RowInline, drawn
from leads.admin.choices import OptionField, Options
from leads.admin.rows import RowFormSet
from leads.admin.uses import keepers, published_with
from leads.conditions import registry, words
from leads.conditions.census import count
from leads.models import Lead, Segment, SegmentCondition
from leads.text import whole

Group = SegmentCondition.Group
SECTIONS = (
    (Group.ALL, "All of these", "A lead meets every one."),
    (Group.ANY, "At least one of these", "If there are any, a lead meets one of them or more."),
    (Group.NONE, "None of these", "A lead meets not a single one."),
)
MOST_CONDITIONS = 200  # that are read while somebody types


class SegmentConditionForm(conditions.ConditionForm):
    group = OptionField(options=Options.of_choices(Group.choices, empty=None), required=True)

    COLUMNS = ("group", "field", "signal", "operator", "value", "window_days")
    PLACE = frozenset({"group"})

    class Meta:
        model = SegmentCondition
        fields = ("group", "field", "operator", "value", "signal", "window_days")

    @property
    def title(self):
        return "New condition" if self.is_new else ""

    def sentence(self):
        return words.sentence_of_term(self.instance.term())


class ConditionFormSet(RowFormSet):
    def read_choices(self):
        return conditions.ConditionChoices()

    def headings(self):
        return SECTIONS

    def section_of(self, form):
        return form["group"].value()


class SegmentConditionInline(RowInline):
    model = SegmentCondition
    form = SegmentConditionForm
    formset = ConditionFormSet
    template = "admin/sections.html"
    row_template = "admin/_condition_row.html"
    placed_by = "group"
    one = "a condition"
    verbose_name_plural = "Conditions"
    guide = conditions.GUIDE
    fieldsets = [(None, {"fields": SegmentConditionForm.Meta.fields})]


@admin.register(Segment)
class SegmentAdmin(HandoffModelAdmin):
    about = "Named sets of conditions that rules and policies share."
    change_form_template = "admin/segment_form.html"
    delete_confirmation_template = "admin/segment_delete.html"
    list_display = ("name", "description", "persona", "words")
    list_filter = ("persona",)
    search_fields = ("name", "description")
    fields = ("name", "description", "persona")
    inlines = [SegmentConditionInline]

    @admin.display(description="in words")
    def words(self, segment):
        """The whole segment in plain English, or why that cannot be said."""
        try:
            return f"{segment.sentence()}."
        except ValidationError as error:
            return " ".join(error.messages)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("conditions__signal")

    # Its page

    def get_urls(self):
        view = self.admin_site.admin_view(self.sentence_view)
        return [path("sentence/", view, name="leads_segment_sentence"), *super().get_urls()]

    def changeform_view(self, request, *args, **kwargs):
        with registry.read_once():
            return drawn(super().changeform_view(request, *args, **kwargs))

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        for inline in context["inline_admin_formsets"]:
            if isinstance(inline.formset, ConditionFormSet):
                context["asked"] = inline.formset.choices.script()
                context["sentence_url"] = reverse("admin:leads_segment_sentence")
        if obj is not None:
            context["words"] = self.words(obj)
            context["size"] = self.size(obj)
            context["holders"] = published_with(self.admin_site, request, obj.frozen_in)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def size(self, segment):
        """Return the Count of the leads in the segment now; None where it takes too long."""
        try:
            found = segment.matching(Lead.objects.unmerged(), today=timezone.now().date())
        except ValidationError:
            return None
        return count(found)

    def sentence_view(self, request):
        """POST the rows of a segment: what they say, each and together, or what is wrong."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_add_permission(request) or self.has_change_permission(request)):
            raise PermissionDenied
        total = whole(request.POST.get("conditions-TOTAL_FORMS"))
        if total is None:
            said = "The page did not say how many conditions it has. Open it anew."
            return JsonResponse({"words": "", "problem": said, "rows": {}}, status=400)
        with registry.read_once():
            rows = _rows(request.POST, min(total, MOST_CONDITIONS))
            groups: dict = {group: [] for group in Group.values}
            for row in rows:
                if row.words:
                    groups[row.instance.group].append(row.instance.term())
        problem = any(row.problem for row in rows)
        return JsonResponse(
            {
                "words": f"{words.sentence(groups)}." * (not problem),
                "problem": "A condition is not complete yet." * problem,
                "rows": {row.prefix: {"words": row.words, "problem": row.problem} for row in rows},
            }
        )

    # Deleting it

    def get_deleted_objects(self, objs, request):
        """Name what keeps a segment by the version that it stands in."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, lacking, protected and keepers(list(objs))


def _rows(data, total):
    """The forms of the conditions that are filled in and not about to be deleted."""
    choices = conditions.ConditionChoices()
    forms = [
        SegmentConditionForm(
            data, prefix=f"conditions-{n}", instance=SegmentCondition(), choices=choices
        )
        for n in range(total)
        if not data.get(f"conditions-{n}-DELETE")
    ]
    return [form for form in forms if form.has_changed()]
