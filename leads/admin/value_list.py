from django import forms
from django.contrib import admin

from leads.admin.base import HandoffModelAdmin, page_of
from leads.admin.uses import in_words, published_with
from leads.models import ScoringRule, Segment, SegmentCondition, ValueList

LONGEST = 1_200_000  # characters of a pasted list


class LinesField(forms.CharField):
    """Texts, one a line, as one pastes them from anywhere."""

    widget = forms.Textarea(attrs={"rows": 12})

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        return [line for line in super().to_python(value).splitlines() if line.strip()]

    def run_validators(self, value):
        super().run_validators("\n".join(value))

    def has_changed(self, initial, data):
        return (initial or []) != self.to_python(data)


class ValueListForm(forms.ModelForm):
    values = LinesField(max_length=LONGEST, help_text="One a line; paste as many as you have.")


@admin.register(ValueList)
class ValueListAdmin(HandoffModelAdmin):
    about = "Named values, such as country groups or competitors' domains, for rules to ask for."
    form = ValueListForm
    change_form_template = "admin/value_list_form.html"
    list_display = ("name", "description", "kind", "size")
    list_filter = ("kind",)
    search_fields = ("name", "description", "values")
    fields = ("name", "description", "kind", "values")

    @admin.display(description="values")
    def size(self, row):
        return len(row.values)

    def get_readonly_fields(self, request, obj=None):
        return ("name",) if obj else ()

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            asking = obj.asking()
            conditions = asking[SegmentCondition]
            segments = Segment.objects.filter(conditions__in=conditions).distinct()
            rules = asking[ScoringRule].exclude(definition__state__in=("published", "retired"))
            holders = published_with(self.admin_site, request, obj.frozen_in)
            context |= {
                "segments": [(segment, page_of(segment)) for segment in segments],
                "rules": in_words(rules.select_related("definition")),
                "holders": [(one, url, obj.differs_in(one.compiled)) for one, url in holders],
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_deleted_objects(self, objs, request):
        """Nothing that somebody asks for is deleted."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        asking = [
            words for row in objs for rows in row.asking().values() for words in in_words(rows)
        ]
        return deleted, counts, lacking, [*protected, *asking]
