"""What the admin pages of every app share."""

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.utils.html import format_html


class HandoffModelAdmin(admin.ModelAdmin):
    about = ""  # one line on the index: what the page is for
    list_per_page = 50
    show_full_result_count = False


class ReadOnly:
    """Mixed into an admin or an inline whose rows are written by the product alone."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class RowInline(admin.StackedInline):
    """Rows of a rule, laid out by admin.css as one card each; `guide` explains the columns."""

    template = "admin/rows.html"
    extra = 0
    guide = ""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        # The links to add and change what is chosen would take half of a narrow column.
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_formset(self, request, obj=None, **kwargs):
        """Give new rows the position after the last one, where the rows have an order."""
        formset = super().get_formset(request, obj, **kwargs)
        position = formset.form.base_fields.get("position")
        if position and obj:
            last = self.model._default_manager.filter(**{self._parent_name(): obj}).last()
            position.initial = last.position + 1 if last else 1
        return formset

    def _parent_name(self):
        return next(
            field.name
            for field in self.model._meta.fields
            if field.related_model is self.parent_model
        )


def state_tag(row):
    """Return a row's state as a coloured word."""
    return format_html('<span class="tag tag-{}">{}</span>', row.state, row.get_state_display())
