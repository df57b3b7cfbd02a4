"""The leads that stay too long in a stage, longest first."""

from django import forms
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal.forms import PageForm
from leads.models import Lead, LifecycleStage, StageTransition
from leads.models.lifecycle import LONGEST_STAY
from leads.spreadsheet import BOM, csv_lines
from routing.models import Handoff
from routing.models.stage_rule import stuck as stuck_leads

PAGE = 50  # rows
USUAL = 30  # days, where nobody agreed on how long a stage lasts
HEADINGS = ("Lead", "E-mail", "Company", "Stage", "Since (UTC)", "Days", "Status", "With", "Why")


class StuckForm(PageForm):
    """What the list holds; it stands in its address."""

    stage = forms.ModelChoiceField(LifecycleStage.objects.all(), label="Stage", empty_label=None)
    days = forms.IntegerField(
        label="For more than (days)", min_value=0, max_value=LONGEST_STAY, required=False
    )
    status = forms.ChoiceField(
        label="Status", choices=[("", "Any"), *Lead.Status.choices], required=False
    )


@require_safe
def stuck(request):
    form, now = _form(request.GET), timezone.now()
    context = {"now": now, "form": form}
    if form.is_valid():
        asked = form.cleaned_data
        page = Paginator(_found(request.user, asked, now=now), PAGE).get_page(
            request.GET.get("page")
        )
        page.object_list = [_told(lead, now=now) for lead in page.object_list]
        context |= {"page": page, "stage": asked["stage"], "days": asked["days"]}
        context["stages"] = _counts(request.user, now=now)
    return render(request, "portal/stuck.html", context, status=422 if form.errors else 200)


@require_safe
def export(request):
    """The same rows as CSV."""
    form, now = _form(request.GET), timezone.now()
    if not form.is_valid():
        return redirect(f"{reverse('portal:stuck')}?{request.GET.urlencode()}")
    found = _found(request.user, form.cleaned_data, now=now)
    headings = {"Content-Disposition": 'attachment; filename="stuck-leads.csv"'}
    kind = "text/csv; charset=utf-8"
    return StreamingHttpResponse(_file(found, now=now), content_type=kind, headers=headings)


def _form(query):
    """The form as asked; without a stage it is about MQLs, for as long as was agreed on."""
    said = query.dict() if hasattr(query, "dict") else dict(query)
    said.setdefault("stage", LifecycleStage.Key.MQL)
    if not said.get("days"):
        stage = LifecycleStage.objects.filter(pk=said["stage"]).first()
        said["days"] = (stage.longest_stay if stage else None) or USUAL
    return StuckForm(said)


def _found(user, asked, *, now):
    leads = Lead.objects.visible_to(user).select_related("company", "stage")
    found = stuck_leads(leads, asked["stage"].pk, days=asked["days"], now=now)
    if asked["status"]:
        found = found.filter(status=asked["status"])
    transitions = StageTransition.objects.filter(lead=OuterRef("pk"), to_stage=OuterRef("stage"))
    handoffs = Handoff.objects.open().visible_to(user).filter(lead=OuterRef("pk"))
    return found.annotate(
        why=Subquery(transitions.order_by("-happened_at").values("cause")[:1]),
        rep_first=Subquery(handoffs.values("owner__user__first_name")[:1]),
        rep_last=Subquery(handoffs.values("owner__user__last_name")[:1]),
        pool=Subquery(handoffs.values("pool__name")[:1]),
    )


def _told(lead, *, now):
    """Give a lead what its row says beside its own columns."""
    lead.days = (now - lead.stage_since).days
    rep = f"{lead.rep_first or ''} {lead.rep_last or ''}".strip()
    lead.held_by = rep or lead.pool or ""
    return lead


def _counts(user, *, now):
    """How many are stuck in each stage for which a longest stay was agreed on."""
    agreed = LifecycleStage.objects.filter(longest_stay__isnull=False)
    leads = Lead.objects.visible_to(user)
    return [
        (one, stuck_leads(leads, one.pk, days=one.longest_stay, now=now).order_by().count())
        for one in agreed
    ]


def _file(found, *, now):
    yield BOM
    rows = (
        [
            lead.name,
            lead.email,
            str(lead.company or ""),
            lead.stage.label,
            lead.stage_since.isoformat(timespec="seconds"),
            lead.days,
            lead.get_status_display(),
            lead.held_by,
            lead.why or "",
        ]
        for lead in (_told(one, now=now) for one in found.iterator(chunk_size=2_000))
    )
    yield from csv_lines(HEADINGS, rows)
