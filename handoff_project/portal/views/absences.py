"""Out of office: who of a team is away when, and planning it."""

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff_project.portal.absence_forms import AbsenceForm
from handoff_project.portal.forms import sent
from handoff_project.portal.team import manages
from leads import changes
from leads.admin.stale import differences
from routing import absences as domain
from routing.models import Absence, Handoff, Reassignment, Rep
from routing.models.reassignment import PLACED


@require_safe
def absences(request):
    """Who is away now and later, and what others hold for the reader."""
    now, rep = timezone.now(), getattr(request.user, "rep", None)
    if rep is None and not manages(request.user):
        raise Http404
    planned = Absence.objects.visible_to(request.user).not_over(now)
    planned = planned.select_related("rep__user", "rep__team", "cover__user")
    changeable = set(Absence.objects.changeable_by(request.user).values_list("pk", flat=True))
    held = Reassignment.objects.held_for(rep) if rep else Reassignment.objects.none()
    return render(
        request,
        "portal/team/absences.html",
        {
            "now": now,
            "is_manager": manages(request.user),
            "planned": [
                (one, one.is_on(now), one.pk in changeable) for one in planned.order_by("starts_at")
            ],
            "reps": reps_of(request.user),
            "held": held.select_related(
                "handoff__lead__company", "handoff__owner__user", "handoff__pool"
            ).order_by("handoff__next_due_at", "pk"),
        },
    )


def reps_of(user):
    """The active reps whose absences this person may plan: themselves, their teams', or all."""
    reps = Rep.objects.filter(user__is_active=True).select_related("user", "team")
    if not user.has_perm("routing.change_absence"):
        reps = reps.filter(Q(user=user) | Q(team__manager=user))
    return reps.order_by("team__name", "user__first_name", "pk")


@require_http_methods(["GET", "HEAD", "POST"])
def new(request, pk):
    """Plan an absence of one rep."""
    rep = get_object_or_404(reps_of(request.user), pk=pk)
    return _form(request, Absence(rep=rep, created_by=request.user))


@require_http_methods(["GET", "HEAD", "POST"])
def change(request, pk):
    absence = get_object_or_404(_changeable(request.user), pk=pk)
    return _form(request, absence)


def _changeable(user):
    found = Absence.objects.changeable_by(user).not_over(timezone.now())
    return found.select_related("rep__user", "rep__team")


def _form(request, absence):
    now, rep = timezone.now(), absence.rep
    with transaction.atomic():
        form = AbsenceForm(sent(request), instance=absence, rep=rep, now=now)
        if form.is_valid():
            is_new, values = absence.pk is None, differences(form, [])
            saved = form.save()
            changes.note([saved], by=request.user, values=values, is_new=is_new)
            until = date_format(timezone.localtime(saved.ends_at), "D j M H:i")
            messages.success(request, f"{rep} is out of office until {until}.")
            return redirect("portal:absences")
    held = Handoff.objects.filter(owner=rep, state__in=PLACED)
    context = {
        "form": form,
        "rep": rep,
        "now": now,
        "absence": absence,
        "held": held.count(),
        "next": held.select_related("lead").for_queue()[:5],
        "others": Absence.objects.filter(rep__team=rep.team)
        .exclude(rep=rep)
        .not_over(now)
        .select_related("rep__user", "cover__user"),
    }
    return render(request, "portal/team/absence.html", context, status=422 if form.errors else 200)


@require_POST
def end(request, pk):
    """End an absence now, or call off one that has not begun."""
    # One that is over already was ended by the first click of two.
    absence = get_object_or_404(Absence.objects.changeable_by(request.user), pk=pk)
    if domain.finish(absence, now=timezone.now()):
        told = f"{absence.rep} is back. What moved does not come back by itself."
    else:
        told = f"{absence.rep} stays: the absence is called off."
    changes.note([absence], by=request.user, told=told)
    messages.success(request, told)
    return redirect("portal:absences")
