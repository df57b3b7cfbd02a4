"""Is all well? What must be true and is not, and leads that went astray."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads import outbox
from leads.models import Delivery, Lead
from reporting import misdirected
from reporting.invariants import checking
from reporting.models import InvariantCheck, Leak
from routing.models import Handoff
from sla.models import Clock

PAGE = 50  # rows


@dataclass
class Broken:
    """An invariant that did not hold when it was looked at."""

    invariant: checking.Invariant
    count: int
    leads: list
    ids: list


@dataclass
class Stray:
    """One way in which handoffs are misdirected, and how many are."""

    key: str
    label: str
    remedy: str
    count: int


@require_safe
def health(request):
    _may_look(request)
    now, latest = timezone.now(), InvariantCheck.objects.first()
    caught = misdirected.catch_all(now=now)
    return render(
        request,
        "portal/health.html",
        {
            "now": now,
            "check": latest,
            "broken": broken(latest) if latest else [],
            "invariants": checking.INVARIANTS.values(),
            "leaks": Leak.objects.filter(mended_at=None).count(),
            "strays": strays(request.user, now=now),
            "caught": caught,
            "too_many_caught": misdirected.too_many_caught(caught),
            "waiting": outbox.oldest_waiting_seconds(),
            "dead": Delivery.objects.filter(state=Delivery.State.DEAD).count(),
            "lag": sweep_lag(now=now),
        },
    )


@require_safe
def strayed(request, kind):
    """The handoffs that are misdirected in one way."""
    _may_look(request)
    if kind not in misdirected.KINDS:
        raise Http404
    now = timezone.now()
    found = misdirected.of_kind(kind, Handoff.objects.visible_to(request.user), now=now)
    rows = found.for_queue().order_by("-opened_at", "-pk").defer("packet")
    _, label, remedy = misdirected.KINDS[kind]
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {"now": now, "page": page, "label": label, "remedy": remedy}
    return render(request, "portal/strayed.html", context)


def _may_look(request):
    if not request.user.has_perm("reporting.view_health"):
        raise Http404


def broken(check):
    """What a check found wrong, with the leads of its examples."""
    wrong = [one for one in check.results if one["count"] and one["key"] in checking.INVARIANTS]
    ids = {lead for one in wrong for _, lead in one["examples"] if lead}
    leads = Lead.objects.in_bulk(ids)
    return [
        Broken(
            checking.INVARIANTS[one["key"]],
            one["count"],
            [leads[pk] for pk in dict.fromkeys(lead for _, lead in one["examples"]) if pk in leads],
            [row for row, lead in one["examples"] if lead not in leads],
        )
        for one in wrong
    ]


def strays(user, *, now):
    seen = Handoff.objects.visible_to(user)
    return [
        Stray(key, label, remedy, misdirected.of_kind(key, seen, now=now).count())
        for key, (_, label, remedy) in misdirected.KINDS.items()
    ]


def sweep_lag(*, now):
    """For how many seconds the oldest step of a clock that is due has waited."""
    due = Clock.objects.filter(next_step_at__lte=now).order_by("next_step_at").first()
    return (now - due.next_step_at).total_seconds() if due else 0
