"""What an SQL comes to: opened, changed, won or lost by whoever works it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal.forms import sent
from handoff_project.portal.opportunity_forms import ClosingForm, OpportunityForm
from handoff_project.portal.views.verbs import refused, visible
from routing.models import Opportunity, Refused
from routing.models.opportunity import TERMS, sellable_by


@require_http_methods(["GET", "HEAD", "POST"])
def new(request, pk):
    """Open one of an SQL."""
    handoff, now = visible(request.user, pk), timezone.now()
    form = OpportunityForm(sent(request))
    if form.is_valid():
        said = form.terms() | {"nonce": form.cleaned_data["nonce"]}
        try:
            made = Opportunity.objects.open_for(handoff, by=request.user, now=now, **said)
        except Refused as error:
            return refused(request, handoff, error, now=now)
        messages.success(request, f"Opportunity opened: {made.worth()}.")
        return redirect("portal:lead", made.lead_id)
    if not sellable_by(request.user).filter(pk=handoff.pk).exists():
        told = "Opportunities are opened by whoever works an SQL."
        return refused(request, handoff, told, now=now)
    return _page(request, form, handoff.lead, title=f"Open an opportunity with {handoff.lead}")


@require_http_methods(["GET", "HEAD", "POST"])
def change(request, pk):
    """Set new terms of an open one."""
    found = _visible(request.user, pk)
    form = OpportunityForm(sent(request), initial={name: getattr(found, name) for name in TERMS})
    if form.is_valid():
        try:
            changed = found.change(by=request.user, now=timezone.now(), **form.terms())
        except Refused as error:
            return _refused(request, found, error)
        told = f"Opportunity saved: {found.worth()}." if changed else "Nothing was changed."
        messages.success(request, told)
        return redirect("portal:lead", found.lead_id)
    if not _is_workable(request.user, found) and not form.is_bound:
        return _refused(request, found, _why_not(found))
    return _page(request, form, found.lead, title=f"Change {found}", opportunity=found)


@require_http_methods(["GET", "HEAD", "POST"])
def close(request, pk, outcome):
    """Say that it was won or lost, and why."""
    found = _visible(request.user, pk)
    form = ClosingForm(sent(request), outcome=outcome)
    if form.is_valid():
        said = form.cleaned_data
        try:
            found.close(outcome, by=request.user, now=timezone.now(), **said)
        except Refused as error:
            # The second click of a double click finds done what the first one did.
            if (found.state, found.closed_by) != (outcome, request.user):
                return _refused(request, found, error)
        messages.success(request, f"{found.get_state_display()}: {found}. Marketing is told.")
        return redirect("portal:lead", found.lead_id)
    if not _is_workable(request.user, found) and not form.is_bound:
        return _refused(request, found, _why_not(found))
    title = f"{Opportunity.State(outcome).label}: {found}"
    return _page(request, form, found.lead, title=title, opportunity=found, outcome=outcome)


@require_POST
def reopen(request, pk):
    found = _visible(request.user, pk)
    try:
        found.reopen(by=request.user, now=timezone.now())
    except Refused as error:
        return _refused(request, found, error)
    messages.success(request, f"{found} is open again.")
    return redirect("portal:lead", found.lead_id)


def _visible(user, pk):
    rows = Opportunity.objects.visible_to(user).select_related("lead", "owner", "closed_by")
    return get_object_or_404(rows, pk=pk)


def _is_workable(user, found):
    return found.is_open and Opportunity.objects.workable_by(user).filter(pk=found.pk).exists()


def _why_not(found):
    return f"{found.owner or 'Nobody here'} works it." if found.is_open else found.standing()


def _refused(request, found, error):
    messages.warning(request, str(error))
    return redirect("portal:lead", found.lead_id)


def _page(request, form, lead, **more):
    context = {"form": form, "lead": lead, "now": timezone.now(), **more}
    return render(request, "portal/opportunity.html", context, status=422 if form.errors else 200)
