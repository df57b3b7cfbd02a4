"""The agreement of both sides: what each promises in a month, how it stands, and its revisions."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from handoff_project.portal.agreement_forms import AgreementForm
from handoff_project.portal.forms import sent
from leads.models import LifecycleStage, MQLDefinition, Score, Side, side_of
from reporting import goals
from reporting.models import Agreement, NotAgreed
from reporting.models.agreement import MAY_REVISE

PAGE = 50  # rows


@require_safe
def agreement(request):
    """What both sides promised each other, on one page, for every role."""
    now, user = timezone.now(), request.user
    revisions = list(
        Agreement.objects.visible_to(user)
        .select_related("drafted_by")
        .prefetch_related("signatures__user")
    )
    states = {one.state: one for one in revisions}
    for one in revisions:
        one.promised = [
            (metric.label, one.targets[key])
            for key, metric in goals.METRICS.items()
            if key in one.targets
        ]
    live = states.get(Agreement.State.IN_FORCE)
    proposed = states.get(Agreement.State.IN_REVIEW) or states.get(Agreement.State.DRAFT)
    context = {
        "now": now,
        "live": live,
        "is_due": live is not None and live.is_due(now=now),
        "promises": goals.progress(
            live.targets if live else {}, currency=live.currency if live else "", now=now
        ),
        "month": goals.month_of(now),
        "proposed": proposed,
        "differences": _differences(live, proposed),
        "sides": _sides(proposed) if proposed else [],
        "signs_for": _signs_for(proposed, user),
        "may_revise": user.has_perm(MAY_REVISE),
        "may_withdraw": user.has_perm(MAY_REVISE) or side_of(user) is not None,
        "past": [one for one in revisions if one.state == Agreement.State.REPLACED],
        "stages": LifecycleStage.objects.all(),
        "buckets": _buckets(),
    }
    return render(request, "reporting/agreement.html", context)


@require_safe
def rows(request, key):
    """What one number of a month counts, as far as this person may see it."""
    metric = goals.METRICS.get(key)
    first = _day(request.GET.get("month", f"{goals.month_of(timezone.now()):%Y-%m}"))
    if metric is None or first is None:
        raise Http404
    live = Agreement.objects.in_force()
    found = goals.rows(metric, first, currency=live.currency if live else "", user=request.user)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.of_lead = row
        for step in filter(None, metric.lead.split("__")):
            row.of_lead = getattr(row.of_lead, step)
        row.when = getattr(row, metric.at)
    context = {"now": timezone.now(), "metric": metric, "month": first, "page": page}
    return render(request, "reporting/agreement_rows.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request):
    """Say what the next revision is to promise."""
    if not request.user.has_perm(MAY_REVISE):
        raise PermissionDenied
    known = Agreement.objects.proposed() or Agreement.objects.in_force()
    initial = known.targets | {"currency": known.currency} if known else {}
    if known and known.state == Agreement.State.DRAFT:
        initial["note"] = known.note
    form = AgreementForm(sent(request), initial=initial)
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in ("currency", "note")}
        try:
            made = Agreement.objects.draft(
                targets=form.targets(), **said, by=request.user, now=timezone.now()
            )
        except NotAgreed as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"{made} is drafted. It holds once both sides signed it.")
        return redirect("portal:agreement")
    context = {"form": form, "now": timezone.now()}
    return render(
        request, "reporting/agreement_draft.html", context, status=422 if form.errors else 200
    )


@require_POST
def submit(request, number):
    found = _visible(request.user, number, allowed=request.user.has_perm(MAY_REVISE))
    return _step(request, found.submit, f"{found} waits for both signatures now.")


@require_POST
def sign(request, number):
    found = _visible(request.user, number, allowed=side_of(request.user) is not None)
    read = request.POST.get("content_hash", "")
    side = side_of(request.user)
    return _step(request, found.sign, f"You signed {found} for {side}.", content_hash=read)


@require_POST
def withdraw(request, number):
    user = request.user
    allowed = user.has_perm(MAY_REVISE) or side_of(user) is not None
    found = _visible(user, number, allowed=allowed)
    return _step(request, found.withdraw, f"{found} is a draft again; both sides sign anew.")


def _visible(user, number, *, allowed):
    found = get_object_or_404(Agreement.objects.visible_to(user), number=number)
    if not allowed:
        raise PermissionDenied
    return found


def _step(request, verb, told, **said):
    """Take one step, or say why not; then show where it stands."""
    try:
        verb(by=request.user, now=timezone.now(), **said)
    except NotAgreed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, told)
    return redirect("portal:agreement")


def _sides(proposed):
    signed = {one.side: one for one in proposed.signatures.all()}
    return [(side.label, signed.get(side)) for side in Side]


def _signs_for(proposed, user):
    """The side for which this person is asked to sign; None where they are not."""
    if proposed is None or proposed.state != Agreement.State.IN_REVIEW:
        return None
    side = side_of(user)
    return side if side in proposed.missing_sides() else None


def _differences(live, proposed):
    """`(metric, now, proposed)` of each promise, so that who signs sees what changes."""
    if proposed is None:
        return []
    before = live.targets if live else {}
    return [
        (metric, before.get(key), proposed.targets.get(key))
        for key, metric in goals.METRICS.items()
    ]


def _buckets():
    """`(bucket, do, dont)` as the live definition says it."""
    live = MQLDefinition.objects.live()
    words = live.compiled.get("buckets", {}) if live else {}
    return [
        (bucket.label, words[bucket]["do"], words[bucket]["dont"])
        for bucket in Score.Bucket
        if bucket in words
    ]


def _day(text):
    """The first day of a month, of text such as 2026-03; None for what is none."""
    try:
        return parse_date(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None
