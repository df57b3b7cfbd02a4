"""What reads otherwise today than when a version was frozen: segments, lists and signals.

A new draft of an older version has its rules, and what the rules name as it is today.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from leads.conditions import words
from leads.conditions.terms import terms_of
from leads.models import Segment, Signal, ValueList


@dataclass(frozen=True)
class Changed:
    """A row that a version names, what it said then, and what it says now."""

    row: Segment | ValueList | Signal
    then: str
    now: str

    @property
    def kind(self):
        return self.row._meta.verbose_name


def changed_since(version):
    """Return a Changed for all that a frozen version names and that reads otherwise today."""
    form = version.compiled if version else None
    return [*_segments(form), *_lists(form), *_signals(form)] if form else []


def _segments(form):
    for segment in Segment.objects.prefetch_related("conditions__signal"):
        if segment.differs_in(form):
            then, *_ = segment.frozen_in(form)
            yield Changed(segment, f"{words.sentence(then)}.", _now(segment))


def _now(segment):
    try:
        return f"{segment.sentence()}."
    except ValidationError as error:  # it makes no sense any more
        return " ".join(error.messages)


def _lists(form):
    for row in ValueList.objects.all():
        if row.differs_in(form):
            frozen, *_ = row.frozen_in(form)
            then = frozen["values"]
            gone = [value for value in then if value not in row.values]
            new = [value for value in row.values if value not in then]
            said = [f"{len(row.values)} values"]
            said += [f"{words.listed(new)} {_is(new)} new"] if new else []
            said += [f"{words.listed(gone)} {_is(gone)} gone"] if gone else []
            yield Changed(row, f"{len(then)} values: {words.listed(then)}.", f"{'; '.join(said)}.")


def _is(values):
    return "is" if len(values) == 1 else "are"


def _signals(form):
    asked = {rule["signal"] for rule in form["rules"] if rule["type"] == "count"}
    for rule in form["rules"]:
        for _, term in terms_of(rule.get("when", {})):
            if isinstance(term["value"], dict) and "signal" in term["value"]:
                asked.add(term["value"]["signal"])
    older = Signal.objects.filter(pk__in=asked, is_current=False).order_by("name")
    current = {row.key: row for row in Signal.objects.current()}
    for row in older:
        if row.key in current:
            now = current[row.key]
            yield Changed(now, f"{row.pattern_in_words()}.", f"{now.pattern_in_words()}.")
