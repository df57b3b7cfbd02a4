from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from leads.admin import conditions
from leads.admin.base import RowInline
from leads.admin.versioned import VersionedAdmin
from leads.conditions import facts
from leads.models import (
    BucketGuide,
    Example,
    MQLDefinition,
    NotPublishable,
    RuleGroup,
    ScoringRule,
)
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
                    ("position", "is_active", "kind", "label", "points", "per", "cap"),
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


class BucketGuideInline(RowInline):
    model = BucketGuide
    verbose_name_plural = "What both sides do with each bucket"
    guide = "Only leads of good fit that are ready are handed over. Leads show these words."
    fieldsets = [(None, {"fields": [("do", "dont")]})]
    max_num = 0
    can_delete = False


class ExampleForm(forms.ModelForm):
    facts = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line: “Company employees: 800”, “Pricing page viewed: 2 times, 3 days "
        "ago”. What is not said is unknown.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.facts:
            self.initial["facts"] = "\n".join(facts.lines(self.instance.facts))

    def clean_facts(self):
        try:
            return facts.parse(self.cleaned_data["facts"])
        except facts.BadFact as error:
            raise ValidationError(str(error)) from None


class ExampleInline(RowInline):
    model = Example
    form = ExampleForm
    verbose_name_plural = "Examples that must pass or fail"
    guide = "Each is judged with every save; while one is red, nobody can sign."
    fieldsets = [(None, {"fields": [("name", "expected", "why"), ("facts",)]})]


@admin.register(MQLDefinition)
class MQLDefinitionAdmin(VersionedAdmin):
    about = "Which leads are handed over: rules, thresholds and tiers."
    list_display = ("__str__", "standing", "published_by", "published_at", "note")
    list_select_related = ("published_by",)
    list_filter = ("state",)
    inlines = [RuleGroupInline, ScoringRuleInline, ExampleInline, BucketGuideInline]
    drafted_from = ("published", "retired")
    publish_permission = "leads.publish_mqldefinition"
    last_step = "Save and ask for sign-off"
    fieldsets = [
        (None, {"fields": ["note"]}),
        (
            "Handed over when",
            {
                "description": "Every threshold that is set must be reached.",
                "fields": [
                    ("fit_threshold", "interest_threshold", "total_threshold"),
                    ("decider", "borderline"),
                ],
            },
        ),
        (
            "Leads that are declined or sent back",
            {"fields": [("reject_track", "cool_down_days")]},
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

    def take_last_step(self, request, draft):
        try:
            draft.submit(by=request.user, now=timezone.now())
        except (NotPublishable, ValidationError) as error:
            said = " ".join(getattr(error, "messages", [str(error)]))
            self.message_user(
                request, f"Saved, but not put up for sign-off. {said}", messages.ERROR
            )
            return self._show(draft)
        self.log_change(request, draft, "Put up for sign-off.")
        self.message_user(request, f"{draft} waits for the signatures of marketing and sales.")
        return redirect(self.reading_page(draft))
