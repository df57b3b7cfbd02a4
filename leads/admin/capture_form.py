from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.db import models
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, RowInline
from leads.admin.listed import ListedField
from leads.admin.ordered import number
from leads.capture import submission
from leads.capture.arrival import Arrival
from leads.capture.asking import HONEYPOT, Answers, targets
from leads.models import CaptureField, CaptureForm, Conversion

RECENT = 30  # days of submissions that are counted


class CaptureFieldForm(forms.ModelForm):
    target = forms.ChoiceField(label="Asks for", required=False)
    choices = ListedField(
        required=False,
        widget=AdminTextInputWidget,
        help_text="Of a question with choices: its answers, separated by commas.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        known = targets()
        kept = self.instance.target
        if kept and kept not in dict(known):
            known.append((kept, f"{kept} (no longer asked for)"))
        self.fields["target"].choices = [("", "A question of your own"), *known]


class CaptureFieldInline(RowInline):
    model = CaptureField
    form = CaptureFieldForm
    verbose_name = "field"
    verbose_name_plural = "What it asks, after the e-mail address"
    one = "a field"
    guide = (
        "An attribute becomes known of the lead or its company, as if it had been sent to the API. "
        "The answer to a question of your own is kept with the conversion, where the rep reads it."
    )
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("position", "target", "label", "required"),
                    ("hint", "shape", "choices"),
                ]
            },
        )
    ]


@admin.register(CaptureForm)
class CaptureFormAdmin(HandoffModelAdmin):
    """Forms are switched off, never deleted: pages of other websites send to them."""

    about = "The forms in which visitors leave their address, hosted here or pasted into a website."
    change_form_template = "admin/capture_form.html"
    list_display = ("name", "slug", "kind", "is_active")
    list_filter = ("is_active", "kind")
    search_fields = ("name", "slug", "heading")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = [
        (None, {"fields": ["name", "slug", "is_active"]}),
        ("What visitors read", {"fields": ["heading", "introduction", "button"]}),
        ("Afterwards", {"fields": ["thanks", "next_url"]}),
        ("Consent", {"fields": ["consent_text", "consent_to", "consent_required"]}),
        (
            "What a submission is",
            {"fields": ["kind", "asset", "lead_source", "channel", "campaign"]},
        ),
    ]
    inlines = [CaptureFieldInline]
    formfield_overrides = {
        models.URLField: {"assume_scheme": "https"},
        models.TextField: {"widget": AdminTextareaWidget({"rows": 3})},
    }

    def get_readonly_fields(self, request, obj=None):
        return ("slug",) if obj else ()

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else self.prepopulated_fields

    def has_delete_permission(self, request, obj=None):
        return False

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        number(form.instance.asked.all())

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["address"] = address_of(request, obj)
            context["snippet"] = snippet_of(request, obj)
            context["outcome"] = outcome_of(obj, now=timezone.now())
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


def address_of(request, row):
    """Return the absolute address of a form."""
    return request.build_absolute_uri(reverse("portal:capture", args=[row.slug]))


def snippet_of(request, row):
    """Return the HTML by which a website shows the form: it works wherever it is pasted."""
    context = {
        "row": row,
        "form": Answers(row, auto_id=f"handoff-{row.slug}-%s", arrival=Arrival()),
        "honeypot": HONEYPOT,
        "address": address_of(request, row),
        "script": request.build_absolute_uri(static("portal/forms.js")),
    }
    return render_to_string("portal/capture/embed.html", context).strip() + "\n"


def outcome_of(row, *, now):
    """Return how many leads first converted by the form, of late and ever, and its spam."""
    late = now - timezone.timedelta(days=RECENT)
    counts = Conversion.objects.filter(form=row.name).aggregate(
        ever=Count("pk"), recent=Count("pk", filter=Q(occurred_at__gte=late))
    )
    spam = submission.source().refused_events.filter(payload__form=row.slug, received_at__gte=late)
    return counts | {"spam": spam.count(), "days": RECENT}
