from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import slugify

from leads.admin.base import HandoffModelAdmin, page_of
from leads.intake import backfill
from leads.models import Backfill, Signal, Touchpoint


class SignalForm(forms.ModelForm):
    kind = forms.ChoiceField(
        choices=[("", "---------"), *Touchpoint.Kind.choices],
        help_text="The kind of touchpoint that shows the signal.",
    )


@admin.register(Signal)
class SignalAdmin(HandoffModelAdmin):
    """Signals are switched off, never deleted: published definitions may count them."""

    change_form_template = "admin/signal_form.html"
    change_list_template = "admin/signal_list.html"
    about = "Named pieces of behaviour, recognised when a touchpoint arrives."
    form = SignalForm
    list_display = ("name", "kind_in_words", "event", "path_prefix", "is_active")
    list_filter = ("is_active", "kind")
    search_fields = ("name", "key", "description")
    prepopulated_fields = {"key": ("name",)}
    fieldsets = [
        (None, {"fields": ["name", "key", "description", "is_active"]}),
        (
            "Shown by",
            {
                "description": "A touchpoint shows the signal when its kind and everything else "
                "that is given here match. After a change here, the touchpoints of before are "
                "looked through again in the background; published versions keep what they "
                "were published with.",
                "fields": ["kind", "event", "path_prefix", "whole_parts"],
            },
        ),
    ]

    @admin.display(description="shown by", ordering="kind")
    def kind_in_words(self, signal):
        return dict(Touchpoint.Kind.choices).get(signal.kind, signal.kind)

    def get_queryset(self, request):
        return super().get_queryset(request).current()

    def save_model(self, request, obj, form, change):
        obj.keep(now=timezone.now())

    def get_changeform_initial_data(self, request):
        """A signal of something that happened: the page of those that show none fills this in."""
        said = super().get_changeform_initial_data(request)
        name = str(said.get("event") or said.get("path_prefix", "")).strip("/")
        return {"name": name[:80], "key": slugify(name)[:60]} | said

    # /admin/leads/signal/
    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("unnamed/", wrap(self.unnamed_view), name="leads_signal_unnamed"),
            path("<int:pk>/backfill/", wrap(self.backfill_view), name="leads_signal_backfill"),
            *super().get_urls(),
        ]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            now = timezone.now()
            shown, count, looked_at = backfill.lately(obj, now=now)
            context |= {
                "backfill": Backfill.objects.filter(signal=obj).first(),
                "may_work": self.has_change_permission(request, obj),
                "shown": shown,
                "shown_count": count,
                "looked_at": looked_at,
                "is_part": looked_at == backfill.NEWEST,
                "earlier": Signal.objects.filter(key=obj.key, revision__lt=obj.revision).count(),
                "now": now,
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def unnamed_view(self, request):
        """What people did lately that shows no signal."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        kinds = dict(Touchpoint.Kind.choices)
        now = timezone.now()
        rows = [
            row | {"words": kinds.get(row["kind"], row["kind"]), "query": _query(row)}
            for row in backfill.unnamed(now=now)
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Touchpoints that show no signal",
            "rows": rows,
            "newest": backfill.NEWEST,
            "may_add": self.has_add_permission(request),
            "now": now,
        }
        return TemplateResponse(request, "admin/signal_unnamed.html", context)

    def backfill_view(self, request, pk):
        """POST: stop looking through the past, or go on with it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        signal = self.get_object(request, str(pk))
        if signal is None:
            raise Http404
        if not self.has_change_permission(request, signal):
            raise PermissionDenied
        work = get_object_or_404(Backfill, signal=signal)
        if request.POST.get("then") == "resume" and work.resume():
            self.log_change(request, signal, "Went on looking through earlier touchpoints.")
        elif request.POST.get("then") == "cancel" and work.cancel(now=timezone.now()):
            self.log_change(request, signal, "Stopped looking through earlier touchpoints.")
        return redirect(page_of(signal))

    def get_readonly_fields(self, request, obj=None):
        return ("key",) if obj else ()

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request, obj=None):
        return False


def _query(row):
    """What a new signal is filled in with: the event if it has a name, else the page."""
    said = {"kind": row["kind"], "event": row["event"] or ""}
    if not row["event"] and row["path"]:
        said["path_prefix"] = row["path"][:200]
    return urlencode({name: value for name, value in said.items() if value})
