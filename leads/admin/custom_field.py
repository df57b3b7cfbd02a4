from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils.text import capfirst

from leads.admin.base import HandoffModelAdmin, page_of
from leads.admin.listed import ListedField
from leads.admin.uses import asks_for, in_words, published_with
from leads.conditions.census import count
from leads.models import Company, CustomField, Lead, ScoringRule, Segment


class CustomFieldForm(forms.ModelForm):
    choices = ListedField(
        required=False,
        widget=AdminTextInputWidget,
        help_text="For a choice: its values, separated by commas. One that holds a comma stands in "
        "quotation marks.",
    )


@admin.register(CustomField)
class CustomFieldAdmin(HandoffModelAdmin):
    """Custom fields are switched off, never deleted: published rules may ask for them."""

    form = CustomFieldForm
    about = "Attributes of leads and companies that are yours alone; rules may ask for them."
    change_form_template = "admin/custom_field_form.html"
    list_display = ("label", "key", "on", "kind", "is_active")
    list_filter = ("is_active", "on", "kind")
    search_fields = ("label", "key")
    fields = ("label", "key", "on", "kind", "choices", "is_active")

    def get_readonly_fields(self, request, obj=None):
        return ("key", "on", "kind") if obj else ()

    def has_delete_permission(self, request, obj=None):
        return False

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            key = obj.as_field().key
            rules = ScoringRule.objects.filter(field=key).exclude(
                definition__state__in=("published", "retired")
            )
            owner = Company if obj.on == CustomField.On.COMPANY else Lead
            context |= {
                "owners": f"{capfirst(owner._meta.verbose_name_plural)} that have a value now",
                "size": count(owner._default_manager.filter(attributes__has_key=obj.key)),
                "segments": [
                    (segment, page_of(segment))
                    for segment in Segment.objects.filter(conditions__field=key).distinct()
                ],
                "rules": in_words(rules.select_related("definition")),
                "holders": published_with(
                    self.admin_site, request, lambda form: asks_for(form, key)
                ),
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)
