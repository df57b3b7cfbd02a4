from tempfile import TemporaryFile

from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal import columns
from handoff_project.portal.forms import SearchForm
from handoff_project.portal.lead_forms import ColumnsForm, ConditionForm, FieldForm, SegmentForm
from handoff_project.portal.lead_list import LeadList
from leads.conditions import asked, registry
from leads.spreadsheet import BOM, XLSX, write_csv, write_xlsx

PAGE = 25  # rows
ALL_FIELDS, WORKBOOK = [("columns", columns.ALL)], [("format", "xlsx")]


@require_safe
def leads(request):
    """The list; what is asked of it stands in its address, and so does a condition to be added."""
    with registry.read_once():
        found = LeadList(request.user, request.GET, now=timezone.now())
        form = condition_form(request.GET)
        if form.is_bound and form.is_valid() and isinstance(form, ConditionForm):
            more = [(asked.WHERE, form.text)]
            return redirect(reverse("portal:leads") + found.query(more=more))
        page = Paginator(found.leads(), PAGE).get_page(request.GET.get("page"))
        page.object_list = found.with_handoffs(page.object_list)
        wrong = bool(found.problems or form.errors)
        status = 422 if wrong else 200
        return render(request, "portal/leads.html", shown(found, form, page), status=status)


def condition_form(query):
    """The form for the next condition: first its field, then what is asked of it."""
    key = query.get("field")
    if not key:
        return FieldForm()
    choosing = FieldForm(query)
    if not choosing.is_valid():
        return choosing
    field = registry.find(key)
    return ConditionForm(query if "operator" in query else None, field=field)


def shown(found, form, page):
    """What the page needs."""
    segments = [one.text for one in found.asked if one.parameter == asked.SEGMENT]
    return {
        "now": timezone.now(),
        "page": page,
        "found": found,
        "form": SearchForm({"q": found.words}),
        "q": found.words,
        "condition": form,
        "is_asking": isinstance(form, ConditionForm),
        "segments": SegmentForm(without=segments),
        "choose": ColumnsForm(
            {"columns": [column.key for column in found.columns]}, available=found.available
        ),
        "here": found.query(),
        "as_workbook": found.query(more=WORKBOOK),
        "kept": found.pairs(),
        "kept_by_search": found.pairs("q"),
        "kept_by_columns": found.pairs("columns"),
        "all_fields": found.query("columns", more=ALL_FIELDS),
        "all_as_workbook": found.query("columns", more=[*ALL_FIELDS, *WORKBOOK]),
    }


@require_safe
def export(request):
    """The rows and columns of the list as CSV, or as an Excel workbook for `format=xlsx`."""
    with registry.read_once():
        found = LeadList(request.user, request.GET, now=timezone.now())
    if found.problems:
        return redirect(reverse("portal:leads") + found.query())
    wanted, leads = found.exported(), found.leads()
    if any(column.key == columns.WITH for column in wanted):
        leads = found.with_handoffs(leads)
    headings = [column.label for column in wanted]
    rows = ([column.read(lead) for column in wanted] for lead in leads.iterator(chunk_size=2_000))
    if request.GET.get("format") == "xlsx":
        file = TemporaryFile()  # noqa: SIM115 - the response closes it
        write_xlsx(headings, rows, file, title="Leads")
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename="leads.xlsx", content_type=XLSX)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="leads.csv"'},
    )
    response.write(BOM)
    write_csv(headings, rows, response)
    return response
