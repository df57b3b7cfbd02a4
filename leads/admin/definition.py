from django import forms
from django.contrib import admin
from django.urls import reverse

from leads.admin import conditions
from leads.admin.base import RowInline
from leads.admin.versioned import VersionedAdmin
from leads.models import MQLDefinition, NotPublishable, RuleGroup, ScoringRule
from leads.scoring import words


class ScoringRuleForm(conditions.ConditionForm):
    per = forms.IntegerField(min_value=1, max_value=1000, initial=1)


class ScoringRuleInline(RowInline):
    model = ScoringRule
    form = ScoringRuleForm
    verbose_name_plural = "Rules"
    guide = (
        "Each rule asks for exactly one thing: a segment; a field with operator and value; or, for "
        "points by count, a signal and a number of days with field left empty. Points may be "
        "negative; they are given once per so many touchpoints, up to the cap. "
        f"{conditions.GUIDE}"
    )
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("position", "kind", "label", "points", "per", "cap"),
                    ("group", "half_life_days"),
                    ("segment", "field", "operator", "value", "signal", "window_days"),
                ]
            },
        )
    ]

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        group = formset.form.base_fields.get("group")
        if group is not None:
            group.queryset = RuleGroup.objects.filter(definition=obj)
        return formset


class RuleGroupInline(RowInline):
    model = RuleGroup
    verbose_name_plural = "Groups"
    guide = (
        "Rules of a group give no more than its cap together. Save a new group before you choose "
        "it in a rule."
    )
    fieldsets = [(None, {"fields": [("name", "kind", "cap")]})]


@admin.register(MQLDefinition)
class MQLDefinitionAdmin(VersionedAdmin):
    about = "Which leads are handed over: rules, thresholds and tiers."
    list_display = ("__str__", "standing", "published_by", "published_at", "note")
    list_select_related = ("published_by",)
    list_filter = ("state",)
    inlines = [RuleGroupInline, ScoringRuleInline]
    drafted_from = ("published", "retired")
    publish_permission = "leads.publish_mqldefinition"
    refusals = (NotPublishable,)
    fieldsets = [
        (None, {"fields": ["note"]}),
        (
            "Handed over when",
            {
                "description": "Every threshold that is set must be reached.",
                "fields": [("fit_threshold", "interest_threshold", "total_threshold")],
            },
        ),
        ("Tiers", {"fields": [("tier_a", "tier_b", "tier_c")]}),
    ]

    def new_draft(self, version, *, by):
        return version.draft_from_this(by=by) if version else MQLDefinition.draft_from_live(by=by)

    def adds_from_live(self):
        return True

    def reading_page(self, version):
        return reverse("portal:definition-version", args=[version.version])

    def in_words(self, form):
        return words.in_words(form)
