"""What a draft would change: the estimate at once, the exact preview when it is worked out."""

from io import TextIOWrapper
from tempfile import TemporaryFile

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from handoff_project.portal.forms import SearchForm
from handoff_project.portal.lead_list import matching
from handoff_project.portal.preview_report import leads_of, report
from handoff_project.portal.trace import trace
from leads.models import Lead, MQLDefinition, Rescoring
from leads.spreadsheet import BOM, write_csv
from leads.text import whole
from reporting import preview as previews
from reporting.estimate import estimate
from reporting.models import NotPreviewable, PreviewLead, PreviewRun, may_be_previewed
from reporting.work import LISTED, step_in_words

PAGE = 50  # rows
HEADINGS = (
    "Name",
    "E-mail",
    "Company",
    "Score now",
    "Tier now",
    "Score with the draft",
    "Tier with the draft",
)
MAY_ASK = (
    "leads.change_mqldefinition",
    "leads.approve_for_marketing",
    "leads.approve_for_sales",
)


def standing(definition, form, user, *, live, now):
    """Return what the page tells of the preview; None for a version that is live or was.

    While no exact preview of the present text is there, it holds the estimate.
    """
    if not may_be_previewed(definition):
        return None
    found = _standing(definition, form, user, live=live, now=now)
    return found if found["is_fresh"] else found | _estimated(form, live=live, now=now)


def _estimated(form, *, live, now):
    """The estimate; while the scores that it compares with are behind, how far they are."""
    behind = Rescoring.objects.behind(live, today=now.date())
    return {"behind": behind} if behind else {"estimate": estimate(form, today=now.date())}


def _standing(definition, form, user, *, live, now):
    """The same without the estimate: what is under way, or what the last run found."""
    runs = definition.preview_runs.select_related("definition", "against").defer("form")
    latest = runs.first()
    if latest and latest.is_current:
        return {
            "run": latest,
            "doing": step_in_words(latest, today=now.date()),
            "is_fresh": False,
            "is_rewritten": not latest.is_of(form, latest.against),
            "may_ask": _may_ask(user),
        }
    done = latest if latest is None or latest.is_done else runs.filter(state="done").first()
    return {
        "run": latest,
        "report": report(done, user) if done else None,
        "is_fresh": bool(done) and done.is_of(form, live),
        "is_rewritten": bool(done) and not done.is_of(form, done.against),
        "may_ask": _may_ask(user),
    }


def _may_ask(user):
    return any(user.has_perm(permission) for permission in MAY_ASK)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request, version):
    """How far the exact preview is, or what it found; asks for one by POST."""
    definition = _visible(request.user, version)
    if not may_be_previewed(definition):
        return _over(request)
    if request.method == "POST":
        return _ask(request, definition)
    if not request.htmx:
        return redirect("portal:definition-version", version=version)
    try:
        form = definition.readable()
    except ValidationError:
        form = None  # what was found is of an older text
    live, now = MQLDefinition.objects.live(), timezone.now()
    found = _standing(definition, form, request.user, live=live, now=now)
    context = {"now": now, "definition": definition, "preview": found}
    return render(request, "portal/preview/_answer.html", context)


@require_safe
def instant(request, version):
    """The estimate, for a page that waits until the live scores are up to date."""
    definition = _visible(request.user, version)
    if not may_be_previewed(definition):
        return _over(request)
    if not request.htmx:
        return redirect("portal:definition-version", version=version)
    try:
        form = definition.readable()
    except ValidationError:
        return HttpResponse()  # incomplete by now: there is nothing to estimate
    found = _estimated(form, live=MQLDefinition.objects.live(), now=timezone.now())
    return render(request, "portal/preview/_estimate.html", {"definition": definition, **found})


def _ask(request, definition):
    if not _may_ask(request.user):
        raise PermissionDenied
    try:
        PreviewRun.objects.ask(definition, by=request.user, now=timezone.now())
    except NotPreviewable as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, f"Not complete yet. {' '.join(error.messages)}")
    return redirect("portal:definition-version", version=definition.version)


