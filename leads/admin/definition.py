from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import BooleanField, CheckboxSelectMultiple, MultipleChoiceField
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from leads.admin import ordered, rescoring
from leads.admin.base import drawn, page_of
from leads.admin.choices import Tick
from leads.admin.examples import ExampleInline, ExampleOfLeadForm
from leads.admin.groups import RuleGroupInline
from leads.admin.guides import BucketGuideInline, matrix
from leads.admin.rules import RuleChoices, ScoringRuleForm, ScoringRuleInline
from leads.admin.versioned import VersionedAdmin
from leads.conditions import registry
from leads.models import MQLDefinition, NotPublishable, ScoringRule
from leads.models.definition import MOST_RULES
from leads.scoring import checks, needed, words
from leads.scoring.examples import judged
from leads.scoring.since import changed_since
from leads.signals import draft_saved
from leads.text import whole


class DefinitionForm(ExampleOfLeadForm):
    needed_fields = MultipleChoiceField(
        label="Known at handoff",
        required=False,
        widget=CheckboxSelectMultiple,
        help_text="What sales needs to know of every lead. None: nothing is asked for.",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "needed_fields" in self.fields:
            fields = needed.fields().items()
            self.fields["needed_fields"].choices = [(key, field.label) for key, field in fields]

    class Meta:
        model = MQLDefinition
        fields = "__all__"  # the admin names those that it shows


@admin.register(MQLDefinition)
class MQLDefinitionAdmin(VersionedAdmin):
    about = "Which leads are handed over: rules, thresholds and tiers."
    form = DefinitionForm
    change_form_template = "admin/definition_form.html"
    list_display = ("__str__", "standing", "published_by", "published_at", "note")
    list_select_related = ("published_by",)
    list_filter = ("state",)
    inlines = [ScoringRuleInline, RuleGroupInline, BucketGuideInline, ExampleInline]
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
            "Known at handoff",
            {"classes": ["collapse"], "fields": ["needed_fields", "if_missing"]},
        ),
        (
            "Leads that are declined or sent back",
            {"fields": [("reject_track", "cool_down_days")]},
        ),
        ("Tiers", {"fields": [("tier_a", "tier_b", "tier_c")]}),
    ]

    def new_draft(self, version, *, by):
        return version.draft_from_this(by=by) if version else MQLDefinition.draft_from_live(by=by)

    def otherwise(self, draft):
        found = changed_since(draft.drafted_from)
        if not found:
            return ""
        names = f"{', '.join(f'“{one.row}”' for one in found)} {'read' if found[1:] else 'reads'}"
        return (
            f"It has the rules of {draft.drafted_from}, but not all that they said then: {names} "
            "otherwise today. What each said is on this page."
        )

    def adds_from_live(self):
        return True

    def reading_page(self, version):
        return reverse("portal:definition-version", args=[version.version])

    def in_words(self, form):
        odd = checks.warnings(form)
        return [*([("Look at this again", odd)] if odd else []), *words.in_words(form)]

    def changelist_view(self, request, extra_context=None):
        known = {"rescoring": rescoring.standing(now=timezone.now())}
        return super().changelist_view(request, known | (extra_context or {}))

    # The page of a draft

    def get_urls(self):
        sentence = self.admin_site.admin_view(self.sentence_view)
        rule = self.admin_site.admin_view(self.rule_view)
        return [
            path("<int:pk>/sentence/", sentence, name="leads_mqldefinition_sentence"),
            path("<int:pk>/rules/<int:rule>/", rule, name="leads_mqldefinition_rule"),
            *super().get_urls(),
        ]

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.user = request.user
        return form

    def changeform_view(self, request, *args, **kwargs):
        with registry.read_once():
            return drawn(super().changeform_view(request, *args, **kwargs))

    def more(self, request, draft, form, context):
        inlines = {inline.formset.prefix: inline for inline in context["inline_admin_formsets"]}
        if draft.published_at:
            return {"rescoring": rescoring.of_version(draft, now=context["now"])}
        if not inlines:
            return {}
        first, *others = context["adminform"]
        return {
            "first_fieldset": first,
            "more_fieldsets": others,
            "inlines": inlines,
            "sentence_url": page_of(draft, "sentence"),
            "asked": inlines["rules"].formset.choices.script(),
            "older": draft.drafted_from,
            "otherwise": [(one, page_of(one.row)) for one in changed_since(draft.drafted_from)],
            "odd": checks.warnings(form) if form else [],
            "matrix": matrix(inlines["guides"].formset, draft),
            "not_judged": _judge(inlines["examples"].formset, form),
        }

    def sentence_view(self, request, pk):
        """POST the columns of one rule: what it would say, or what is wrong with it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        draft, rule = self._editable(request, pk), ScoringRule()
        if (known := whole(request.POST.get("id"))) is not None:
            rule = draft.rules.filter(pk=known).first() or rule
        with registry.read_once():
            form = ScoringRuleForm(request.POST, instance=rule, choices=RuleChoices(draft))
            form.is_valid()
            said = {"words": form.words, "problem": form.problem, "gives": form.gives}
        return JsonResponse(said)

    def rule_view(self, request, pk, rule):
        """The fields of one rule, for the row with this `prefix` on the page of its draft."""
        draft = self._editable(request, pk)
        found = get_object_or_404(draft.rules, pk=rule)
        with registry.read_once():
            form = ScoringRuleForm(
                instance=found, prefix=request.GET.get("prefix"), choices=RuleChoices(draft)
            )
            form.fields[DELETION_FIELD_NAME] = BooleanField(required=False, widget=Tick)
            return drawn(TemplateResponse(request, "admin/_columns.html", {"row": form}))

    def _editable(self, request, pk):
        draft = get_object_or_404(MQLDefinition, pk=pk)
        if not self.has_change_permission(request, draft):
            raise PermissionDenied
        return draft

    # What saving does

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        ordered.number(form.instance.rules.order_by("position", "pk"))
        example = form.add_example(form.instance, today=timezone.now().date())
        if example:
            self.message_user(request, f"“{example}” is an example now. Give it a name that fits.")

    def response_change(self, request, obj):
        """Do what the button says; whatever it was, the draft is another one now."""
        response = self._after_saving(request, obj)
        draft_saved.send(sender=MQLDefinition, definition=obj, by=request.user, now=timezone.now())
        return response

    def _after_saving(self, request, obj):
        if "_open" in request.POST:
            self.message_user(request, "The draft is saved.")
            pk = request.POST["_open"]
            return redirect(f"{page_of(obj)}?{urlencode({'open': pk})}#opened")
        rules = obj.rules.order_by("position", "pk")
        move = ordered.moved(self, request, obj, rules, alike=lambda rule: rule.kind)
        return move or super().response_change(request, obj)

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


def _judge(formset, form):
    """Give every example its verdict by the rules as they are saved, or say why it has none."""
    if form is None:
        return "They are judged as soon as the draft is complete."
    if len(form["rules"]) > MOST_RULES:
        return "They are not judged: too many rules are in force."
    try:
        formset.judge(judged(form, today=timezone.now().date()))
    except ValidationError as error:
        return f"They are not judged, because no lead could be so: {' '.join(error.messages)}"
    return ""
