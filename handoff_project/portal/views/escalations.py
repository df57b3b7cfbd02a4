"""The escalation inbox, and what a manager does about a clock that runs."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from handoff_project.portal.forms import BoardFilter
from handoff_project.portal.views.board import teams_of
from leads.text import whole
from routing.models import Refused
from routing.models.reassignment import reassignable_by
from sla import inbox as escalations
from sla import reminding
from sla.models import Clock

PAGE, MOST = 50, 200  # rows of a page, and what one request acknowledges
TABS = {
    escalations.OPEN: ("Open", "Nothing is late and unattended."),
    escalations.ACKNOWLEDGED: ("Acknowledged", "Nobody looks after anything late now."),
    escalations.CLOSED: ("Closed", "Nothing was late in the last 30 days."),
}


class NoteForm(forms.Form):
    note = forms.CharField(max_length=300, required=False)


def _filtered(user, state, query, *, now):
    form = BoardFilter(query, teams=teams_of(user))
    team, kind = form.chosen()
    found = escalations.listed(user, state, now=now)
    if team:
        found = found.filter(Q(owner__team=team) | Q(pool__team=team))
    if kind:
        late = Clock.objects.late(now=now).filter(kind=kind)
        found = found.filter(pk__in=late.values("handoff"))
    return form, found


@require_safe
def inbox(request):
    """Handoffs of which a promise was missed: who was told, and who looks after them."""
    if not request.user.has_perm("sla.view_board"):
        raise Http404
    now, user = timezone.now(), request.user
    state = request.GET.get("state")
    state = state if state in TABS else escalations.OPEN
    form, found = _filtered(user, state, request.GET, now=now)
    found = found.select_related("lead__company", "owner__user", "pool").defer("packet")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    tabs = [
        (key, label, _filtered(user, key, request.GET, now=now)[1].order_by().count())
        for key, (label, _) in TABS.items()
    ]
    mine = reassignable_by(user).filter(pk__in=[one.pk for one in page])
    return render(
        request,
        "portal/escalations.html",
        {
            "now": now,
            "form": form,
            "tabs": tabs,
            "state": state,
            "empty": TABS[state][1],
            "page": page,
            "items": escalations.items(page, now=now),
            "reassignable": set(mine.values_list("pk", flat=True)),
            "is_filtered": any(form.chosen()),
        },
    )


@require_POST
def acknowledgements(request):
    """Look after the chosen escalations, with one note; what others took meanwhile is named."""
    if not request.user.has_perm("sla.view_board"):
        raise Http404
    now, user = timezone.now(), request.user
    ids = [whole(text) for text in request.POST.getlist("handoff")[:MOST]]
    form = NoteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The note is too long: at most 300 characters.")
        return _back(request, "portal:escalations")
    seen = escalations.Handoff.objects.visible_to(user).filter(pk__in=[pk for pk in ids if pk])
    done = 0
    for handoff in seen.select_related("lead").defer("packet").order_by("pk"):
        try:
            escalations.acknowledge(handoff, by=user, note=form.cleaned_data["note"], now=now)
            done += 1
        except Refused as error:
            messages.warning(request, str(error))
    if done:
        what = "1 escalation" if done == 1 else f"{done} escalations"
        messages.success(request, f"You look after {what}. What is not solved comes back in 4 h.")
    elif not ids:
        messages.error(request, "Choose at least one escalation.")
    return _back(request, "portal:escalations")


@require_POST
def reminder(request, pk):
    """Remind whoever has the lead."""
    clock = get_object_or_404(Clock.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm("sla.view_board"):
        raise Http404
    try:
        names = reminding.remind(clock, by=request.user, now=timezone.now())
    except Refused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"Reminded {', '.join(names)}.")
    return _back(request, "portal:board")


def _back(request, otherwise):
    """Go back to the list, as it was filtered."""
    there = request.POST.get("next", "")
    safe = there.startswith("/") and url_has_allowed_host_and_scheme(there, {request.get_host()})
    return redirect(there if safe else otherwise)