@require_POST
def cancellation(request, version):
    definition = _previewed(request.user, version)
    if not _may_ask(request.user):
        raise PermissionDenied
    run = definition.preview_runs.waiting_or_running().first()
    if run and run.cancel(now=timezone.now()):
        messages.success(request, "The preview is cancelled. Nothing was changed.")
    else:
        messages.info(request, "There was nothing to cancel: the preview is over.")
    return redirect("portal:definition-version", version=version)


@require_safe
def leads(request, version):
    """All leads that the last finished preview found of one kind."""
    definition = _previewed(request.user, version)
    run = definition.preview_runs.filter(state=PreviewRun.State.DONE).first()
    kinds, kind = dict(PreviewLead.Kind.choices), _kind(request)
    rows = leads_of(run, kind, request.user) if run else PreviewLead.objects.none()
    context = {
        "now": timezone.now(),
        "definition": definition,
        "run": run,
        "kinds": [
            (key, label, run.result["now"][key] if run else 0) for key, label in kinds.items()
        ],
        "kind": kind,
        "label": kinds[kind],
        "count": run.result["now"][kind] if run else 0,
        "listed": LISTED,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "portal/preview/leads.html", context)


def _kind(request):
    """The kind of leads that is asked for; else those that the draft gains."""
    kind = request.GET.get("kind", "")
    return kind if kind in PreviewLead.Kind.values else PreviewLead.Kind.GAINED.value


@require_safe
def export(request, version):
    """Every lead of one kind as CSV: judged as of now by the text that was previewed last."""
    definition, now = _previewed(request.user, version), timezone.now()
    run = definition.preview_runs.filter(state=PreviewRun.State.DONE).first()
    live = MQLDefinition.objects.live()
    if run is None or not run.is_of(run.form, live):
        messages.error(request, "Work the exact preview out first; then its leads can be listed.")
        return redirect("portal:definition-version", version=version)
    if behind := Rescoring.objects.behind(live, today=now.date()):
        messages.error(request, f"{behind} The list follows.")
        return redirect("portal:definition-version", version=version)
    kind, file = _kind(request), TemporaryFile()  # noqa: SIM115 - the response closes it
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    text.write(BOM)
    with previews.changes(run.form, today=now.date()):
        rows = previews.everyone(kind, Lead.objects.visible_to(request.user))
        write_csv(HEADINGS, rows, text)
    text.detach().seek(0)
    name = f"mql-definition-v{version}-{kind}.csv"
    return FileResponse(
        file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8"
    )


@require_safe
def search(request, version):
    """Find the lead whose trace by this version one wants to see."""
    definition = _visible(request.user, version)
    form = SearchForm(request.GET)
    rows = matching(request.user, form.words()) if form.words() else Lead.objects.none()
    context = {
        "now": timezone.now(),
        "definition": definition,
        "form": form,
        "q": form.words(),
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "portal/preview/search.html", context)


@require_safe
def lead(request, version, pk):
    """One lead by this version, beside the live one: which rule gave what, and the verdicts.

    `?why=` takes one rule apart: which of its conditions hold, with what was compared.
    """
    definition, now = _visible(request.user, version), timezone.now()
    leads = Lead.objects.visible_to(request.user).select_related("company")
    found = get_object_or_404(leads, pk=pk)
    context = {"now": now, "definition": definition, "lead": found}
    live = MQLDefinition.objects.live()
    try:
        form = definition.readable()
    except ValidationError as error:
        context["lacks"] = error.messages
    else:
        versions = [(definition, form)]
        if live and live != definition:
            versions.append((live, live.compiled))
        rule = whole(request.GET.get("why"))
        context["traces"] = [trace(*each, found, today=now.date(), rule=rule) for each in versions]
    return render(request, "portal/preview/lead.html", context)


def _visible(user, version):
    return get_object_or_404(MQLDefinition.objects.visible_to(user), version=version)


def _over(request):
    """A version that is live has no preview; a page that was left open meanwhile is drawn anew."""
    if request.htmx and request.method != "POST":
        return HttpResponseClientRefresh()
    raise Http404


def _previewed(user, version):
    found = _visible(user, version)
    if not may_be_previewed(found):
        raise Http404
    return found
