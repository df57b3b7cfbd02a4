from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, page_of
from leads.enrichment import answers, questions
from leads.enrichment.provider import Unanswered, ask
from leads.models import Enrichment, EnrichmentProvider
from leads.text import fold

PROBLEMS = 20  # questions with a problem that are shown
MAPPING = (
    "One a line: the attribute, =, and where it stands in the answer, steps joined by dots; a "
    "number is a place in a list, from 0. For example: job_title = person.employment.title"
)


class MappingField(forms.CharField):
    """`target = path`, one a line, as `{target: path}`."""

    widget = AdminTextareaWidget({"rows": 10})

    def prepare_value(self, value):
        if isinstance(value, dict):
            return "\n".join(f"{target} = {where}" for target, where in value.items())
        return value

    def to_python(self, value):
        found: dict[str, str] = {}
        for number, line in enumerate((value or "").splitlines(), start=1):
            target, equals, where = (fold(part) for part in line.partition("="))
            if not line.strip():
                continue
            if not equals or not target or not where:
                raise ValidationError(f"Line {number}: write ATTRIBUTE = PATH.")
            if target in found:
                raise ValidationError(f"Line {number}: {target} stands there twice.")
            found[target] = where
        return found

    def has_changed(self, initial, data):
        return self.to_python(data) != (initial or {})


class ProviderForm(forms.ModelForm):
    mapping = MappingField(help_text=MAPPING)

    def clean(self):
        cleaned = super().clean()
        about, mapping = cleaned.get("about"), cleaned.get("mapping")
        if about and mapping:
            known = answers.targets(about)
            unknown = [target for target in mapping if target not in known]
            if unknown:
                self.add_error(
                    "mapping", f"Not an attribute that can be filled in: {', '.join(unknown)}."
                )
        return cleaned


@admin.register(EnrichmentProvider)
class EnrichmentProviderAdmin(HandoffModelAdmin):
    """Providers are switched off, never deleted: values remember who said them."""

    about = "Outside services that fill gaps in what is known of leads and companies."
    form = ProviderForm
    change_form_template = "admin/enrichment_provider.html"
    list_display = ("name", "about", "is_active", "last_answer_at", "problem")
    fieldsets = [
        (None, {"fields": ["name", "about", "is_active"]}),
        ("How it is asked", {"fields": ["method", "url", "per_minute", "fresh_days"]}),
        ("Our key", {"fields": ["header", "header_value", "secret_variable"]}),
        ("What its answer means", {"fields": ["mapping"]}),
    ]

    def has_delete_permission(self, request, obj=None):
        return False

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["targets"] = answers.targets(obj.about if obj else "person").items()
        if obj is not None:
            context |= self._story(obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def _story(self, provider):
        """How its questions went."""
        counts = dict(provider.questions.values_list("state").annotate(Count("pk")))
        states = [(label, counts.get(state, 0)) for state, label in Enrichment.State.choices]
        told = provider.questions.exclude(problem="").select_related("lead", "company")
        return {
            "states": states,
            "gaps": questions.subjects(provider).count(),
            "troubled": told.order_by("-answered_at", "-due_at")[:PROBLEMS],
        }

    # /admin/leads/enrichmentprovider/<pk>/
    def get_urls(self):
        wrap = self.admin_site.admin_view
        name = "leads_enrichmentprovider"
        return [
            path("<int:pk>/trial/", wrap(self.trial_view), name=f"{name}_trial"),
            path("<int:pk>/questions/", wrap(self.questions_view), name=f"{name}_questions"),
            *super().get_urls(),
        ]

    def trial_view(self, request, pk):
        """POST an e-mail address or a domain: what the provider says, and what it would mean."""
        provider = self._posted(request, pk)
        if provider is None:
            return HttpResponseNotAllowed(["POST"])
        asked = fold(request.POST.get("value", ""))[:254]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{provider}: a trial",
            "original": provider,
            "asked": asked,
        }
        try:
            answer = ask(provider, asked, now=timezone.now()) if asked else None
        except Unanswered as error:
            context["problem"] = str(error)
        else:
            if answer is not None:
                values, problems = answers.read(provider, answer)
                labels = answers.targets(provider.about)
                context["rows"] = [
                    (labels.get(target, target), where, values.get(target), problems.get(target))
                    for target, where in provider.mapping.items()
                ]
                context["answer"] = answer
        return TemplateResponse(request, "admin/enrichment_trial.html", context)

    def questions_view(self, request, pk):
        """POST: ask about everybody with a gap who was not asked about, or in vain."""
        provider = self._posted(request, pk)
        if provider is None:
            return HttpResponseNotAllowed(["POST"])
        waiting = questions.put_all(provider, now=timezone.now())
        self.log_change(request, provider, f"Asked about everybody with a gap: {waiting} wait.")
        minutes = -(-waiting // provider.per_minute)
        self.message_user(
            request, f"{waiting} questions wait; at this rate they take about {minutes} minutes."
        )
        return redirect(page_of(provider))

    def _posted(self, request, pk):
        """Return the provider, or None if this is no POST. Raise for somebody who may not."""
        if request.method != "POST":
            return None
        provider = self.get_object(request, str(pk))
        if provider is None:
            raise Http404
        if not self.has_change_permission(request, provider):
            raise PermissionDenied
        return provider
