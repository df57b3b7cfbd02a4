from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal import sheet
from handoff_project.portal.forms import SearchForm
from leads.models import Lead
from routing.models import Handoff

PAGE = 25  # rows


def found(user, words):
    """Return the leads of the list: those this person may see that match, newest first."""
    leads = Lead.objects.visible_to(user).search(words)
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
    """The rows of the list as CSV."""
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="leads.csv"'},
    )
    # Spreadsheets take a file for UTF-8 only by this mark.
    response.write("\ufeff")
    leads = found(request.user, SearchForm(request.GET).words())
    sheet.write(leads.iterator(chunk_size=2_000), response)
    return response
