"""Calendars: their hours are versions, so hours that changed become a new one."""

from datetime import date

from django.core.exceptions import ValidationError

from leads.configuration.columns import Columns
from leads.configuration.named import Named
from leads.configuration.reading import Unreadable, shown
from leads.configuration.writing import Inline
from leads.models.user import validate_zone
from leads.text import fold
from routing.hours_in_words import changes, sentences
from routing.models import Calendar, CalendarVersion
from routing.models.calendar import WEEK
from routing.public_holidays import read_place
from routing.spans import DAY_NAMES, read_spans

DAYS = [name.lower() for name in DAY_NAMES]
KEYS = ("zone", "public_holidays", "week", "days_off", "exceptions")
_PLACES = {"zone": ("zone",), "weekly": ("week",), "holidays": ("days_off",)}
_MOST_DATES = 1000


class Calendars(Named):
    key, title, noun = "calendars", "Calendars", "calendar"
    identity = "name"
    columns = Columns(Calendar, {})

    def rows(self):
        found = Calendar.objects.prefetch_related("versions")
        return {calendar.name: calendar for calendar in found}

    def of_row(self, row):
        versions = list(row.versions.all())
        return of_version(versions[0]) if versions else {}

    def load_row(self, row, node, run):
        given = run.reader.keys(node, KEYS, needed=["zone"])
        values, unread = _read(run, given)
        place = values.pop("place", ("", ""))
        version = CalendarVersion(**values)
        version.observe(*place, today=run.now.date())
        right = run.reader.check(node, row, {})
        hours = run.reader.check(node, version, _PLACES, unread=unread, but=["calendar"])
        if not (right and hours):
            return False
        newest = row.versions.first() if row.pk else None
        if newest is None or of_version(newest) != of_version(version):
            row.save()
            version.calendar = row
            version.save()
        return True

    def in_words(self, row):
        newest = row.versions.first()
        return " ".join(sentences(newest)) if newest else "No hours yet."

    def changes(self, before, after):
        return [f"{after[1]} Before: {before[1]}"]

    def notes(self, row):
        new, *older = row.versions.all()[:2]
        return [
            f"{new} holds from now on; clocks keep the version with which they started. "
            f"{' '.join(changes(older[0] if older else None, new))}"
        ]


def of_version(version):
    """Return what the file says of a calendar's version."""
    found = {"zone": version.zone}
    if version.country:
        found["public_holidays"] = "-".join(filter(None, (version.country, version.region)))
    spans = {name: version.weekly.get(str(day)) for day, name in enumerate(DAYS)}
    found["week"] = {name: _written(one) for name, one in spans.items() if one}
    days_off = dict(sorted(version.holidays.items()))
    exceptions = {day: _written(one) for day, one in sorted(version.exceptions.items())}
    found |= {"days_off": days_off} if days_off else {}
    return found | ({"exceptions": exceptions} if exceptions else {})


def _written(spans):
    return Inline(f"{start}-{end}" for start, end in spans)


def _read(run, given):
    """Return `({column: value}, columns that could not be read)` of a calendar's keys."""
    reads = {
        "zone": ("zone", lambda node: _zone(run, node), "UTC"),
        "public_holidays": ("place", lambda node: _place(run, node), ("", "")),
        "week": ("weekly", lambda node: _week(run, node), WEEK),
        "days_off": ("holidays", lambda node: _days_off(run, node), {}),
        "exceptions": ("exceptions", lambda node: _exceptions(run, node), {}),
    }
    values, unread = {}, set()
    for key, (column, read, usual) in reads.items():
        try:
            values[column] = read(given[key]) if key in given else usual
        except Unreadable:
            unread.add(column)
    return values, unread


def _zone(run, node):
    name = run.reader.text(node)
    try:
        validate_zone(name)
    except ValidationError as error:
        run.reader.complain(node, " ".join(error.messages))
        raise Unreadable from None
    return name


def _place(run, node):
    try:
        return read_place(run.reader.text(node))
    except ValueError as error:
        run.reader.complain(node, str(error))
        raise Unreadable from None


def _week(run, node):
    given = run.reader.keys(node, DAYS)
    read = {day: (lambda one=one, day=day: _spans(run, one, day)) for day, one in given.items()}
    found = run.reader.every(read)
    return {str(DAYS.index(day)): spans for day, spans in found.items() if spans}


def _days_off(run, node):
    found = run.reader.mapping(node, most=_MOST_DATES)
    return run.reader.every(
        {
            _date(run, day, one): (
                lambda one=one: "" if one.value is None else fold(run.reader.text(one))
            )
            for day, one in found.items()
        }
    )


def _exceptions(run, node):
    found = run.reader.mapping(node, most=_MOST_DATES)
    return run.reader.every(
        {
            _date(run, day, one): (lambda one=one, day=day: _spans(run, one, day))
            for day, one in found.items()
        }
    )


def _date(run, text, node):
    """Return the text of a key that is a date; complain, and go on, where it is none."""
    try:
        right = date.fromisoformat(text).isoformat() == text
    except ValueError:
        right = False
    if not right:
        run.reader.complain(node, f"{text!r} is not a date such as 2026-12-24.")
    return text


def _spans(run, node, day):
    """Return the spans of one day: "09:00-12:30"; none where it is closed."""
    spans: list[tuple[str, str]] = []
    for one in run.reader.rows(node):
        opens, dash, closes = run.reader.text(one).partition("-")
        if not dash:
            run.reader.complain(one, f"{shown(one)} is no span such as 09:00-17:00.")
            raise Unreadable
        spans.append((opens.strip(), closes.strip()))
    try:
        read_spans(spans, day)
    except ValueError as error:
        run.reader.complain(node, str(error))
        raise Unreadable from None
    return [list(span) for span in spans]
