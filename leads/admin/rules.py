"""The rules of a draft as rows: under a heading by kind, one sentence each, folded to be edited."""

from django import forms
from django.utils.functional import cached_property

from leads.admin import conditions
from leads.admin.base import RowInline
from leads.admin.choices import OptionField, Options, Tick
from leads.admin.rows import RowFormSet
from leads.conditions import registry
from leads.models import ScoringRule, Segment
from leads.models.rule import MOST_PER, SCORE
from leads.models.segment import LONGEST_WINDOW
from leads.scoring.explain import sentence
from leads.scoring.words import HEADINGS

HINTS = {
    "do_not_pass": "Checked first; they win over everything.",
    "fast_track": "The lead is handed over whatever it scores.",
    "fit": "Points for who they are and where they work.",
    "interest": "Points for what they did, counted in days up to today.",
}
LAST = 32767
GIVES = {"do_not_pass": "never", "fast_track": "at once"}  # instead of points


def _may_ask(key):
    """Whether a rule may ask for a field: not for the score that it makes."""
    return not key.startswith(SCORE)


class RuleChoices(conditions.ConditionChoices):
    """What the rules of one definition choose from, read once for a page."""

    def __init__(self, definition):
        super().__init__()
        self.definition = definition
        self.fields = Options.of_choices(
            [(key, label) for key, label in registry.choices() if _may_ask(key)], off=self.off
        )
        segments = Segment.objects.prefetch_related("conditions__signal")
        self.segments = Options.of_rows(
            [one for one in segments if all(_may_ask(row.field) for row in one.conditions.all())]
        )
        groups = definition.groups.order_by("pk") if definition.pk else []
        for group in groups:
            group.definition = definition
        self.groups = Options.of_rows(groups)


class ScoringRuleForm(conditions.ConditionForm):
    is_active = forms.BooleanField(required=False, initial=True, widget=Tick)
    kind = OptionField(
        options=Options.of_choices(ScoringRule.Kind.choices, empty=None), required=True
    )
    points = forms.IntegerField(required=False, initial=0, help_text="May be negative.")
    per = forms.IntegerField(
        label="Once per",
        min_value=1,
        max_value=MOST_PER,
        initial=1,
        help_text="How many of them give the points once.",
    )
    counts = OptionField(
        options=Options.of_choices(ScoringRule.Counts.choices, empty=None),
        required=False,
        initial=ScoringRule.Counts.TIMES,
    )
    cap = forms.IntegerField(
        min_value=0, max_value=32767, required=False, help_text="The most it gives or takes."
    )
    group = OptionField()
    half_life_days = forms.IntegerField(
        label="Half-life",
        min_value=1,
        max_value=LONGEST_WINDOW,
        required=False,
        help_text="Days after which a touchpoint is worth half.",
    )
    segment = OptionField()

    COLUMNS = (
        "kind",
        "label",
        "points",
        "group",
        "segment",
        "field",
        "signal",
        "operator",
        "value",
        "window_days",
        "counts",
        "per",
        "cap",
        "half_life_days",
    )
    PLACE = frozenset({"kind"})

    class Meta:
        model = ScoringRule
        fields = (
            "is_active",
            "kind",
            "label",
            "points",
            "counts",
            "per",
            "cap",
            "group",
            "half_life_days",
            "segment",
            "field",
            "operator",
            "value",
            "signal",
            "window_days",
        )

    opened = False  # whether its fields were asked for

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rule = self.instance
        rule.definition = self.choices.definition
        for name in ("segment", "group"):
            options = getattr(self.choices, f"{name}s")
            self.fields[name].options = options
            chosen = getattr(rule, f"{name}_id")
            if chosen and options.meaning(chosen):
                setattr(rule, name, options.meaning(chosen))
        if self.is_bound and self.is_folded:
            for name in self.COLUMNS:
                del self.fields[name]

    @cached_property
    def is_folded(self):
        """Whether only the line is there to read: the fields of hundreds of rules would be heavy.

        Such a rule is sent without its columns and keeps them.
        """
        if not self.is_bound:
            return not self.is_open
        return not self.is_new and not any(self.add_prefix(c) in self.data for c in self.COLUMNS)

    @property
    def is_open(self):
        return self.opened or super().is_open

    def _post_clean(self):
        if self.is_folded:  # it was asked when it was written
            self.instance.is_active = self.cleaned_data.get("is_active", False)
        else:
            super()._post_clean()

    def clean_counts(self):
        return self.cleaned_data["counts"] or ScoringRule.Counts.TIMES

    def clean_points(self):
        return self.cleaned_data["points"] or 0

    @property
    def is_on(self):
        return bool(self["is_active"].value())

    @property
    def gives(self):
        """What the rule gives, short: its points, or what it does instead; empty while unsaid."""
        unsaid = self.is_new and not self.instance.points
        if self.instance.kind not in GIVES and (unsaid or "points" in self.errors):
            return ""
        return GIVES.get(self.instance.kind) or f"{self.instance.points:+d}"

    def sentence(self):
        return sentence(self.instance.form())


class RuleFormSet(RowFormSet):
    def read_choices(self):
        return RuleChoices(self.instance)

    def headings(self):
        return [(key, heading, HINTS[key]) for key, heading in HEADINGS.items()]

    opened = ""  # the id of the rule whose fields are asked for

    def section_of(self, form):
        return form.instance.kind if form.is_folded else form["kind"].value()

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        form.opened = bool(self.opened) and self.opened == form.key
        return form

    def save_new(self, form, commit=True):
        """A new rule comes last; the page numbers the rules when all are saved."""
        form.instance.position = LAST
        return super().save_new(form, commit=commit)


class ScoringRuleInline(RowInline):
    model = ScoringRule
    form = ScoringRuleForm
    formset = RuleFormSet
    template = "admin/sections.html"
    row_template = "admin/_rule_row.html"
    placed_by = "kind"
    one = "a rule"
    verbose_name_plural = "Rules"
    guide = (
        "Each rule asks for exactly one thing: a segment; a field with operator and value; or, for "
        f"points by count, a signal and a number of days. {conditions.GUIDE}"
    )
    fieldsets = [(None, {"fields": ScoringRuleForm.Meta.fields})]

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        formset.opened = request.GET.get("open", "")
        return formset
