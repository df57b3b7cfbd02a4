"""What the rows of a page are chosen from: read once, and drawn once, for all of the rows."""

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

NONE_CHOSEN = "---------"


class Options:
    """Values that may be chosen, with their labels and what each stands for.

    `rows` are `(value, label, meaning)`; `off` maps values that were chosen once and cannot be
    chosen any more to their labels; `nothing` is what an empty choice stands for.
    """

    gone = "“%(value)s” is not there any more. Choose another."

    def __init__(self, rows, *, empty=NONE_CHOSEN, nothing=None, off=None):
        self.nothing, self.off = nothing, off or {}
        first = [] if empty is None else [("", empty)]
        pairs = [*first, *((str(value), label) for value, label, _ in rows)]
        self.labels = dict(pairs)
        self.meanings = {str(value): meaning for value, _, meaning in rows}
        self._html = format_html_join("", '<option value="{}">{}</option>', pairs)

    @classmethod
    def of_rows(cls, rows):
        """One option for each row of a table; what is chosen is the row."""
        return cls([(row.pk, str(row), row) for row in rows])

    @classmethod
    def of_choices(cls, pairs, **more):
        """One option for each of Django's choices; what is chosen is the value."""
        return cls([(value, label, value) for value, label in pairs], nothing="", **more)

    def meaning(self, value):
        """Return what a value stands for, None for one that cannot be chosen."""
        return self.meanings.get(str(value))

    def check(self, value):
        """Raise ValidationError, in words, for a value that cannot be chosen."""
        value = str(value)
        if value in self.off:
            said = "“%(label)s” is switched off. Choose another, or switch it on again."
            raise ValidationError(said, "off", params={"label": self.off[value]})
        if value not in self.meanings:
            raise ValidationError(self.gone, "gone", params={"value": value})

    def html(self, chosen):
        """Return the options as HTML. What cannot be chosen any more is shown where it was."""
        chosen = "" if chosen is None else str(chosen)
        if chosen and chosen not in self.meanings:
            label = self.off.get(chosen, chosen)
            lost = '<option value="{}" selected>{} (not available)</option>'
            return format_html(lost, chosen, label) + self._html
        mark = format_html('<option value="{}"', chosen)
        return mark_safe(self._html.replace(mark, f"{mark} selected", 1))


class OptionsWidget(forms.Widget):
    """A select made of text: with a template for each option, a page of rules takes seconds."""

    options = Options([])

    def render(self, name, value, attrs=None, renderer=None):
        built = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return mark_safe(f"<select{built}>{self.options.html(value)}</select>")


class Drawn:
    """Mixed into an input that every row has, which is then drawn without a template, too."""

    def render(self, name, value, attrs=None, renderer=None):
        drawn = self.get_context(name, value, attrs)["widget"]
        known = {"type": drawn["type"], "name": name, **drawn["attrs"]}
        if drawn["value"] is not None:
            known["value"] = drawn["value"]
        return mark_safe(f"<input{flatatt(known)}>")


class Hidden(Drawn, forms.HiddenInput):
    pass


class Tick(Drawn, forms.CheckboxInput):
    pass


class OptionField(forms.Field):
    """One of the `Options` that all rows share; the form gives them to it."""

    widget = OptionsWidget

    def __init__(self, *, options=None, required=False, **kwargs):
        super().__init__(required=required, **kwargs)
        self.options = options

    @property
    def options(self):
        return self._options

    @options.setter
    def options(self, options):
        self._options = self.widget.options = options

    @property
    def labels(self):
        return self.options.labels.items()

    def to_python(self, value):
        if value in self.empty_values:
            return self.options.nothing
        self.options.check(value)
        return self.options.meaning(value)

    def has_changed(self, initial, data):
        return _text(initial) != _text(data)


def _text(value):
    return "" if value is None else str(getattr(value, "pk", value))
