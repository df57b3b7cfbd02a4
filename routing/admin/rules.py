"""The rules of a draft as rows: one sentence each, folded to be edited."""

from django import forms

from leads.admin.base import RowInline
from leads.admin.choices import Hidden, OptionField, Options, Tick
from leads.admin.rows import RowForm, RowFormSet
from leads.models import Segment
from routing import words
from routing.models import Pool, Rep, Rule

LAST = 32767
UNFOLDED = 40  # rules; of more, the fields of each are sent when somebody asks for them
DEFAULTS = {"target": Rule.Target.POOL, "method": Rule.Method.ROUND_ROBIN, "otherwise": "stop"}


class RuleChoices:
    """What the rules of one rule set choose from, read once for a page."""

    def __init__(self, rule_set, *, many):
        self.many = many
        self.catch_all = rule_set.catch_all if rule_set.catch_all_id else Pool(name="the catch-all")
        segments = Segment.objects.prefetch_related("conditions__signal")
        self.options = {
            "segment": Options.of_rows(segments),
            "rep": Options.of_rows(Rep.objects.select_related("user").order_by("user__first_name")),
            "pool": Options.of_rows(Pool.objects.all()),
        }


def _choice(choices, label):
    return OptionField(options=Options.of_choices(choices, empty=None), label=label)


class RuleForm(RowForm):
    is_active = forms.BooleanField(required=False, initial=True, widget=Tick)
    segment = OptionField(label="Leads", help_text="Empty: every lead.")
    target = _choice(Rule.Target.choices, "Goes to")
    rep = OptionField(label="Named rep")
    pool = OptionField(
        help_text="Where the lead goes or waits. With a person, empty means the catch-all."
    )
    method = _choice(Rule.Method.choices, "Method in the pool")
    otherwise = _choice(Rule.Otherwise.choices, "When nobody can")
    working_hours = forms.BooleanField(required=False, widget=Tick, label="Only in working hours")
    match_language = forms.BooleanField(
        required=False, widget=Tick, label="Only who speaks the lead's language"
    )

    COLUMNS = (
        "label",
        "segment",
        "target",
        "rep",
        "pool",
        "method",
        "otherwise",
        "open_cap",
        "daily_cap",
        "skills",
        "working_hours",
        "match_language",
    )
    PLACE = frozenset({"target", "method", "otherwise", "is_active"})

    class Meta:
        model = Rule
        fields = (
            "is_active",
            "label",
            "segment",
            "target",
            "rep",
            "pool",
            "method",
            "otherwise",
            "open_cap",
            "daily_cap",
            "skills",
            "working_hours",
            "match_language",
        )

    def __init__(self, *args, unfolded="", **kwargs):
        super().__init__(*args, **kwargs)
        self.is_unfolded = self.key != "" and self.key == unfolded
        for name, options in self.choices.options.items():
            self.fields[name].options = options
            chosen = getattr(self.instance, f"{name}_id")
            if chosen and options.meaning(chosen):
                setattr(self.instance, name, options.meaning(chosen))

    def clean(self):
        super().clean()
        for name, usual in DEFAULTS.items():
            self.cleaned_data[name] = self.cleaned_data.get(name) or usual

    @property
    def is_open(self):
        return super().is_open or self.is_unfolded

    @property
    def is_folded(self):
        """Whether the fields are not there to be edited, only what they hold."""
        return self.choices.many and not self.is_open

    @property
    def kept(self):
        """The fields of a folded row, hidden; what is empty is as good as left out."""
        for name in self.COLUMNS:
            if self[name].value() not in (None, "", False, []):
                yield self[name].as_widget(Hidden())

    @property
    def is_on(self):
        return bool(self["is_active"].value())

    @property
    def gives(self):
        """What comes of it, short."""
        return Rule.Target(self.instance.target).label

    def say(self):
        said = words.sentence(self.instance.form(self.choices.catch_all, []))
        said = said.removeprefix(f"{self.instance.label}: ")
        return f"{said[:1].upper()}{said[1:]}"


class RuleFormSet(RowFormSet):
    def read_choices(self):
        return RuleChoices(self.instance, many=self.initial_form_count() > UNFOLDED)

    def headings(self):
        return [
            ("", "Rules", "Tried from the top; the first that fits and finds somebody decides.")
        ]

    def save_new(self, form, commit=True):
        """A new rule comes last; the page numbers the rules when all are saved."""
        form.instance.position = LAST
        return super().save_new(form, commit=commit)


class RuleInline(RowInline):
    model = Rule
    form = RuleForm
    formset = RuleFormSet
    template = "admin/sections.html"
    row_template = "admin/_route_row.html"
    one = "a rule"
    verbose_name_plural = "Rules"
    guide = (
        "A pool's reps take turns by the method. The account owner, who had the lead before, a "
        "named rep and a territory's primary and backup get the lead without taking a turn."
    )
    fieldsets = [(None, {"fields": RuleForm.Meta.fields})]
