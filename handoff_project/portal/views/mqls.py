"""Reports that count handoffs, the funnel and the feedback, with the rows behind each number."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_POST, require_safe

from leads.spreadsheet import BOM, write_csv
from reporting import advisories, clauses, gut
from reporting import answers as answering
from reporting import funnel as counting
from reporting.filters import AnswerFilter, FunnelFilter, GutFilter

PAGE = 50  # rows
QUOTES = 10
MAY_DRAFT = "leads.add_mqldefinition"
COLUMNS = (
    "Lead", "Company", "Tier", "Source", "Campaign", "Definition", "With", "Team", "Became an MQL",
    "Accepted", "Ended", "Stands", "Reason", "Note",
)  # fmt: skip


@require_safe
def funnel(request):
    """How far the MQLs of a period came, beside those of the period before, and line by line."""
    form, context = _asked_page(request, FunnelFilter)
    if not form.is_valid():
        return render(request, "reporting/funnel.html", context, status=422)
    found, now = form.mqls(), form.now
    context |= _said(form, found) | {
        "total": counting.numbers(found, now=now),
        "before": counting.numbers(form.mqls(form.before()), now=now),
        "lines": counting.lines(found, form.lines_by, now=now),
        "columns": [(show, label) for show, (label, _) in counting.SHOWN.items()],
    }
    return render(request, "reporting/funnel.html", context)


@require_safe
def funnel_rows(request):
    return _rows(request, FunnelFilter)


@require_safe
def funnel_export(request):
    return _export(request, FunnelFilter, "funnel.csv")


@require_safe
def feedback(request):
    """Which leads sales sent back and why: rates, trend and quotes."""
    form, context = _asked_page(request, AnswerFilter)
    if not form.is_valid():
        return render(request, "reporting/feedback.html", context, status=422)
    found = form.answers()
    since, until = form.span()
    context |= _said(form, found) | {
        "total": answering.numbers(found),
        "before": answering.numbers(form.answers(form.before())),
        "lines": form.lines(found),
        "trend": answering.trend(found, since=since, until=until, zone=form.days_in),
        "quotes": answering.quotes(found, most=QUOTES),
        "columns": [(show, label) for show, (label, _) in answering.SHOWN.items()],
        "high": advisories.REJECTED_RISING,
        "may_draft": request.user.has_perm(MAY_DRAFT),
    }
    return render(request, "reporting/feedback.html", context)


@require_POST
def clause_draft(request):
    """Draft the live definition without one clause, with the evidence as its note."""
    form = AnswerFilter(
        QueryDict(request.POST.get("query", "")), user=request.user, now=timezone.now()
    )
    if not request.user.has_perm(MAY_DRAFT):
        raise PermissionDenied
    if not form.is_valid():
        raise Http404
    label, found = request.POST.get("clause", ""), form.lines(form.answers())
    held = next((line.numbers for line in found if line.label == label), None)
    if form.lines_by != "clause" or held is None:
        raise Http404
    because = _evidence(held, *form.span(), zone=form.days_in, reason=form.cleaned_data["reason"])
    try:
        draft = clauses.draft_without(label, by=request.user, because=because, now=form.now)
    except LookupError:
        messages.error(request, f"“{label}” is no longer in the live definition.")
        return redirect(f"{reverse('portal:feedback')}?{form.query()}")
    messages.success(
        request,
        f"{draft} is a draft in which “{label}” is not in force. Below is what that would do. "
        "Nothing changes until both sides sign it and it is published.",
    )
    return redirect("portal:definition-version", version=draft.version)


def _evidence(held, since, until, *, zone, reason):
    days = " to ".join(date_format(at.astimezone(zone), "j M Y") for at in (since, until))
    as_what = f" as “{reason}”" if reason else ""
    said = f"of {held.answered} leads it let in, {held.rejected} were sent back{as_what}"
    if not held.others.answered:
        return f"{said}, {days}."
    return f"{said} ({held.share:.0%}; {held.others.share:.0%} of those without it), {days}."


@require_safe
def feedback_rows(request):
    return _rows(request, AnswerFilter)


@require_safe
def feedback_export(request):
    return _export(request, AnswerFilter, "feedback.csv")


@require_safe
def gut_reads(request):
    """How often reps were right about hot and cold leads."""
    form, context = _asked_page(request, GutFilter)
    if not form.is_valid():
        return render(request, "reporting/gut_reads.html", context, status=422)
    found = form.reads()
    context |= _said(form, found) | {
        "total": gut.numbers(found),
        "lines": gut.lines(found, form.lines_by),
        "columns": [(show, label) for show, (label, _) in gut.SHOWN.items()],
    }
    return render(request, "reporting/gut_reads.html", context)


@require_safe
def gut_rows(request):
    return _rows(request, GutFilter)


@require_safe
def gut_export(request):
    return _export(request, GutFilter, "gut-reads.csv")


def _asked_page(request, filter_class):
    form = filter_class(request.GET, user=request.user, now=timezone.now())
    return form, {"now": form.now, "form": form}


def _said(form, found):
    """What the head of a report says of its period, and the sources to choose from."""
    since, until = form.span()
    sources = found.exclude(lead__lead_source="").order_by()
    return {
        "now": form.now,
        "since": since,
        "until": until,
        "before_span": form.before(),
        "zone": form.days_in,
        "ways": [(by, by.capitalize()) for by in form.WAYS],
        "sources": sorted(set(sources.values_list("lead__lead_source", flat=True))),
    }


def _found(request, filter_class):
    form = filter_class(request.GET, user=request.user, now=timezone.now())
    if not form.is_valid():
        raise Http404
    return form, form.rows().select_related(
        "lead__company",
        "lead__campaign",
        "owner__user",
        "owner__team",
        "pool__team",
        "qualification__definition",
        "rejection__reason",
        "rejection__rejected_by",
        "recycling",
    ).defer("packet", "qualification__explanation", "qualification__definition__compiled")


def _rows(request, filter_class):
    """The handoffs behind one number, and how each ended."""
    form, found = _found(request, filter_class)
    context = {
        "now": form.now,
        "form": form,
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "heading": form.SHOWN[form.cleaned_data["show"] or next(iter(form.SHOWN))][0],
        "span": form.span(),
        "zone": form.days_in,
    }
    return render(request, "reporting/handoffs.html", context)


def _export(request, filter_class, name):
    """The same rows as CSV."""
    _, found = _found(request, filter_class)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    response.write(BOM)
    write_csv(COLUMNS, map(_cells, found.iterator(chunk_size=2_000)), response)
    return response


def _cells(handoff):
    lead, held = handoff.lead, handoff.owner or handoff.pool
    rejection = getattr(handoff, "rejection", None)
    recycling = getattr(handoff, "recycling", None)
    return (
        lead,
        lead.company or "",
        handoff.tier,
        lead.lead_source,
        lead.campaign or "",
        handoff.qualification.definition if handoff.qualification else "",
        held or "In review",
        held.team if held else "",
        *(
            moment.isoformat(timespec="seconds") if moment else ""
            for moment in (handoff.opened_at, handoff.accepted_at, handoff.closed_at)
        ),
        handoff.get_state_display(),
        rejection.reason if rejection else recycling.get_reason_display() if recycling else "",
        rejection.note if rejection else recycling.note if recycling else "",
    )
