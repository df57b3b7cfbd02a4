from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, strip_tags
from django.utils.safestring import mark_safe
from django.utils.text import capfirst

from sla.models.clock import span

register = template.Library()
register.filter("span", span)


@register.inclusion_tag("portal/_clock.html", takes_context=True)
def clock_badge(context, clock, *, why=True):
    """A clock's badge: its word, its shape and its deadline, as of the page's `now`.

    `why` links it to the page that explains the deadline.
    """
    if clock is None:
        return {"clock": None}
    now = context["now"]
    reading = clock.reading(now=now)
    opens = datetime.fromisoformat(reading.detail) if reading.state == "off_hours" else None
    pause = clock.pauses.filter(ended_at=None).first() if reading.state == "paused" else None
    return {
        "clock": clock,
        "reading": reading,
        "opens": opens,
        "pause": pause,
        "now": now,
        "explained": why,
    }


@register.simple_tag(takes_context=True)
def when(context, moment):
    """A moment in the reader's zone: its day and time, and the date where it is far away."""
    if moment is None:
        return ""
    now = timezone.localtime(context["now"])
    local = timezone.localtime(moment)
    days = abs((local.date() - now.date()).days)
    pattern = "D H:i" if days < 6 else "D j M H:i" if local.year == now.year else "j M Y H:i"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "l j F Y H:i:s e"),
        date_format(local, pattern),
    )


@register.simple_tag(takes_context=True)
def age(context, moment):
    """How long ago a moment was, floored: "9 min ago"."""
    return f"{span(context['now'] - moment)} ago" if moment else ""


@register.filter
def labelled(cells, headers):
    """The cells of an admin list's row, each with its heading: a narrow screen shows it beside."""
    for cell, header in zip(cells, headers, strict=False):
        label = capfirst(strip_tags(str(header["text"])).strip())
        place = format_html(' data-label="{}"', label) if label else ""
        yield mark_safe(str(cell).replace("<td", f"<td{place}", 1))


@register.filter
def exact(duration):
    """A duration to the second: 1:15:00."""
    seconds = int(duration.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@register.filter
def selectors(rows, prefix):
    """The rows' elements on the page as one CSS selector list: "#clock-1,#clock-2"."""
    return ",".join(f"#{prefix}-{row.pk}" for row in rows or ())


@register.filter
def percent(share):
    """A share from 0 to 1 as whole per cent; a dash before there is any."""
    return "-" if share is None else f"{share * 100:.0f} %"


@register.filter
def width(points, total):
    """How wide a bar is, 0 to 100, for some points of a total."""
    return min(100, round(100 * abs(points) / abs(total))) if total else 0


@register.simple_tag(takes_context=True)
def with_query(context, **changes):
    """The page's own query with some values changed; an empty value takes one out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def cell(context, column, lead):
    """What a column of the list says of a lead; a moment is shown as everywhere."""
    if column.key == "received":
        return when(context, lead.created_at)
    unknown = "not handed over" if column.key == "with" else "unknown"
    return column.text(lead) or format_html('<span class="none">{}</span>', unknown)
