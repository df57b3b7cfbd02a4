"""Numbers of reports: each opens its rows."""

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from handoff_project.portal.templatetags.portal import percent
from sla.models.clock import span

register = template.Library()


@register.filter
def length_of(duration):
    """A duration in words; a dash before there is any."""
    return "-" if duration is None else span(duration)


@register.simple_tag
def report_query(form, **more):
    """The address of the same report with some values changed, judged as of the same moment."""
    return mark_safe(form.query(**more).replace("&", "&amp;"))


@register.simple_tag
def number_of(numbers, show):
    """The number that a word of the report's SHOWN counts, "" for all."""
    return intcomma(numbers.of(show))


@register.simple_tag
def share_of(part, whole):
    """A part of a whole as whole per cent; a dash where there is no whole."""
    return percent(part / whole if whole else None)


@register.simple_tag
def points(difference):
    """A difference of two shares as percentage points, with its sign."""
    return f"{round(100 * difference):+d}".replace("-", "\N{MINUS SIGN}")


@register.simple_tag
def change_from(before, now):
    """How a share changed from the period before, in percentage points."""
    if before is None or now is None:
        return "The period before has none to compare with."
    points = round(100 * now) - round(100 * before)
    how = (
        "the same as"
        if not points
        else f"{abs(points)} point{pluralize(abs(points))} {'up' if points > 0 else 'down'} on"
    )
    return f"{how} the period before ({100 * before:.0f} %).".capitalize()


@register.simple_tag
def rows_link(form, numbers, show, heading, **line):
    """A number as a link to exactly its rows, of the line `by`, `key` and `name`; 0 has none."""
    count, key = number_of(numbers, show), line.get("key", "")
    if count == "0":
        return count
    return format_html(
        '<a href="{}?{}">{}<span class="unseen"> {}: {}</span></a>',
        reverse(form.ROWS),
        form.query(show=show, by=line["by"] if key else "", key=key),
        count,
        heading.lower(),
        line.get("name", "All"),
    )
