"""The forms of an import: the file, how it is read, and what each column means."""

from django import forms

from leads.conditions.registry import CUSTOM
from leads.imports import cells, charset, mapping, reading
from leads.imports.files import CSV, MOST_BYTES
from leads.imports.targets import COMPANY_TARGETS, LEAD_TARGETS, NEW_TARGETS
from leads.imports.uploads import SOURCE, TOO_LARGE

SHOWN = 3  # values of a column beside its meaning


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        allow_empty_file=True,  # what is wrong with it is told in our own words
        help_text=f"CSV or Excel (.xlsx), at most {MOST_BYTES // 1024**2} MB. "
        "Nothing is imported before you have seen how it is understood.",
    )
    source = forms.CharField(
        label="Whose list it is",
        max_length=80,
        required=False,
        help_text=f"Every value remembers it, for example HubSpot. Left empty: {SOURCE}.",
    )
    create = forms.BooleanField(
        label="Suggest custom fields for columns that we do not know", required=False
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(TOO_LARGE, "too_large")
        return file


class ReadingForm(forms.Form):
    """How the file is read, where it was not found out right."""

    encoding = forms.ChoiceField(choices=charset.LABELS.items(), required=False)
    delimiter = forms.ChoiceField(choices=reading.DELIMITERS.items(), required=False)
    sheet = forms.ChoiceField(required=False)
    heading_line = forms.IntegerField(
        label="Heading on line", min_value=0, max_value=1_000, help_text="0 if there is none."
    )
    dates = forms.ChoiceField(
        label="Days such as 03/04/2026",
        choices=[("", "There are none, or leave them out"), *cells.ORDERS.items()],
        required=False,
    )

    def __init__(self, data=None, *, batch, **kwargs):
        found = batch.reading
        super().__init__(data, initial=found, label_suffix="", **kwargs)
        self.fields["sheet"].choices = [(name, name) for name in found["sheets"]]
        for name in ("sheet",) if found["kind"] == CSV else ("encoding", "delimiter"):
            del self.fields[name]


class MappingForm(forms.Form):
    """A choice for each column of the file."""

    strict = forms.BooleanField(
        label="Refuse a line if any of its values cannot be read",
        required=False,
        help_text="Otherwise only that value is left out, and told.",
    )

    def __init__(self, data=None, *, batch, **kwargs):
        super().__init__(data, initial={"strict": batch.strict}, label_suffix="", **kwargs)
        self.batch, self.found = batch, reading.Reading(**batch.reading)
        choices = _choices()
        for number, name in enumerate(mapping.names_of(self.found)):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=name, choices=choices, initial=batch.mapping[number], required=False
            )

    def columns(self):
        """Yield (field, first values) for each column."""
        for number in range(len(self.found.headings)):
            said = [row[number] for _, row in self.found.sample if number < len(row)]
            yield self[f"column_{number}"], [value for value in said if value][:SHOWN]

    def clean(self):
        super().clean()
        count = len(self.found.headings)
        targets = [self.cleaned_data.get(f"column_{number}", "") for number in range(count)]
        if not self.errors:
            try:
                mapping.check(targets, self.found)
            except mapping.BadMapping as error:
                raise forms.ValidationError(str(error), "mapping") from None
        self.cleaned_data["mapping"] = targets

    def save(self):
        self.batch.mapping = self.cleaned_data["mapping"]
        self.batch.strict = self.cleaned_data["strict"]
        self.batch.save(update_fields=["mapping", "strict"])


def _choices():
    custom = [(f"{CUSTOM}{row.key}", row.label) for row in mapping.custom_fields().values()]
    return [
        ("", "Leave out"),
        ("The lead", list(LEAD_TARGETS.items())),
        ("The company", list(COMPANY_TARGETS.items())),
        ("Custom fields", sorted(custom, key=lambda pair: pair[1])),
        ("A new custom field", list(NEW_TARGETS.items())),
    ]
