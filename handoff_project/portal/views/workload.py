"""Workload: who got how many leads and why not more, and who has how much to do now."""

from io import StringIO

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal.forms import PeriodForm
from handoff_project.portal.team import availability, manages
from leads.spreadsheet import BOM, write_csv
from leads.text import whole
from routing import ledger
from routing.models import Handoff, Pool
from routing.models.reassignment import OWNED
from routing.standing import standings

PAGE = 50  # rows
COLUMNS = (
    "Pool",
    "Rep",
    "Got",
    "Share",
    "Accepted",
    "Claimed",
    "Chances",
    "By turn",
    "By name",
    "Passed over",
    "Another's turn",
    "Credit",
    "Next in turn",
    "Open",
    "Most open",
    "Today",
    "Most a day",
    "Skipped in Work next",
    "Open now",
    "Due today",
    "Now",
)


def _read(request):
    """Return the ledger for this reader's period: a rep finds their own lines alone."""
    user, now = request.user, timezone.now()
    everything = manages(user) or user.has_perm("routing.view_every_handoff")
    if not (everything or hasattr(user, "rep")):
        raise Http404
    form = PeriodForm(request.GET)
    since = now - form.period()
    pools = Pool.objects.visible_to(user).select_related("team").order_by("team__name", "name")
    pages = ledger.ledger(list(pools), since=since, until=now)
    if not everything:
        for page in pages:
            page.lines = [line for line in page.lines if line.rep.user_id == user.pk]
    turns = standings([page.pool for page in pages], now=now)
    for page in pages:
        page.turns = turns[page.pool.pk]
        for line in page.lines:
            line.stand = page.turns.stands.get(line.rep.pk)
    lines = [line for page in pages for line in page.lines]
    reps = {line.rep.pk: line.rep for line in lines}
    work = _work(reps, now=now)
    said = availability(reps.values(), now=now)
    for line in lines:
        line.open, line.due = work.get(line.rep.pk, (0, 0))
        line.now = said[line.rep.pk]
    return {
        "now": now,
        "since": since,
        "days": form.period().days,
        "periods": form.PERIODS,
        "pages": [page for page in pages if page.lines],
        "is_manager": manages(user),
        "everything": everything,
    }


def _work(reps, *, now):
    """What these reps hold now, by rep: `(open leads, of which due today)`."""
    ends = timezone.localtime(now).replace(hour=23, minute=59, second=59, microsecond=999_999)
    held = Handoff.objects.filter(owner__in=reps, state__in=OWNED).order_by()
    counted = held.values("owner").annotate(
        open=Count("pk"), due=Count("pk", filter=Q(next_due_at__lte=ends))
    )
    return {one["owner"]: (one["open"], one["due"]) for one in counted}


@require_safe
def workload(request):
    return render(request, "portal/team/workload.html", _read(request))


@require_safe
def export(request):
    """The page's figures as CSV."""
    read = _read(request)
    rows = [
        (
            page.pool,
            line.rep,
            line.got,
            f"{line.share:.3f}" if line.share is not None else "",
            line.accepted,
            line.claimed,
            *_chances(line),
            *_stands(line.stand),
            _listed(line.skipped),
            line.open,
            line.due,
            line.now,
        )
        for page in read["pages"]
        for line in page.lines
    ]
    if read["everything"]:
        rows += [(page.pool, "Waits in the pool", page.waits) for page in read["pages"]]
    file = StringIO()
    write_csv(COLUMNS, rows, file)
    name = f"workload-{read['days']}-days.csv"
    return HttpResponse(
        BOM + file.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _chances(line):
    return line.chances, line.turns, line.by_name, _listed(line.passed), line.others


def _stands(stand):
    """What a rep has of turns and caps now; nothing for who has left the team."""
    if stand is None:
        return [""] * 6
    candidate = stand.candidate
    return [
        f"{stand.place.credit:.3f}",
        "yes" if stand.is_next else stand.why_not or "no",
        candidate.open,
        candidate.open_cap,
        candidate.today,
        candidate.daily_cap,
    ]


def _listed(counter):
    return "; ".join(f"{cause}: {number}" for cause, number in sorted(counter.items()))


@require_safe
def decisions(request):
    """The decisions behind one number: of a pool, for one rep, or for nobody (`rep=0`)."""
    read = _read(request)
    pool, rep = whole(request.GET.get("pool", "")), whole(request.GET.get("rep", ""))
    page = next((page for page in read["pages"] if page.pool.pk == pool), None)
    if page is None or rep is None:
        raise Http404
    line = next((line for line in page.lines if line.rep.pk == rep), None)
    if line is None and not (rep == 0 and read["everything"]):
        raise Http404
    period, kind = {"since": read["since"], "until": read["now"]}, request.GET.get("kind", "")
    cause = request.GET.get("cause", "")
    if kind in ledger.KINDS and line is not None:
        found = ledger.behind(page.pool, line.rep, kind, cause, **period)
    elif kind:
        raise Http404
    else:
        found = ledger.decided([page.pool], **period).filter(rep=rep or None)
    found = found.select_related("handoff__lead", "rule_set")
    found = found.defer("trace", "handoff__packet").order_by("-decided_at", "-pk")
    shown = Paginator(found, PAGE).get_page(request.GET.get("page"))
    visible = Handoff.objects.visible_to(request.user)
    mine = visible.filter(pk__in=[one.handoff_id for one in shown]).values_list("pk", flat=True)
    context = {"page": shown, "pool": page.pool, "line": line, "visible": set(mine)}
    context |= {"kind": ledger.KINDS.get(kind, ""), "cause": cause}
    return render(request, "portal/team/decisions.html", read | context)
