from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from routing.models import Team
from routing.models.calendar import CalendarVersion
from sla import words
from sla.models import Policy


@require_safe
def promised(request):
    """What both teams agreed to expect, read from the policies that are live now."""
    live = list(Policy.objects.live().select_related("published_by"))
    for policy in live:
        policy.whom = words.whom(policy.compiled)
        policy.promised = words.promised(policy.compiled)
        policy.counted = words.counted(policy.compiled)
    return render(
        request,
        "portal/promised.html",
        {"now": timezone.now(), "policies": live, "calendars": _calendars(live)},
    )


def _calendars(policies):
    """The newest versions of the calendars by which these policies count, each with its users."""
    reviews = [policy.compiled.get("review_calendar") for policy in policies]
    teams = list(Team.objects.order_by("name"))
    used = {team.calendar_id for team in teams} | {pk for pk in reviews if pk}
    newest = (
        CalendarVersion.objects.filter(calendar__in=used)
        .select_related("calendar")
        .order_by("calendar__name", "-number")
    )
    found: dict[int, CalendarVersion] = {}
    for version in newest:
        found.setdefault(version.calendar_id, version)
    for pk, version in found.items():
        version.users = [team.name for team in teams if team.calendar_id == pk]
        version.users += ["Reviews"] if pk in reviews else []
        version.week = _week(version)
    return list(found.values())


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _week(version):
    """Return `[(days, hours)]`: neighbouring days with the same hours are one line."""
    lines: list[list] = []
    for number, day in enumerate(DAYS):
        spans = version.weekly.get(str(number), [])
        hours = " and ".join(f"{start} to {end}" for start, end in spans) or "closed"
        if lines and lines[-1][2] == hours:
            lines[-1][1] = day
        else:
            lines.append([day, day, hours])
    return [(a if a == b else f"{a} to {b}", hours) for a, b, hours in lines]
