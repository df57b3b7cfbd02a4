from datetime import datetime, time, timedelta

from django.http import Http404, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal.audit import COUNTED, Asked, Audit, settings_seen_by
from handoff_project.portal.forms import AuditForm
from leads.models import Lead
from leads.spreadsheet import BOM, csv_lines

PAGE = 50  # entries
DAYS = 30  # before today, unless another period is asked for
HEADINGS = ("When (UTC)", "Who", "What", "About", "Why", "Before and after")


@require_safe
def audit(request):
    """Who did what, when and why, to leads and to settings."""
    form = _form(request)
    asked = _asked(form) if form.is_valid() else None
    context = {"now": timezone.now(), "form": form, "is_first": not request.GET.get("after")}
    if asked:
        found = Audit(request.user, asked)
        entries, more = found.page(PAGE, request.GET.get("after", ""))
        count = found.count()
        context |= {
            "entries": entries,
            "after": entries[-1].place if more else "",
            "count": min(count, COUNTED),
            "is_more": count > COUNTED,
            "lead": Lead.objects.visible_to(request.user).filter(pk=asked.lead or 0).first(),
        }
    return render(request, "portal/audit.html", context, status=422 if form.errors else 200)


@require_safe
def export(request):
    """The same entries as CSV, all of them."""
    form = _form(request)
    if not form.is_valid():
        raise Http404
    found = Audit(request.user, _asked(form))
    response = StreamingHttpResponse(
        _file(found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="audit.csv"'},
    )
    return response


def _file(found):
    yield BOM
    rows = (
        [
            one.at.isoformat(timespec="seconds"),
            one.who,
            one.what,
            one.about,
            one.why,
            "; ".join(f"{what}: {before} -> {now}" for what, before, now in one.values),
        ]
        for one in found.every()
    )
    yield from csv_lines(HEADINGS, rows)


def _form(request):
    user = request.user
    if not (user.has_perm("leads.audit_leads") or user.has_perm("leads.audit_settings")):
        raise Http404
    today = timezone.localdate()
    query = request.GET.copy()
    query.setdefault("since", (today - timedelta(days=DAYS)).isoformat())
    query.setdefault("until", today.isoformat())
    return AuditForm(query, settings=settings_seen_by(user))


def _asked(form):
    """Return what the form asks for; days are the reader's."""
    given = form.cleaned_data
    one = given["of"]
    return Asked(
        since=_midnight(given["since"]),
        until=_midnight(given["until"] + timedelta(days=1)),
        actor=given["who"],
        kind=given["kind"],
        lead=given["lead"],
        setting=f"{given['setting']}:{one}" if one and given["setting"] else given["setting"],
    )


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time.min))
