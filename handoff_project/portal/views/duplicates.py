"""One person, two leads: choose the other one, see what a merge would do, do it, take it back."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff_project.portal.forms import SearchForm
from handoff_project.portal.lead_list import matching
from leads import merging
from leads.duplicates.deciding import dismiss
from leads.merging.foresight import foresee
from leads.models import Duplicate, Lead, Merge

MOST = 20  # leads that a search offers
may_merge = permission_required("leads.merge_leads", raise_exception=True)


@may_merge
@require_safe
def choose(request, pk):
    """Which lead is the same person? Those that look like it, and a search."""
    lead, form = _visible(request.user, pk), SearchForm(request.GET)
    words = form.words()
    context = {
        "now": timezone.now(),
        "lead": lead,
        "proposed": proposals(lead, request.user),
        "form": form,
        "q": words,
        "leads": matching(request.user, words).exclude(pk=lead.pk)[:MOST] if words else (),
    }
    return render(request, "portal/duplicates.html", context)


def proposals(lead, user):
    """Return `(duplicate, the other lead)` of the proposals that this person may act on."""
    rows = Duplicate.objects.visible_to(user).of(lead).proposed()
    rows = rows.select_related("first__company", "second__company").order_by("-score", "pk")
    return [(row, row.other_than(lead)) for row in rows[:MOST]]


@may_merge
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request, pk, other):
    """Show what merging `other` into the lead would do; POST does it."""
    lead, other = _visible(request.user, pk), _visible(request.user, other)
    if request.method != "POST":
        if lead == other:
            return redirect("portal:duplicates", lead.pk)
        context = {"now": timezone.now(), "lead": lead, "foresight": foresee(lead, other)}
        return render(request, "portal/duplicate.html", context)
    try:
        merging.merge(lead, other, by=request.user, now=timezone.now())
    except merging.NotMergeable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Merged: {other.email} is a part of {lead.email} now.")
    return redirect("portal:lead", lead.pk)


@may_merge
@require_POST
def dismissal(request, pk, other):
    lead, other = _visible(request.user, pk), _visible(request.user, other)
    dismiss(lead, other, by=request.user, now=timezone.now())
    messages.success(request, f"{lead} and {other} stay two people.")
    return redirect("portal:lead", lead.pk)


@may_merge
@require_POST
def undo(request, pk):
    merge = get_object_or_404(Merge.objects.visible_to(request.user), pk=pk)
    try:
        merging.undo(merge, by=request.user, now=timezone.now())
    except merging.NotMergeable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{merge.survivor.email} and {merge.other.email} are two again.")
    return redirect("portal:lead", merge.survivor_id)


def _visible(user, pk):
    return get_object_or_404(Lead.objects.visible_to(user).select_related("company"), pk=pk)
