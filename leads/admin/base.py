"""What the admin pages of every app share."""

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.forms.models import BaseInlineFormSet
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.text import capfirst

from leads import changes
from leads.admin import stale

ASKED = {"add", "in", "open"}  # what a page was asked to show once; a save does not ask again


class PlainChoices:
    """Mixed in to leave out Django's links beside a choice, to add, change or delete it."""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


class HandoffModelAdmin(PlainChoices, admin.ModelAdmin):
    about = ""  # one line on the index: what the page is for
    counted: tuple[str, str] | None = None  # what a list counts, one and many, if not its model
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def changelist_view(self, request, extra_context=None):
        known = {"title": capfirst(self.opts.verbose_name_plural), "now": timezone.now()}
        return super().changelist_view(request, known | (extra_context or {}))

    # Two people at once

    def changeform_view(self, request, *args, **kwargs):
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            # Somebody saved the same name at the same moment. The form is asked again: now it
            # finds theirs, and says so at the field.
            return super().changeform_view(request, *args, **kwargs)

    def get_object(self, request, object_id, from_field=None):
        """While a row is being saved it is locked, so that the one before is seen or waits."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "POST" and connection.in_atomic_block:
            rows = self.model._default_manager.select_for_update(of=("self",))
            found = rows.filter(pk=found.pk).first()
        return found

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        may_save = change and self.has_change_permission(request, obj)
        return stale.guarded(form, self, request) if may_save else form

    def construct_change_message(self, request, form, formsets, add=False):
        """Say in the log what each value was before and is now, for the audit."""
        told = super().construct_change_message(request, form, formsets, add)
        return changes.with_values(told, stale.differences(form, formsets or []))

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        """Head the page of a row with its name instead of "Change so-and-so"."""
        form = context["adminform"].form
        if getattr(form, "overtaken", ""):
            formsets = [inline.formset for inline in context["inline_admin_formsets"]]
            context["differences"] = stale.differences(form, formsets)
        if obj is not None:
            context |= {"title": str(obj), "subtitle": capfirst(self.opts.verbose_name)}
            context.setdefault("now", timezone.now())
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_formset_kwargs(self, request, obj, inline, prefix):
        """An empty row that was asked for stands where it was asked for."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        place = getattr(inline, "placed_by", "")
        if request.method != "POST" and place and request.GET.get("in"):
            kwargs["initial"] = [{place: request.GET["in"]}]
        return kwargs

    def response_add(self, request, obj, post_url_continue=None):
        if "_add_row" in request.POST:
            return self._with_a_row_more(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        if "_add_row" in request.POST:
            return self._with_a_row_more(request, obj)
        response = super().response_change(request, obj)
        if "_continue" in request.POST and ASKED.intersection(request.GET):
            query = request.GET.copy()
            for name in ASKED:
                query.pop(name, None)
            return redirect(f"{page_of(obj)}?{query.urlencode()}".removesuffix("?"))
        return response

    def _with_a_row_more(self, request, obj):
        """What the script does without asking: one more empty row, on the page as it was saved."""
        model, _, place = request.POST["_add_row"].partition(":")
        self.message_user(request, f"{obj} is saved. Fill in the new row and save again.")
        return redirect(f"{page_of(obj)}?{urlencode({'add': model, 'in': place})}#new-row")


class ReadOnly:
    """Mixed into an admin or an inline, with its fields named, whose rows the product writes."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request, obj=None):
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ApartFormSet(BaseInlineFormSet):
    """Rows of one parent that differ, also from those that somebody added meanwhile.

    Django compares the rows of a page with each other alone.
    """

    def clean(self):
        super().clean()
        shown = {form.instance.pk for form in self.initial_forms}
        others = [row for row in self.get_queryset() if row.pk not in shown]
        for constraint in self.model._meta.total_unique_constraints if others else ():
            columns = [name for name in constraint.fields if name != self.fk.name]
            taken = {tuple(getattr(row, name) for name in columns) for row in others}
            for form in self.forms:
                said = tuple(getattr(form.instance, name) for name in columns)
                if said in taken and form.has_changed() and not self._should_delete_form(form):
                    error = "Somebody has added one with this name meanwhile. Choose another."
                    form.add_error(columns[0], ValidationError(error, "unique"))


class RowInline(PlainChoices, admin.StackedInline):
    """Rows of a rule, laid out by admin.css as one card each; `guide` explains the columns."""

    formset = ApartFormSet
    template = "admin/rows.html"
    row_template = ""  # of one row, where `template` puts rows under headings
    placed_by = ""  # the column that says under which one
    one = "one more"  # what the button beneath adds
    extra = 0
    guide = ""

    def get_extra(self, request, obj=None, **kwargs):
        """Without a script, a button asks the server for one more empty row."""
        return self.extra + (request.GET.get("add") == self.opts.model_name)

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


def page_of(row, page="change"):
    """Return the path of one of a row's pages in the admin."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def drawn(response):
    """Draw a page now instead of after its view: what it reads on the way is still held."""
    return response.render() if isinstance(response, TemplateResponse) else response
