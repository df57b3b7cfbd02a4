from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from sla import flight, words
from sla.models import Clock


@require_safe
def clock(request, pk):
    """Why this deadline?"""
    clocks = Clock.objects.visible_to(request.user).select_related(
        "handoff__lead__company", "policy", "calendar__calendar"
    )
    found = get_object_or_404(clocks, pk=pk)
    return render(
        request,
        "portal/clock.html",
        {
            "clock": found,
            "handoff": found.handoff,
            "lead": found.handoff.lead,
            "promised": f"{words.within(found.target)}{words.at_latest(found.target)}",
            "flight": flight.explain(found),
            "escalations": found.escalations.all(),
            "now": timezone.now(),
        },
    )
