"""A rep's own numbers: those of the reports, of this rep alone, beside the team's median."""

from django.http import Http404, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from reporting import answers, funnel, gut, promises
from reporting.filters import FIRST_TOUCH, AnswerFilter, FunnelFilter, GutFilter, PromiseFilter
from sla.models import Clock, ClockKind

PERIODS = {"7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
USUAL = "30"


@require_safe
def my_numbers(request):
    """How this rep's promises, leads, answers and gut reads of a period went."""
    rep, now = getattr(request.user, "rep", None), timezone.now()
    if rep is None:
        raise Http404
    period = request.GET.get("period", USUAL)
    if period not in PERIODS:
        raise Http404

    def mine(filter_class, **more):
        query = QueryDict(mutable=True)
        query.update({"period": period, "rep": rep.pk} | more)
        form = filter_class(query, user=request.user, now=now)
        if not form.is_valid():
            raise Http404
        return form

    touches, accepts = mine(PromiseFilter), mine(PromiseFilter, clock=ClockKind.ACCEPT.value)
    mqls, answered, reads = mine(FunnelFilter), mine(AnswerFilter), mine(GutFilter)
    since, until = touches.span()
    team = Clock.objects.filter(handoff__owner__team=rep.team)
    of_team = promises.started(team, since=since, until=until, kinds=(FIRST_TOUCH,))
    context = {
        "now": now,
        "periods": PERIODS,
        "period": period,
        "touches": (touches, promises.numbers(touches.clocks(), now=now)),
        "accepts": (accepts, promises.numbers(accepts.clocks(), now=now)),
        "mqls": (mqls, funnel.numbers(mqls.mqls(), now=now)),
        "answers": (answered, answers.numbers(answered.answers())),
        "reads": (reads, gut.numbers(reads.reads())),
        "team": promises.numbers(of_team, now=now),
        "team_name": rep.team,
    }
    return render(request, "reporting/my_numbers.html", context)
