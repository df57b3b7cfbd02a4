from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format

from leads.admin.base import HandoffModelAdmin, ReadOnly, page_of
from leads.admin.company import FieldValueInline
from leads.intake.people import normal_email
from leads.models import ErasureLedger, Identity, Lead, NotPossible
from leads.privacy import erasing
from leads.privacy.export import export

MAY_ERASE, MAY_EXPORT = "leads.erase_lead", "leads.export_lead"


class ErasureForm(forms.Form):
    address = forms.CharField(
        label="Their e-mail address, typed again",
        max_length=254,
        error_messages={"required": "Type the address, so that nobody is erased by mistake."},
    )
    reason = forms.CharField(
        label="Why",
        max_length=300,
        help_text="For the ledger, which keeps it: without the person's name or address.",
        error_messages={"required": "Say why."},
    )

    def __init__(self, *args, lead, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.lead = lead

    def clean_address(self):
        address = normal_email(self.cleaned_data["address"].strip())
        if address != normal_email(self.lead.email):
            raise forms.ValidationError("This is not the address of this lead.")
        return address


class IdentityInline(ReadOnly, admin.TabularInline):
    model = Identity
    fields = ("kind", "value", "created_at")


@admin.register(Lead)
class LeadAdmin(ReadOnly, HandoffModelAdmin):
    """Leads are looked up here; what is known of them is written by intake."""

    about = "Everybody who showed interest, with stage and score."
    list_display = ("__str__", "email", "company", "stage", "status", "scored", "created_at")
    list_select_related = ("company", "stage", "score")
    list_filter = ("stage", "status", "score__tier")
    search_fields = ("email", "name", "company__name", "company__domain")
    ordering = ("-created_at", "-id")
    inlines = [IdentityInline, FieldValueInline]
    change_list_template = "admin/lead_list.html"  # the portal's list has the filters
    change_form_template = "admin/lead_form.html"
    fieldsets = [
        (None, {"fields": ["email", "name", "phone", "erased_before"]}),
        ("Consent", {"fields": ["email_consent", "phone_consent", "do_not_contact"]}),
        ("Work", {"fields": ["job_title", "seniority", "department", "company"]}),
        ("Where", {"fields": ["country", "region"]}),
        ("Came from", {"fields": ["lead_source", "campaign", "created_at"]}),
        ("Now", {"fields": ["stage", "status", "scored", "verdict", "scored_by"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    def view_on_site(self, lead):
        return reverse("portal:lead", args=[lead.pk])

    # /admin/leads/lead/<pk>/
    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/erasure/", wrap(self.erasure_view), name="leads_lead_erasure"),
            path("<int:pk>/export/", wrap(self.export_view), name="leads_lead_export"),
            *super().get_urls(),
        ]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context |= {
                "may_erase": request.user.has_perm(MAY_ERASE) and not obj.erased_at,
                "may_export": request.user.has_perm(MAY_EXPORT),
                "erasure": ErasureLedger.objects.filter(lead=obj).first(),
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def export_view(self, request, pk):
        """All that is held of one person, as a file."""
        lead = self._asked_for(request, pk, MAY_EXPORT)
        return StreamingHttpResponse(
            export(lead, now=timezone.now()),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="lead-{lead.pk}.json"'},
        )

    def erasure_view(self, request, pk):
        """Ask for the address and the reason, say what goes and what stays, and erase."""
        lead = self._asked_for(request, pk, MAY_ERASE)
        if lead.erased_at:
            self.message_user(request, f"{lead} was erased already.", messages.WARNING)
            return redirect(page_of(lead))
        form = ErasureForm(request.POST if request.method == "POST" else None, lead=lead)
        if form.is_valid():
            try:
                done = erasing.erase(
                    lead,
                    by=request.user,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                )
            except NotPossible as error:
                form.add_error(None, str(error))
            else:
                self.message_user(request, "The person is erased.")
                return redirect(page_of(done))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Erase {lead}",
            "original": lead,
            "form": form,
            "goes": erasing.foresee(lead),
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/erasure.html", context, status=status)

    def _asked_for(self, request, pk, permission):
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), pk=pk)

    @admin.display(description="erased before")
    def erased_before(self, lead):
        before = erasing.erased_before(lead.email).first()
        if before is None:
            return "No"
        when = date_format(timezone.localtime(before.erased_at), "j F Y")
        return f"Somebody of this address was erased on {when}; this is a new lead."

    @admin.display(description="score", ordering="score__total")
    def scored(self, lead):
        score = getattr(lead, "score", None)
        return f"{score.total} ({score.tier})" if score else None

    @admin.display(description="fit and interest")
    def verdict(self, lead):
        score = getattr(lead, "score", None)
        if score is None:
            return None
        return f"Fit {score.fit}, interest {score.interest}: {score.get_bucket_display().lower()}"

    @admin.display(description="scored by")
    def scored_by(self, lead):
        score = getattr(lead, "score", None)
        return score and score.definition
