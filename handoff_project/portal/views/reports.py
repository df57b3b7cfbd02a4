from django.db.models import Q
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal.forms import PeriodForm
from reporting.speed import speed_to_lead
from routing.models import Team
from sla.models import Clock


@require_safe
def speed(request):
    """How soon after the handoff a rep first reached out, in total and by team."""
    now = timezone.now()
    form = PeriodForm(request.GET)
    since = now - form.period()
    clocks = Clock.objects.visible_to(request.user)
    period = {"since": since, "until": now, "now": now}
    handoffs = clocks.filter(started_at__gte=since, started_at__lt=now).values("handoff")
    teams = Team.objects.filter(
        Q(reps__handoffs__in=handoffs) | Q(pools__handoffs__in=handoffs)
    ).distinct()
    total = speed_to_lead(clocks, **period)
    return render(
        request,
        "reporting/speed.html",
        {
            "now": now,
            "since": since,
            "days": form.period().days,
            "periods": form.PERIODS,
            "total": total,
            "waiting": total.handoffs - total.judged,
            "teams": [(team, speed_to_lead(of_team(clocks, team), **period)) for team in teams],
        },
    )


def of_team(clocks, team):
    """The clocks of handoffs that one of the team's reps owns or that wait in its pools."""
    return clocks.filter(Q(handoff__owner__team=team) | Q(handoff__pool__team=team))
