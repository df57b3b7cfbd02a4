"""The SLA report: how promises were kept, the rows behind each number, and both as files."""

from itertools import islice

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from leads.spreadsheet import BOM, write_csv
from reporting import promises
from reporting.causes import causes
from reporting.filters import PromiseFilter
from reporting.models import Slowdown
from sla.models import Outcome

PAGE = 50  # rows
PART = 2_000  # rows of a file that are looked into together
COLUMNS = (
    "Lead", "Company", "Tier", "Source", "Campaign", "Clock", "Policy", "With", "Team", "Started",
    "Due", "Done", "Outcome", "Working minutes", "Wall-clock minutes", "Cause", "What happened",
    "Who was told",
)  # fmt: skip
# The columns of numbers: word of SHOWN, heading.
NUMBERS = (
    ("", "Handed off"), ("met", "Met"), ("late", "Late"), ("untouched", "Untouched"),
    ("running", "Running"), ("released", "No longer owed"),
)  # fmt: skip


@require_safe
def sla(request):
    """The figures of a period, beside those of the period before, and line by line."""
    form = PromiseFilter(request.GET, user=request.user, now=timezone.now())
    context = {
        "now": form.now,
        "form": form,
        "slowdowns": Slowdown.objects.current_for(request.user),
    }
    if not form.is_valid():
        return render(request, "reporting/sla.html", context, status=422)
    clocks, now = form.clocks(), form.now
    since, until = form.span()
    sources = form.clocks(every=True).exclude(handoff__lead__lead_source="").order_by()
    context |= {
        "now": now,
        "since": since,
        "until": until,
        "zone": form.days_in,
        "total": promises.numbers(clocks, now=now),
        "before": promises.numbers(form.clocks(form.before()), now=now),
        "before_span": form.before(),
        "mqls": promises.numbers(promises.of_mqls(form.clocks(every=True)), now=now),
        "lines": promises.lines(clocks, form.lines_by, now=now),
        "columns": NUMBERS,
        "ways": [(by, by.capitalize()) for by in promises.BY],
        "sources": sorted(set(sources.values_list("handoff__lead__lead_source", flat=True))),
    }
    return render(request, "reporting/sla.html", context)


def _asked(request):
    form = PromiseFilter(request.GET, user=request.user, now=timezone.now())
    if not form.is_valid():
        raise Http404
    return form, form.rows().select_related(
        "handoff__lead__company",
        "handoff__lead__campaign",
        "handoff__owner__user",
        "handoff__owner__team",
        "handoff__pool__team",
        "policy",
        "calendar",
    ).defer("handoff__packet", "policy__compiled")


@require_safe
def rows(request):
    """The promises behind one number; of missed ones, why."""
    form, found = _asked(request)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "reporting/sla_rows.html",
        {
            "now": form.now,
            "form": form,
            "page": page,
            "rows": _with_causes(page, now=form.now),
            "heading": dict(NUMBERS, missed="Missed", judged="Judged", done="Done")[
                form.cleaned_data["show"]
            ],
            "span": form.span(),
            "zone": form.days_in,
        },
    )


def _with_causes(clocks, *, now):
    """Yield each clock with its Cause, or None where it was not missed."""
    clocks = list(clocks)
    found = causes([one for one in clocks if one.outcome in promises.MISSED], now=now)
    return [(one, found.get(one.pk)) for one in clocks]


@require_safe
def export(request):
    """The same rows as CSV."""
    form, found = _asked(request)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="sla-report.csv"'},
    )
    response.write(BOM)
    lines = (
        _cells(clock, cause)
        for some in _in_parts(found.iterator(chunk_size=PART))
        for clock, cause in _with_causes(some, now=form.now)
    )
    write_csv(COLUMNS, lines, response)
    return response


def _in_parts(rows):
    while part := list(islice(rows, PART)):
        yield part


def _cells(clock, cause):
    handoff = clock.handoff
    team = (handoff.owner or handoff.pool).team if handoff.owner or handoff.pool else ""
    done = clock.outcome in promises.DONE
    return (
        handoff.lead,
        handoff.lead.company or "",
        handoff.tier,
        handoff.lead.lead_source,
        handoff.lead.campaign or "",
        clock.get_kind_display(),
        clock.policy,
        handoff.owner or handoff.pool or "In review",
        team,
        *(moment.isoformat(timespec="seconds") for moment in (clock.started_at, clock.due_at)),
        clock.stopped_at.isoformat(timespec="seconds") if done else "",
        Outcome(clock.outcome).label,
        _minutes(clock.worked_time) if done else "",
        _minutes(clock.wall_time) if done else "",
        cause.short if cause else "",
        "; ".join(cause.found) if cause else "",
        "; ".join(dict.fromkeys(name for name, _ in cause.told)) if cause else "",
    )


def _minutes(length):
    return round(length.total_seconds() / 60, 1)
