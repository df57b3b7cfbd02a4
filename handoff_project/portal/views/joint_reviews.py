"""Joint reviews: both sides judge recent MQLs, blind, and decide what follows."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from handoff_project.portal.review_forms import DecisionForm, MinutesForm, VerdictForm
from leads.models import Side, side_of
from reporting import kappa
from reporting.models import JointReview, NotReviewable, ReviewItem
from routing.models import Handoff

TOP = 3  # clauses that an MQL is shown with


@require_http_methods(["GET", "HEAD", "POST"])
def reviews(request):
    """The reviews so far; POST begins the next one."""
    now = timezone.now()
    if request.method == "POST":
        if side_of(request.user) is None:
            raise PermissionDenied
        try:
            review = JointReview.objects.begin(by=request.user, now=now)
        except NotReviewable as error:
            messages.warning(request, str(error))
            return redirect("portal:joint-reviews")
        messages.success(request, f"{review}: {review.items.count()} recent MQLs were drawn.")
        return redirect("portal:joint-review", review.number)
    found = list(
        JointReview.objects.select_related("closed_by").prefetch_related(
            "items__votes", "decisions"
        )
    )
    for review in found:
        review.agreed = _agreement(review.items.all())
    context = {
        "now": now,
        "reviews": found,
        "is_open": any(review.closed_at is None for review in found),
        "is_due": JointReview.objects.is_due(now=now),
        "side": side_of(request.user),
    }
    return render(request, "reporting/joint_reviews.html", context)


@require_http_methods(["GET", "HEAD"])
def review(request, number):
    """One review: the MQLs that this person sees, each side's verdicts, and what was decided."""
    found = get_object_or_404(JointReview, number=number)
    return _page(request, found)


@require_POST
def judge(request, number, position):
    """Keep one side's verdict on one MQL."""
    found = get_object_or_404(JointReview, number=number)
    item = get_object_or_404(_items(found, request.user), position=position)
    _must_have_a_side(request.user)
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _page(request, found, wrong=(position, form))
    return _done(
        request,
        found,
        lambda: item.judge(by=request.user, now=timezone.now(), **form.cleaned_data),
        "Kept.",
    )


@require_POST
def decide(request, number):
    """Keep a decision, with the version that it led to."""
    found = get_object_or_404(JointReview, number=number)
    _must_have_a_side(request.user)
    form = DecisionForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, found, decision=form)
    said = form.cleaned_data
    return _done(
        request,
        found,
        lambda: found.decide(
            said["text"], definition=said["definition"], by=request.user, now=timezone.now()
        ),
        "Decision kept.",
    )


@require_POST
def close(request, number):
    """End the review with its minutes."""
    found = get_object_or_404(JointReview, number=number)
    _must_have_a_side(request.user)
    form = MinutesForm(request.POST)
    if not form.is_valid():
        return _page(request, found, minutes=form)
    return _done(
        request,
        found,
        lambda: found.close(by=request.user, now=timezone.now(), **form.cleaned_data),
        "The review is closed.",
    )


def _must_have_a_side(user):
    if side_of(user) is None:
        raise PermissionDenied


def _done(request, review, verb, told):
    try:
        verb()
    except NotReviewable as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, told)
    return redirect("portal:joint-review", review.number)


def _items(review, user):
    """The review's MQLs whose handoffs this person sees."""
    visible = Handoff.objects.visible_to(user).values("pk")
    return ReviewItem.objects.filter(review=review, handoff__in=visible)


def _page(request, review, *, wrong=(0, None), decision=None, minutes=None):
    side, now = side_of(request.user), timezone.now()
    related = ("handoff__lead__company", "handoff__qualification", "handoff__owner__user")
    found = list(
        _items(review, request.user).select_related(*related).prefetch_related("votes__user")
    )
    for item in found:
        item.mine = item.by_side.get(side)
        item.shown = [item.by_side.get(one) for one in Side] if item.is_revealed else []
        lines = item.handoff.packet["score"]["lines"]
        counted = [one for one in lines if one["counted"] and one["kind"] != "do_not_pass"]
        counted.sort(key=lambda one: (one["kind"] != "fast_track", -one["points"]))
        item.clauses = [one["label"] for one in counted]
        item.why = item.clauses[:TOP]
        own = VerdictForm(
            initial=item.mine and {"good": int(item.mine.good), "note": item.mine.note}
        )
        item.form = wrong[1] if wrong[1] and item.position == wrong[0] else own
    context = {
        "now": now,
        "review": review,
        "items": found,
        "side": side,
        "sides": Side,
        "agreed": _agreement(found),
        "clauses": _by_clause(found),
        "decisions": review.decisions.select_related("definition", "decided_by"),
        "decision_form": decision or DecisionForm(user=request.user),
        "minutes_form": minutes or MinutesForm(),
        "unseen": review.items.count() - len(found),
    }
    errors = any(form and form.errors for form in (wrong[1], decision, minutes))
    return render(request, "reporting/joint_review.html", context, status=422 if errors else 200)


def _agreement(items):
    return kappa.agreement(_pair(item) for item in items if item.is_revealed)


def _pair(item):
    return item.by_side[Side.MARKETING].good, item.by_side[Side.SALES].good


def _by_clause(items):
    """The Agreement on the MQLs that each clause let in, where both sides judged some."""
    pairs: dict[str, list] = {}
    for item in items:
        if item.is_revealed:
            for label in dict.fromkeys(item.clauses):
                pairs.setdefault(label, []).append(_pair(item))
    found = {label: kappa.agreement(these) for label, these in pairs.items()}
    return sorted(found.items(), key=lambda one: (-one[1].n, one[0].casefold()))
