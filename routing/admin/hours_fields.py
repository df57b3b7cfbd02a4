"""Form fields for hours: tables of inputs, the version stores JSON.

They work without JavaScript: a table has empty rows and columns to spare, and more after saving.
Spans are read by the same function as everywhere else, and refused here, at their field.
"""

import re
from datetime import date
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from leads.models.user import validate_zone
from routing.public_holidays import places, read_place, write_place
from routing.spans import DAY_NAMES, read_spans

SPARE_ROWS = 3
MOST_ROWS = 400  # what a request may carry


class Suggested(forms.TextInput):
    """A text with suggestions, which browsers search while one types."""

    template_name = "routing/suggested.html"

    def __init__(self, suggestions, attrs=None):
        super().__init__({"autocomplete": "off", "size": 40, **(attrs or {})})
        self.suggestions = suggestions

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        listed = f"{context['widget']['attrs'].get('id', name)}_list"
        context["widget"]["attrs"]["list"] = listed
        return context | {"listed": listed, "suggestions": self.suggestions()}


class ZoneField(forms.CharField):
    def __init__(self, **kwargs):
        widget = Suggested(lambda: sorted(available_timezones()))
        super().__init__(widget=widget, validators=[validate_zone], **kwargs)


class PlaceField(forms.CharField):
    """A country, or a region of one, as (country, region); both are empty for neither."""

    def __init__(self, **kwargs):
        def suggestions():
            return [f"{name} ({code})" for code, name in places().items()]

        super().__init__(widget=Suggested(suggestions), required=False, **kwargs)

    def prepare_value(self, value):
        return value if isinstance(value, str) or value is None else write_place(*value)

    def clean(self, value):
        text = super().clean(value)
        try:
            return read_place(text) if text else ("", "")
        except ValueError as error:
            raise ValidationError(str(error), "place") from None

    def has_changed(self, initial, data):
        return (self.prepare_value(initial) or "") != (data or "").strip()


class TableWidget(forms.Widget):
    """Rows of inputs. The value is a list of rows as typed, or the JSON that they stand for."""

    template_name = "routing/table.html"
    date_type = "date"

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        rows = value if isinstance(value, list) else self.rows_of(value or {})
        pairs = max([self.least_pairs, *(len(row["spans"]) + self.spare_pairs for row in rows)])
        context["rows"] = [
            self._cells(f"{name}_{number}", number, row, pairs) for number, row in enumerate(rows)
        ]
        context["headings"] = [*self.headings, *["From", "To"] * pairs]
        return context

    def _cells(self, prefix, number, row, pairs):
        called = self.title(number, row)
        cells = [
            {
                "name": f"{prefix}_{key}",
                "value": row[key],
                "type": kind,
                "label": f"{called}: {word}",
            }
            for key, kind, word in self.columns
        ]
        for pair, span in enumerate([*row["spans"], *[("", "")] * pairs][:pairs]):
            for key, value in zip(("from", "to"), span, strict=True):
                label = f"{called}: {key} ({pair + 1})"
                name = f"{prefix}_{key}{pair}"
                cells.append({"name": name, "value": value, "type": "time", "label": label})
        return {"title": called if self.titled else "", "cells": cells}

    def value_from_datadict(self, data, files, name):
        pattern = re.compile(rf"{re.escape(name)}_(\d{{1,4}})_(?:(\w+?)(\d*))")
        rows: dict = {}
        for key in data:
            if match := pattern.fullmatch(key):
                number, column, pair = match.groups()
                row = rows.setdefault(int(number), {"spans": {}})
                if pair:
                    row["spans"].setdefault(int(pair), {})[column] = data[key].strip()
                else:
                    row[column] = data[key].strip()
        return [self._row(rows[number]) for number in sorted(rows)][:MOST_ROWS]

    def _row(self, typed):
        spans = [
            (pair.get("from", ""), pair.get("to", "")) for _, pair in sorted(typed["spans"].items())
        ]
        return {key: typed.get(key, "") for key, _, _ in self.columns} | {"spans": spans}

    def value_omitted_from_data(self, data, files, name):
        return not self.value_from_datadict(data, files, name)

    def id_for_label(self, id_):
        return ""


class TableField(forms.Field):
    """JSON that people fill in as a table."""

    def clean(self, value):
        rows = value or []
        try:
            return self.read(rows)
        except ValueError as error:
            raise ValidationError(str(error), "hours") from None

    def has_changed(self, initial, data):
        try:
            return self.clean(data) != (initial or {})
        except ValidationError:
            return True


def filled_in(spans, day):
    """Return the spans of a row that were filled in, whole. Raise ValueError where one is not."""
    found = []
    for opens, closes in spans:
        if opens and closes:
            found.append((opens, closes))
        elif opens or closes:
            missing = "end" if opens else "start"
            raise ValueError(f"{day}: the span of {opens or closes} has no {missing}.")
    read_spans(found, day)
    return sorted([opens.zfill(5), closes.zfill(5)] for opens, closes in found)


class WeekWidget(TableWidget):
    columns: tuple = ()
    headings = ("Day",)
    titled = True
    least_pairs, spare_pairs = 3, 1

    def rows_of(self, value):
        return [{"spans": value.get(str(day), [])} for day in range(7)]

    def title(self, number, row):
        return DAY_NAMES[number] if number < 7 else ""


class WeekField(TableField):
    """The spans of each weekday; a day without any is closed."""

    widget = WeekWidget

    def read(self, rows):
        found = {
            str(day): filled_in(row["spans"], name)
            for day, (name, row) in enumerate(zip(DAY_NAMES, rows, strict=False))
        }
        return {day: spans for day, spans in found.items() if spans}


class DaysOffWidget(TableWidget):
    columns = (("date", "date", "date"), ("name", "text", "name"))
    headings = ("Date", "Name")
    titled = False
    least_pairs = spare_pairs = 0

    def rows_of(self, value):
        rows = [{"date": day, "name": name, "spans": []} for day, name in sorted(value.items())]
        return [*rows, *[{"date": "", "name": "", "spans": []}] * SPARE_ROWS]

    def title(self, number, row):
        return row["date"] or f"Row {number + 1}"


class DaysOffField(TableField):
    """Dates with the names that explanations call them by."""

    widget = DaysOffWidget

    def read(self, rows):
        found: dict = {}
        for row in rows:
            if row["date"] or row["name"]:
                found[_new_date(row["date"], row["name"], found)] = row["name"][:80]
        return dict(sorted(found.items()))


class ExceptionsWidget(DaysOffWidget):
    columns = (("date", "date", "date"),)
    headings = ("Date",)
    least_pairs, spare_pairs = 2, 1

    def rows_of(self, value):
        rows = [{"date": day, "spans": spans} for day, spans in sorted(value.items())]
        return [*rows, *[{"date": "", "spans": []}] * SPARE_ROWS]


class ExceptionsField(TableField):
    """Dates with hours of their own; none means closed."""

    widget = ExceptionsWidget

    def read(self, rows):
        found: dict = {}
        for row in rows:
            if row["date"] or any(map(any, row["spans"])):
                day = _new_date(row["date"], "the hours", found)
                found[day] = filled_in(row["spans"], day)
        return dict(sorted(found.items()))


def _new_date(text, what, others):
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        said = f"{text!r} is not a date like 2026-12-25." if text else f"“{what}” has no date."
        raise ValueError(said) from None
    if day in others:
        raise ValueError(f"{day} is there twice.")
    return day
