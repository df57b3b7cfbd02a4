from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from leads import kinds, outbox
from leads.admin.base import HandoffModelAdmin
from leads.models import Delivery, Endpoint

LATEST = 20  # messages that an endpoint's page shows


class EndpointForm(forms.ModelForm):
    event_types = forms.MultipleChoiceField(
        label="Events",
        widget=forms.CheckboxSelectMultiple,
        help_text="What it is told of.",
        error_messages={"required": "Choose at least one event; else it would be told of nothing."},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "event_types" in self.fields:
            known = sorted(kinds.event_types.values(), key=lambda one: one.kind)
            choices = [(one.kind, f"{one.label} ({one.kind})") for one in known]
            self.fields["event_types"].choices = choices


@admin.register(Endpoint)
class EndpointAdmin(HandoffModelAdmin):
    """Endpoints are switched off, never deleted: their messages remember them."""

    about = "Other systems and chat channels that are told of events, and how to verify it."
    form = EndpointForm
    change_form_template = "admin/endpoint_form.html"
    list_display = ("name", "shape", "is_active", "waiting", "given_up", "problem")
    list_filter = ("is_active", "shape")
    search_fields = ("name", "description")
    fields = ("name", "description", "shape", "url", "event_types", "is_active")

    def get_queryset(self, request):
        waiting = Count("deliveries", filter=Q(deliveries__state=Delivery.State.PENDING))
        dead = Count("deliveries", filter=Q(deliveries__state=Delivery.State.DEAD))
        return super().get_queryset(request).annotate(waits=waiting, dead=dead)

    @admin.display(description="waiting")
    def waiting(self, endpoint):
        return endpoint.waits

    @admin.display(description="given up")
    def given_up(self, endpoint):
        return endpoint.dead

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        if change and "is_active" in form.changed_data:
            obj.turn(by=request.user)
        else:
            super().save_model(request, obj, form, change)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            now = timezone.now()
            context |= {
                "secrets": obj.secrets.order_by("-pk") if obj.shape == obj.Shape.SIGNED else None,
                "latest": obj.deliveries.select_related("event").order_by("-pk")[:LATEST],
                "dead": obj.deliveries.dead().count(),
                "now": now,
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    # /admin/leads/endpoint/<pk>/
    def get_urls(self):
        wrap = self.admin_site.admin_view
        views = {"secrets": self.secrets_view, "test": self.test_view, "replay": self.replay_view}
        return [
            *(
                path(f"<int:pk>/{name}/", wrap(view), name=f"leads_endpoint_{name}")
                for name, view in views.items()
            ),
            *super().get_urls(),
        ]

    @transaction.atomic
    def secrets_view(self, request, pk):
        """POST: issue a secret. Its text is in this answer and nowhere else."""
        endpoint = self._posted(request, pk)
        if endpoint is None:
            return HttpResponseNotAllowed(["POST"])
        text = endpoint.issue_secret(now=timezone.now())
        self.log_change(request, endpoint, "Issued a secret.")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"A new secret for {endpoint}",
            "original": endpoint,
            "secret": text,
            "is_first": endpoint.secrets.count() == 1,
        }
        return TemplateResponse(request, "admin/endpoint_secret.html", context)

    @transaction.atomic
    def test_view(self, request, pk):
        """POST: send a test."""
        endpoint = self._posted(request, pk)
        if endpoint is None:
            return HttpResponseNotAllowed(["POST"])
        outbox.test_endpoint(endpoint, by=request.user, now=timezone.now())
        self.message_user(request, "A test is on its way. Load this page again to see its answer.")
        return redirect("admin:leads_endpoint_change", endpoint.pk)

    @transaction.atomic
    def replay_view(self, request, pk):
        """POST: send everything again that was given up."""
        endpoint = self._posted(request, pk)
        if endpoint is None:
            return HttpResponseNotAllowed(["POST"])
        again = endpoint.deliveries.send_again(now=timezone.now())
        self.log_change(request, endpoint, f"Sent {again} messages again.")
        self.message_user(request, f"Messages that will be sent again: {again}.")
        return redirect("admin:leads_endpoint_change", endpoint.pk)

    def _posted(self, request, pk):
        """Return the endpoint, or None if this is no POST. Raise for somebody who may not."""
        if request.method != "POST":
            return None
        if not request.user.has_perm("leads.change_endpoint"):
            raise PermissionDenied
        endpoint = self.get_object(request, str(pk))
        if endpoint is None:
            raise Http404
        return endpoint
