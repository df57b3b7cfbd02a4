"""The forms beside the list of leads: by what it is narrowed, and what it shows."""

from django import forms

from handoff_project.portal import columns
from handoff_project.portal.forms import PageForm, WordsField
from leads.conditions import asked, registry, terms
from leads.conditions.registry import Type
from leads.models import Segment, ValueList
from leads.models.segment import LONGEST_WINDOW

COMMAS = "Several values are separated by commas."
HINTS = {
    Type.TEXT: f"{COMMAS} For “is in the list”, the name of a list.",
    Type.CHOICE: f"{COMMAS} For “is in the list”, the name of a list.",
    Type.NUMBER: "A whole number; for “is between”, two, the smaller first: 200, 2000.",
    Type.DATE: "A date such as 2026-03-31; for “is between”, two, the earlier first.",
    Type.MANY: COMMAS,
    Type.YES_NO: "",
    Type.BEHAVIOUR: "How many times, days, visits or seconds. Empty: 1.",
}


class FieldForm(PageForm):
    """Which field the next condition asks about."""

    field = forms.ChoiceField(label="Field", error_messages={"required": "Choose a field."})

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = [("", "Choose a field"), *columns.fields()]


class SegmentForm(PageForm):
    """In which further segment the leads of the list are to be."""

    segment = forms.ChoiceField(label="In the segment")

    def __init__(self, *args, without=(), **kwargs):
        super().__init__(*args, **kwargs)
        taken = {name.casefold() for name in without}
        left = [s for s in Segment.objects.all() if s.name.casefold() not in taken]
        grouped = [
            (label, [(s.name, s.name) for s in left if bool(s.persona) == is_persona])
            for label, is_persona in (("Segments", False), ("Personas", True))
        ]
        self.fields["segment"].choices = [
            ("", "Choose a segment"),
            *(group for group in grouped if group[1]),
        ]


class ConditionForm(PageForm):
    """A condition on one field: only what can be asked of it is there to choose."""

    field = forms.CharField(widget=forms.HiddenInput)
    signal = forms.ChoiceField(label="Signal", error_messages={"required": "Choose the signal."})
    operator = forms.ChoiceField(
        label="How", error_messages={"required": "Choose how it is compared."}
    )
    value = WordsField(
        label="Value", max_length=asked.LONGEST, error_messages={"required": "Give a value."}
    )
    window_days = forms.IntegerField(
        label="In days", min_value=1, max_value=LONGEST_WINDOW, initial=30
    )

    def __init__(self, *args, field, **kwargs):
        super().__init__(*args, initial={"field": field.key}, **kwargs)
        self.asked = field
        self.fields["operator"].choices = [
            (name, terms.OPERATORS[name]) for name in terms.BY_TYPE[field.type]
        ]
        if field.type == Type.BEHAVIOUR:
            signals = registry.signals()
            self.fields["signal"].choices = [("", "Choose a signal"), *signals.items()]
            self.fields["value"].label = "At least"
        else:
            del self.fields["signal"], self.fields["window_days"]
        asks_for_none = self.data.get("operator") in terms.WITHOUT_VALUE
        self.fields["value"].required = field.type != Type.BEHAVIOUR and not asks_for_none
        self._offer(field)

    def _offer(self, field):
        """Offer, while one types, the values of a field of few, and the names of lists."""
        value, few = self.fields["value"], registry.values_of(field)
        value.help_text = HINTS[field.type]
        self.offered = {}
        if field.type == Type.YES_NO:
            value.widget = forms.Select(choices=[("", "Choose"), *few.items()])
            return
        if field.type in (Type.TEXT, Type.CHOICE):
            lists = ValueList.objects.values_list("name", flat=True)
            self.offered = few | dict.fromkeys(lists, "A list")
            value.widget.attrs["list"] = "offered"

    def clean(self):
        super().clean()
        if self.errors:
            return
        said = self.cleaned_data
        self.text = asked.written(
            self.asked.key,
            said["operator"],
            said["value"],
            signal=said.get("signal", ""),
            days=said.get("window_days", ""),
        )
        try:
            asked.read(self.text)
        except terms.BadCondition as error:
            self.add_error(error.column if error.column in self.fields else None, str(error))


class ColumnsForm(PageForm):
    """What the list shows of each lead, besides who it is."""

    columns = forms.MultipleChoiceField(
        label="Columns", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args, available, **kwargs):
        super().__init__(*args, **kwargs)
        groups: dict[str, list] = {}
        for column in available.values():
            if column.key not in columns.NEEDED:
                groups.setdefault(column.group, []).append((column.key, column.label))
        self.fields["columns"].choices = list(groups.items())
