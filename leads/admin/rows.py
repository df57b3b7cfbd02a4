"""Rows that stand under headings, one line each, with their fields folded beneath."""

from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from leads.admin.base import ApartFormSet
from leads.admin.choices import Hidden, OptionField, Options, Tick


@dataclass
class Section:
    """One heading and the rows beneath it; `key` is what a new row of it has."""

    key: str
    heading: str
    hint: str
    rows: list[Any] = field(default_factory=list)

    @property
    def noun(self):
        return f" to “{self.heading}”" if self.heading else ""


class RowForm(forms.ModelForm):
    """One row: `title` and `words` are read, and `columns` edited when it is unfolded."""

    COLUMNS: tuple[str, ...] = ()
    PLACE: frozenset[str] = frozenset()  # what a new row has although nobody wrote into it

    def __init__(self, *args, choices=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.choices = choices

    @property
    def is_new(self):
        return self.instance._state.adding

    @property
    def key(self):
        """The row's id as text, in no language's way to write numbers."""
        return str(self.instance.pk or "")

    @property
    def is_open(self):
        """Whether the fields are shown at once: of new rows, and where something is wrong."""
        return self.is_new or bool(self.problem)

    @property
    def columns(self):
        """The fields to edit, each with what is wrong with it."""
        said = {} if self.is_bound else self._said()[2]
        return [(self[name], said.get(name) or self[name].errors) for name in self.COLUMNS]

    @property
    def title(self):
        return "New" if self.is_new else str(self.instance)

    @property
    def words(self):
        """What the row says, in plain English."""
        return self._said()[0]

    @property
    def problem(self):
        """Why the row cannot be said, or what is wrong with it; empty where nothing is."""
        return self._said()[1]

    def say(self):
        """Return the sentence. Raise ValidationError where the row makes no sense."""
        raise NotImplementedError

    def _said(self):
        if not hasattr(self, "_sentence"):
            self._sentence = self._ask()
        return self._sentence

    def _ask(self):
        """Return what it says, what is wrong with it, and that again by column."""
        if self.is_bound and self.errors:
            wrong = (self._wrong(name, said) for name, said in self.errors.items())
            return "", " ".join(wrong), {}
        if self.is_new and not (self.is_bound and self.has_changed()):
            return "", "", {}
        try:
            return self.say(), "", {}
        except ValidationError as error:
            return "", " ".join(error.messages), getattr(error, "message_dict", {})

    def _wrong(self, name, said):
        label = self[name].label + ": " if name in self.fields else ""
        return f"{label}{' '.join(said)}"

    def has_changed(self):
        """A new row in which only its place is filled in is a blank one."""
        changed = set(self.changed_data)
        return bool(changed - self.PLACE if self.is_new else changed)


class RowFormSet(ApartFormSet):
    """Forms of rows that share their choices and know under which heading they stand."""

    deletion_widget = Tick

    @property
    def choices(self):
        if not hasattr(self, "_choices"):
            self._choices = self.read_choices()
        return self._choices

    def read_choices(self):
        """Return what the rows choose from; it is read once."""
        return None

    def headings(self):
        """Return `(key, heading, hint)` for every section, in their order."""
        return [("", "", "")]

    def section_of(self, form):
        """Return the key of the section in which the row stands."""
        return ""

    def get_form_kwargs(self, index):
        return super().get_form_kwargs(index) | {"choices": self.choices}

    def add_fields(self, form, index):
        """The row's own id is looked up among the rows that were read; Django asks for each."""
        super().add_fields(form, index)
        name = self._pk_field.name
        if not hasattr(self, "_known"):
            self._known = Options([(row.pk, "", row) for row in self.get_queryset()])
            self._known.gone = "Somebody has deleted this row meanwhile. Open the page anew."
        form.fields[name] = OptionField(
            options=self._known,
            widget=Hidden,
            initial=form.fields[name].initial,
        )

    @property
    def sections(self):
        found = {key: Section(key, heading, hint) for key, heading, hint in self.headings()}
        for form in self.forms:
            key = self.section_of(form)
            (found.get(key) or next(iter(found.values()))).rows.append(form)
        return list(found.values())
