"""Form fields for hours: people type spans and days, the version stores JSON.

They only parse. Whether the hours make sense is for `CalendarVersion.clean` to say.
"""

import re
from datetime import date

from django import forms
from django.core.exceptions import ValidationError

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPAN = re.compile(r"(\d{1,2}:\d\d)\s*[-–]\s*(\d{1,2}:\d\d)")  # noqa: RUF001 - people type both


def parse_spans(text):
    """Return `[[start, end], ...]` from "09:00-12:30, 13:30-18:00"; empty text means closed."""
    spans = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = SPAN.fullmatch(part)
        if match is None:
            raise ValidationError(f"{part!r} is not a span like 09:00-17:00.", "span")
        spans.append([time.zfill(5) for time in match.groups()])
    return spans


def write_spans(spans):
    return ", ".join(f"{start}-{end}" for start, end in spans)


def parse_day(text):
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValidationError(f"{text!r} is not a date like 2026-12-25.", "day") from None


class WeekWidget(forms.MultiWidget):
    template_name = "routing/week.html"

    def __init__(self, attrs=None):
        super().__init__({name: forms.TextInput() for name in DAY_NAMES}, attrs)

    def decompress(self, value):
        return [write_spans((value or {}).get(str(day), [])) for day in range(7)]

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        for day, widget in zip(DAY_NAMES, context["widget"]["subwidgets"], strict=True):
            widget["day"] = day
        return context


class WeekField(forms.MultiValueField):
    """Seven texts of spans, one for each day; a day without text is closed."""

    widget = WeekWidget

    def __init__(self, **kwargs):
        days = [forms.CharField(required=False) for _ in DAY_NAMES]
        super().__init__(days, require_all_fields=False, **kwargs)

    def compress(self, data_list):
        days = [parse_spans(text) for text in data_list]
        return {str(day): spans for day, spans in enumerate(days) if spans}


class LinesField(forms.CharField):
    """JSON typed as lines of text."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value):
        return value if isinstance(value, str) else "\n".join(self.write(value))

    def to_python(self, value):
        lines = [line.strip() for line in (value or "").splitlines()]
        return self.parse([line for line in lines if line])


class HolidaysField(LinesField):
    """One closed day a line."""

    def parse(self, lines):
        return sorted(parse_day(line) for line in lines)

    def write(self, days):
        return days or []


class ExceptionsField(LinesField):
    """One day a line, with its own hours after it."""

    def parse(self, lines):
        parts = [line.partition(" ") for line in lines]
        return {parse_day(day): parse_spans(spans) for day, _, spans in parts}

    def write(self, days):
        return [f"{day} {write_spans(spans)}".strip() for day, spans in (days or {}).items()]
