from tempfile import TemporaryFile

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal import sheet
from handoff_project.portal.forms import SearchForm
from leads.models import Lead
from leads.spreadsheet import BOM, XLSX
from routing.models import Handoff

PAGE = 25  # rows


def found(user, words):
    """Return the leads of the list: those this person may see that match, newest first."""
    leads = Lead.objects.known().visible_to(user).search(words)
    return leads.select_related("company", "campaign", "score", "stage").order_by(
        "-created_at", "-pk"
    )


@require_safe
def leads(request):
    handoffs = Handoff.objects.visible_to(request.user).select_related("owner__user", "pool")
    latest = Prefetch(
        "handoffs", handoffs.defer("packet").order_by("-opened_at"), to_attr="visible_handoffs"
    )
    form = SearchForm(request.GET)
    page = Paginator(found(request.user, form.words()), PAGE).get_page(request.GET.get("page"))
    page.object_list = page.object_list.prefetch_related(latest)
    return render(
        request,
        "portal/leads.html",
        {
            "now": timezone.now(),
            "page": page,
            "form": form,
            "q": form.words(),
        },
    )


@require_safe
def export(request):
    """The rows of the list as CSV, or as an Excel workbook for `format=xlsx`."""
    leads = found(request.user, SearchForm(request.GET).words()).iterator(chunk_size=2_000)
    if request.GET.get("format") == "xlsx":
        file = TemporaryFile()  # noqa: SIM115 - the response closes it
        sheet.write_workbook(leads, file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename="leads.xlsx", content_type=XLSX)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="leads.csv"'},
    )
    response.write(BOM)
    sheet.write(leads, response)
    return response
