"""Whether first touches take longer than they did: the last 7 days beside the 28 before."""

from collections import defaultdict
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse

from leads.models import Delivery, Event, User
from leads.roles import MANAGER
from leads.versions import one_at_a_time
from reporting import promises
from reporting.models import ResponseAlert, Slowdown
from reporting.percentile import Percentile
from routing.models import Team
from sla.models import Clock, ClockKind
from sla.models.clock import span

RECENT, BEFORE = timedelta(days=7), timedelta(days=35)
SLOWED = "reporting.response_slowed"


@transaction.atomic
def check(*, now):
    """Note which teams have slowed down, and tell their managers once a day; return the rows.

    Touches count in the week in which they were made, so that leads which waited long show.
    """
    one_at_a_time(Slowdown)
    alert = ResponseAlert.objects.get()
    found = [row for row in _figures(now) if _is_slow(row, alert)] if alert.is_on else []
    teams = Team.objects.select_related("manager").in_bulk({row["team"] for row in found} - {None})
    rows, fresh = [], []
    for row in found:
        said = {
            "median_seconds": round(row["median"]),
            "before_seconds": round(row["before"]),
            "touches": row["touches"],
            "checked_at": now,
            "is_current": True,
        }
        team = teams.get(row["team"])
        one, is_new = Slowdown.objects.update_or_create(team=team, day=now.date(), defaults=said)
        rows.append(one)
        fresh += [one] if is_new else []
    Slowdown.objects.exclude(pk__in=[one.pk for one in rows]).update(is_current=False)
    _tell(fresh, now=now)
    return rows


def _figures(now):
    """Yield the medians of each team, and of everybody (team None)."""
    recent, before = Q(stopped_at__gt=now - RECENT), Q(stopped_at__lte=now - RECENT)
    touched = Clock.objects.filter(
        kind=ClockKind.FIRST_TOUCH, stopped_at__gt=now - BEFORE, stopped_at__lte=now
    ).order_by()
    figures = {
        "touches": Count("pk", filter=recent),
        "touches_before": Count("pk", filter=before),
        "median": Percentile("worked_seconds", 0.5, filter=recent),
        "before": Percentile("worked_seconds", 0.5, filter=before),
    }
    yield touched.aggregate(**figures) | {"team": None}
    by_team = touched.values(team=promises.BY["team"]).annotate(**figures)
    yield from (row for row in by_team if row["team"])


def _is_slow(row, alert):
    if min(row["touches"], row["touches_before"]) < alert.fewest or not row["before"]:
        return False
    return row["median"] > row["before"] * (1 + alert.longer / 100)


def _tell(rows, *, now):
    """Give each manager one notice of all that concerns them."""
    of_user = defaultdict(list)
    for row in rows:
        managers = [row.team.manager] if row.team else User.objects.filter(groups__name=MANAGER)
        for user in managers:
            if user and user.is_active:
                of_user[user].append(row)
    for user, concerned in of_user.items():
        event = Event.objects.create(
            kind=SLOWED, happened_at=now, data={"slowdowns": [row.pk for row in concerned]}
        )
        Delivery.objects.tell(
            user,
            event=event,
            subject="First touches take longer than before",
            body="\n".join(in_words(row) for row in concerned),
            url=reverse("portal:sla-report") + "?period=7",
            now=now,
        )


def in_words(row):
    """Return a Slowdown as a sentence that names both figures and the bound's side."""
    length, before = (
        span(timedelta(seconds=seconds)) for seconds in (row.median_seconds, row.before_seconds)
    )
    return (
        f"{row.team or 'All teams'}: half of the {row.touches} first touches of the last 7 days "
        f"took {length} or more of working time, {row.longer} % more than in the 28 days before "
        f"({before})."
    )
