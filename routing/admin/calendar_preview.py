"""The next weeks of a calendar version, day by day, and who works by a calendar."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.urls import NoReverseMatch
from django.utils.text import capfirst

from leads.admin.base import page_of
from routing.models import CalendarVersion
from routing.models.calendar import Day
from routing.zones import ClockChange, clock_changes, first_instant, zone_named

WEEKS = 8


@dataclass(frozen=True)
class PreviewDay:
    day: Day
    change: ClockChange | None

    @property
    def spans(self):
        return ", ".join(f"{start}-{end}" for start, end in self.day.spans)


def weeks(version, start):
    """Return eight weeks of PreviewDays, Monday to Sunday, from the week of a date."""
    monday = start - timedelta(days=start.weekday())
    zone = zone_named(version.zone)
    days = [monday + timedelta(days=n) for n in range(WEEKS * 7)]
    first, last = (
        first_instant(datetime.combine(day, time()), zone)
        for day in (monday, days[-1] + timedelta(days=1))
    )
    changes = {change.before.date(): change for change in clock_changes(zone, first, last)}
    found = [PreviewDay(version.day(day), changes.get(day)) for day in days]
    return [found[n : n + 7] for n in range(0, len(found), 7)]


def users_of(calendar, request, site):
    """Return `(what, rows)` of everything that names a calendar; a row is `(name, url)`.

    Policies, and what else an upper app may count by it, come by their foreign keys.
    """
    found = []
    for relation in calendar._meta.get_fields(include_hidden=True):
        model = relation.related_model
        if not (relation.one_to_many and relation.concrete is False) or model is CalendarVersion:
            continue
        page = site._registry.get(model)
        if page is None or not page.has_view_permission(request):
            continue
        rows = model._default_manager.filter(**{relation.field.name: calendar})
        if listed := [(str(row), _url(row)) for row in rows]:
            found.append((capfirst(model._meta.verbose_name_plural), listed))
    return found


def _url(row):
    try:
        return page_of(row)
    except NoReverseMatch:
        return ""
