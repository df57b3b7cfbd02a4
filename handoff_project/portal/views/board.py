from django.core.paginator import Paginator
from django.db.models import Prefetch, Q
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal import board as boards
from handoff_project.portal.forms import BoardFilter
from handoff_project.portal.team import left_behind
from routing.models import Team
from sla.models import Clock, Escalation, Silence

PAGE = 50  # rows


@require_safe
def board(request):
    """Every running clock of a manager's teams: how many in which state, and which."""
    if not request.user.has_perm("sla.view_board"):
        raise Http404
    now = timezone.now()
    form = BoardFilter(request.GET, teams=teams_of(request.user))
    team, kind = form.chosen()
    clocks = running(request.user, team=team, kind=kind)
    states = boards.states(clocks, now=now)
    show = request.GET.get("show", "")
    rows = clocks.filter(states[show]) if show in states else clocks
    rows = rows.select_related(
        "handoff__lead__company", "handoff__owner__user", "handoff__pool", "calendar"
    )
    steps = Prefetch(
        "escalations", Escalation.objects.order_by("-noticed_at", "-pk"), to_attr="steps"
    )
    rows = rows.defer("handoff__packet").prefetch_related(steps).order_by("due_at", "pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "portal/board.html",
        {
            "now": now,
            "form": form,
            "page": page,
            "show": show if show in states else "",
            "silences": Silence.objects.endable_by(request.user).select_related(
                "rep__user", "clock__handoff__lead"
            ),
            "counters": boards.counters(clocks, states),
            "left": left_behind(request.user),
            "is_filtered": bool(team or kind or show),
            "redrawn": ",".join(
                [f"#counter-{key}" for key in states]
                + [f"#clock-{clock.pk},#step-{clock.pk}" for clock in page]
            ),
        },
    )


def teams_of(user):
    """The teams that this person may choose from."""
    if user.has_perm("routing.view_every_handoff"):
        return Team.objects.all()
    return Team.objects.filter(Q(manager=user) | Q(reps__user=user)).distinct()


def running(user, *, team, kind):
    """The running clocks that this person may see, of one team and of one kind if given."""
    clocks = Clock.objects.visible_to(user).running()
    if team:
        clocks = clocks.filter(Q(handoff__owner__team=team) | Q(handoff__pool__team=team))
    return clocks.filter(kind=kind) if kind else clocks
