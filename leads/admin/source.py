from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin
from leads.admin.source_health import HealthPages
from leads.models import SCOPES, Source
from leads.webhooks import link


class SourceForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=SCOPES.items(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="What its tokens may do.",
    )


@admin.register(Source)
class SourceAdmin(HealthPages, HandoffModelAdmin):
    """Sending systems and their tokens. A source is switched off, never deleted."""

    about = "The systems that send leads and touchpoints, with their tokens."
    form = SourceForm
    change_form_template = "admin/source_form.html"
    change_list_template = "admin/source_list.html"
    list_display = ("name", "allowed", "is_active", "last_seen_at")
    fields = ("name", "scopes", "items_per_minute", "is_active", "last_seen_at")
    readonly_fields = ("last_seen_at",)

    @admin.display(description="may")
    def allowed(self, source):
        return ", ".join(SCOPES.get(scope, scope) for scope in source.scopes)

    def has_delete_permission(self, request, obj=None):
        return False

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context |= {"secrets": obj.secrets.order_by("-pk"), "now": timezone.now()}
            inbound = reverse("routing-api:inbound-opportunities", args=[obj.pk])
            context["inbound"] = link(inbound)
            context["tokens"] = obj.tokens.order_by("-created_at")
            context["reasons"] = obj.refused_events.open().reasons()
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    # /admin/leads/source/<pk>/
    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/secrets/", wrap(self.secrets_view), name="leads_source_secrets"),
            path("<int:pk>/tokens/", wrap(self.tokens_view), name="leads_source_tokens"),
            path(
                "<int:pk>/tokens/<int:token>/revocation/",
                wrap(self.revocation_view),
                name="leads_source_revocation",
            ),
            *super().get_urls(),
        ]

    @transaction.atomic
    def tokens_view(self, request, pk):
        """POST: issue a token. Its text is in this answer and nowhere else."""
        source = self._posted_source(request, pk, "leads.add_sourcetoken")
        if source is None:
            return HttpResponseNotAllowed(["POST"])
        text = source.issue_token()
        self.log_change(request, source, f"Issued the token ...{text[-4:]}.")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"A new token for {source}",
            "original": source,
            "token": text,
        }
        return TemplateResponse(request, "admin/source_token.html", context)

    @transaction.atomic
    def secrets_view(self, request, pk):
        """POST: issue a secret. Its text is in this answer and nowhere else."""
        source = self._posted_source(request, pk, "leads.add_sourcetoken")
        if source is None:
            return HttpResponseNotAllowed(["POST"])
        text = source.issue_secret(now=timezone.now())
        self.log_change(request, source, "Issued a secret.")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"A new secret for {source}",
            "original": source,
            "secret": text,
            "is_first": source.secrets.count() == 1,
            "comes_in": True,
        }
        return TemplateResponse(request, "admin/endpoint_secret.html", context)

    @transaction.atomic
    def revocation_view(self, request, pk, token):
        """POST: revoke a token at once."""
        source = self._posted_source(request, pk, "leads.change_sourcetoken")
        if source is None:
            return HttpResponseNotAllowed(["POST"])
        found = source.tokens.filter(pk=token).first()
        if found is None:
            raise Http404
        if source.tokens.filter(pk=token, revoked_at=None).update(revoked_at=timezone.now()):
            self.log_change(request, source, f"Revoked the token {found}.")
            self.message_user(request, f"The token {found} is revoked and no longer works.")
        return redirect("admin:leads_source_change", source.pk)

    def _posted_source(self, request, pk, permission):
        """Return the source, or None if this is no POST. Raise for somebody who may not."""
        if request.method != "POST":
            return None
        if not request.user.has_perm(permission):
            raise PermissionDenied
        source = self.get_object(request, str(pk))
        if source is None:
            raise Http404
        return source
