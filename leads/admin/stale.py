"""Two people on one page: who saves second is told, reads both texts, and decides."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.forms.models import _get_foreign_key
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

NOTHING = "nothing"


@dataclass(frozen=True)
class Difference:
    """One thing that is saved otherwise than it stands in the form."""

    what: str
    saved: str
    typed: str


@dataclass(frozen=True)
class Seen:
    """What a page showed: a digest of what can be edited on it, and its latest entry in the log."""

    digest: str
    entry: int

    def __str__(self):
        return f"{self.digest}.{self.entry}"


class SeenField(forms.CharField):
    """Travels with the form and comes back. A page drawn again stands for what is saved now."""

    def bound_data(self, data, initial):
        return initial

    def has_changed(self, initial, data):
        return False


def guarded(form, page, request):
    """Return a form class that refuses to save over what its page never showed."""

    class Guarded(form):  # type: ignore[valid-type]
        seen = SeenField(required=False, widget=forms.HiddenInput)
        overtaken = ""  # who changed it meanwhile, in words

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            digest = _digest(self.initial, _rows(page, request, self.instance))
            latest = _latest(self.instance)
            self.initial["seen"] = str(Seen(digest, latest.pk if latest else 0))

        def clean_seen(self):
            seen, now = self.cleaned_data["seen"], self.initial["seen"]
            if seen and seen.partition(".")[0] != now.partition(".")[0]:
                self.overtaken = _who(self.instance, seen)
                said = "Nothing is saved yet: both texts stand above. Save again to put yours."
                self.add_error(None, f"{self.overtaken} {said}")
            return seen

    Guarded.__name__ = form.__name__
    return Guarded


def differences(form, formsets):
    """Return what is saved otherwise than it is typed: in the form, and row by row."""
    found = list(_of_form(form, ""))
    for formset in formsets:
        for row in formset.forms:
            if row.has_changed():
                found += _of_form(row, f"{_kind(row)} “{row.instance}”: ")
        here = {row.instance.pk for row in formset.initial_forms}
        for saved in formset.get_queryset():
            if saved.pk not in here:
                what = f"{_kind(formset.empty_form)} “{saved}”"
                found.append(Difference(what, "added meanwhile; it stays", "not on your page"))
    return found


def _of_form(form, before):
    for name in form.changed_data:
        field = form[name]
        saved, typed = _shown(field.field, field.initial), _shown(field.field, field.data)
        if saved != typed:
            label = field.label if before else capfirst(field.label)
            yield Difference(f"{before}{label}", saved, typed)


def _kind(form):
    return capfirst(form.instance._meta.verbose_name)


def _shown(field, value):
    """Return a field's value as people read it: the label of a choice, yes or no."""
    value = field.prepare_value(value) if hasattr(field, "prepare_value") else value
    if isinstance(field, forms.BooleanField):
        return "yes" if value not in (None, False, "", "False") else "no"
    if isinstance(value, (list, tuple, set)):
        return ", ".join(sorted(_shown(field, one) for one in value)) or NOTHING
    if value in (None, ""):
        return NOTHING
    labels = dict(_flat(getattr(field, "choices", None) or getattr(field, "labels", ())))
    return str(labels.get(str(value), value))


def _flat(choices):
    pairs = choices.items() if isinstance(choices, dict) else choices
    return [(str(value), label) for value, label in pairs]


def _rows(page, request, row):
    """Yield the saved rows of every inline that can be edited on the page."""
    for inline in page.get_inline_instances(request, row):
        may = (
            inline.has_change_permission(request, row),
            inline.has_delete_permission(request, row),
        )
        if any(may):
            parent = _get_foreign_key(type(row), inline.model, fk_name=inline.fk_name).name
            rows = inline.model._default_manager.filter(**{parent: row})
            yield list(rows.order_by("pk").values_list())


def _digest(values, rows):
    said = json.dumps([values, list(rows)], default=str, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _latest(row):
    kind = ContentType.objects.get_for_model(row)
    entries = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk))
    return entries.order_by("-pk").select_related("user").first()


def _who(row, seen):
    latest, known = _latest(row), seen.partition(".")[2]
    if latest is None or str(latest.pk) == known:
        return "Changed meanwhile, outside this page."
    return f"Changed by {latest.user} at {_moment(latest.action_time)}."


def _moment(at: datetime):
    at = timezone.localtime(at)
    today = timezone.localdate()
    return date_format(at, "H:i" if at.date() == today else "H:i, j F")
