"""The examples of a draft as rows, each with the verdict of the rules as they were saved."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from leads.admin.base import RowInline
from leads.admin.choices import OptionField, Options
from leads.admin.rows import RowForm, RowFormSet
from leads.conditions import facts
from leads.models import Example, Lead
from leads.scoring import examples

VERDICTS = {
    "do_not_pass": "is never passed on",
    "qualifies": "passes",
    "borderline": "is borderline, so a marketer would be asked",
}


LONGEST = 20_000  # characters of what is said of one example


class LinesField(forms.CharField):
    """Text of which the lines count: a browser ends them in a way of its own."""

    def has_changed(self, initial, data):
        return (initial or "").split("\n") != (data or "").replace("\r\n", "\n").split("\n")


class ExampleForm(RowForm):
    expected = OptionField(
        options=Options.of_choices(Example.Expected.choices, empty=None), required=True
    )
    facts = LinesField(
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="One a line: “Company employees: 800”, “Pricing page viewed: 2 times, 3 days "
        "ago”. What is not said is unknown.",
    )

    COLUMNS = ("name", "expected", "why", "facts")
    PLACE = frozenset({"expected"})
    verdict: Any = None  # (result, green), where the rules could be asked

    class Meta:
        model = Example
        fields = ("name", "expected", "facts", "why")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.facts:
            self.initial["facts"] = "\n".join(facts.lines(self.instance.facts))

    def clean_facts(self):
        if "facts" not in self.changed_data:
            return self.instance.facts  # nothing that a line cannot say is lost by saving
        try:
            return facts.parse(self.cleaned_data["facts"])
        except facts.BadFact as error:
            raise ValidationError(str(error)) from None

    def say(self):
        return f"{self.instance.get_expected_display()}. {self.instance.why}".strip()

    @property
    def green(self):
        return self.verdict[1]

    @property
    def reading(self):
        """The verdict with the score that it rests on."""
        result, _ = self.verdict
        met = [word for name, word in VERDICTS.items() if result[name]]
        score = f"fit {result['fit']} + interest {result['interest']} = {result['total']}"
        return f"It {(met or ['does not pass'])[0]}: {score}."


class ExampleFormSet(RowFormSet):
    def judge(self, judged):
        """Give each row the verdict on it; `judged` is what `examples.judged` returned."""
        verdicts = {example["name"]: (result, green) for example, result, green in judged}
        for form in self.forms:
            form.verdict = verdicts.get(form.instance.name)


class ExampleInline(RowInline):
    model = Example
    form = ExampleForm
    formset = ExampleFormSet
    template = "admin/examples.html"
    row_template = "admin/_example_row.html"
    one = "an example"
    verbose_name_plural = "Examples that must pass or fail"
    guide = "Each is judged with every save; while one is red, nobody can sign."
    fieldsets = [(None, {"fields": ExampleForm.Meta.fields})]


class ExampleOfLeadForm(forms.ModelForm):
    """Mixed into the form of a draft: one field more makes an example of a real lead."""

    example_lead = forms.EmailField(
        label="Lead's e-mail address",
        required=False,
        help_text="Saving makes an example of what is known of the lead now, without its name.",
    )
    example_expected = forms.ChoiceField(
        label="The definition",
        choices=Example.Expected.choices,
        required=False,
        initial=Example.Expected.PASS,
    )
    user = None  # who asks; a lead that they may not see is not there

    def clean_example_lead(self):
        email = self.cleaned_data["example_lead"]
        if not email:
            return None
        leads = Lead.objects.visible_to(self.user).select_related("company")
        found = leads.alias(folded=Lower("email")).filter(folded=email.lower()).first()
        if found is None:
            raise ValidationError("No lead has this e-mail address.")
        return found

    def add_example(self, draft, *, today):
        """Make the example that was asked for and return it, or None."""
        lead = self.cleaned_data.get("example_lead")
        if lead is None:
            return None
        return draft.examples.create(
            name=_new_name(lead, set(draft.examples.values_list("name", flat=True))),
            expected=self.cleaned_data["example_expected"] or Example.Expected.PASS,
            facts=examples.facts_of(lead, today=today),
            why="Taken from a lead.",
        )


def _new_name(lead, taken):
    """Name an example for the job and the company, never for the person."""
    parts = [lead.job_title or "Somebody", lead.company.name if lead.company else ""]
    name = ", ".join(filter(None, parts))[:70]
    names = [name, *(f"{name} ({n})" for n in range(2, len(taken) + 3))]
    return next(one for one in names if one not in taken)
