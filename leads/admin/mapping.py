from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from leads.admin.base import HandoffModelAdmin, page_of
from leads.intake import remapping
from leads.models import Mapping, Remapping

RIGHT, IGNORE = "right", "ignore"


@admin.register(Mapping)
class MappingAdmin(HandoffModelAdmin):
    """What inputs mean, and those about which nobody has decided yet."""

    about = "What inputs such as industries, sources and campaigns mean, and which are unmapped."
    change_form_template = "admin/mapping_form.html"
    change_list_template = "admin/mapping_list.html"
    list_display = ("said", "field", "meaning", "history", "made_by", "at")
    list_filter = ("field", "state")
    list_select_related = ("made_by", "remapping")
    search_fields = ("said", "means")
    fields = ("field", "said", "means")

    @admin.display(description="means", ordering="means")
    def meaning(self, row):
        if row.is_right:
            return "Right as it is"
        return row.means or row.get_state_display()

    @admin.display(description="stored before")
    def history(self, row):
        walk = getattr(row, "remapping", None)
        return f"{walk.get_state_display()}, {walk.changed:,} changed" if walk else "Stays as it is"

    def get_readonly_fields(self, request, obj=None):
        return ("field", "said") if obj else ()

    def save_model(self, request, obj, form, change):
        obj.decide(by=request.user, now=timezone.now())

    # /admin/leads/mapping/
    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("unmapped/", wrap(self.unmapped_view), name="leads_mapping_unmapped"),
            path("<int:pk>/remapping/", wrap(self.remapping_view), name="leads_mapping_remapping"),
            *super().get_urls(),
        ]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context |= {
                "walk": Remapping.objects.filter(mapping=obj).first(),
                "held": remapping.holding(obj).count(),
                "noun": obj.model._meta.verbose_name_plural,
                "may_work": self.has_change_permission(request, obj),
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def unmapped_view(self, request):
        """GET: the inputs of one field; POST: decide about one of them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        field = request.GET.get("field", Mapping.Field.INDUSTRY)
        if field not in Mapping.Field:
            raise Http404
        error = None
        if request.method == "POST":
            if not self.has_add_permission(request):
                raise PermissionDenied
            try:
                return self._decided(request, field)
            except ValidationError as problem:
                error = " ".join(problem.messages)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Unmapped inputs",
            "field": field,
            "noun": remapping.owner_of(field)._meta.verbose_name_plural,
            "tabs": Mapping.Field.choices,
            "rows": remapping.unmapped(field),
            "shown": remapping.SHOWN,
            "can_be_right": field != Mapping.Field.COUNTRY,
            "known": Mapping.objects.known(field),
            "may_add": self.has_add_permission(request),
            "error": error,
            "wrong": {name: request.POST.get(name, "") for name in ("said", "means")},
        }
        return TemplateResponse(
            request, "admin/mapping_unmapped.html", context, status=422 if error else 200
        )

    def _decided(self, request, field):
        """Store the decision. Raise ValidationError."""
        said, then = request.POST.get("said", ""), request.POST.get("then", "")
        means = {RIGHT: said, IGNORE: ""}.get(then, request.POST.get("means", "").strip())
        if not means and then != IGNORE:
            raise ValidationError("Say what it means, or choose one of the other buttons.")
        row = Mapping(field=field, said=said, means=means)
        row.full_clean(exclude=["at", "key"])
        try:
            row.decide(by=request.user, now=timezone.now())
        except IntegrityError:
            raise ValidationError("Somebody has decided about this input meanwhile.") from None
        self.log_addition(request, row, [{"added": {}}])
        told = f"is mapped to “{row.means}”" if row.means else "stays as it is, and is not listed"
        self.message_user(
            request, f"“{row.said}” {told if then != RIGHT else 'is right as it is'}."
        )
        return redirect(f"{reverse('admin:leads_mapping_unmapped')}?{urlencode({'field': field})}")

    def remapping_view(self, request, pk):
        """POST: stop bringing what is stored into line, go on with it, or do it once more."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        then, now = request.POST.get("then"), timezone.now()
        walk = Remapping.objects.filter(mapping=row).first()
        if then == "again" and row.means and not (walk and walk.is_open):
            row.decide(by=request.user, now=now)
            self.log_change(request, row, "Had it applied once more to what is stored.")
        elif walk and then == "resume" and walk.resume():
            self.log_change(request, row, "Went on applying it to what is stored.")
        elif walk and then == "cancel" and walk.cancel(now=now):
            self.log_change(request, row, "Stopped applying it to what is stored.")
        return redirect(page_of(row))
