"""Capture forms as their visitors meet them. They have no account, and may be on any website."""

from urllib.parse import urlsplit
from uuid import uuid4

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from leads.api import limits
from leads.capture import submission
from leads.capture.arrival import Arrival
from leads.capture.asking import HONEYPOT, Answers
from leads.models import CaptureForm

# For a website whose own script sends the form. Nobody is logged in here, so any may ask.
ANYWHERE = {"Access-Control-Allow-Origin": "*"}


# Nothing here depends on a session, so there is nothing that a foreign page could misuse.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def form(request, slug):
    """GET the form; POST it, from here or from a page into which it was pasted.

    A visitor reads pages; a script that asks for JSON reads `{"errors": {name: [...]}}` (400) or
    `{"message", "next"}`.
    """
    row = open_form(slug)
    if request.method != "POST":
        return _page(request, row, Answers(row, arrival=arrival_of(request)))
    answers, now = Answers(row, request.POST), timezone.now()
    seconds = limits.wait_of_stranger(request)
    if seconds:
        return _too_soon(request, row, answers, seconds)
    if answers.is_spam():
        submission.set_aside(answers, now=now)
        return _thanked(request, row)
    if answers.is_valid() and submission.submit(answers, now=now):
        return _thanked(request, row)
    if _wants_json(request):
        return JsonResponse({"errors": answers.errors}, status=400, headers=ANYWHERE)
    return _page(request, row, answers, status=400)


@login_not_required
@require_safe
def thanks(request, slug):
    """What a visitor reads who has sent the form."""
    row = get_object_or_404(CaptureForm, slug=slug)
    return render(request, "portal/capture/thanks.html", {"row": row})


def open_form(slug):
    """Return the form at this address. Raise Http404 where it, or all of them, are switched off."""
    row = get_object_or_404(CaptureForm.objects.filter(is_active=True), slug=slug)
    if not submission.source().is_active:
        raise Http404
    return row


def _page(request, row, answers, *, status=200):
    context = {"row": row, "form": answers, "honeypot": HONEYPOT}
    response = render(request, "portal/capture/form.html", context, status=status)
    return going_on_to(response, row)


def going_on_to(response, row):
    """Let a page's form end where the row sends its visitors: browsers ask for that as well."""
    if row.next_url:
        onward = urlsplit(row.next_url)
        response._csp_update = {"form-action": f"{onward.scheme}://{onward.netloc}"}
    return response


def _too_soon(request, row, answers, seconds):
    """One address sent a great deal: nothing is taken in, and nothing that was typed is lost."""
    answers.is_valid()
    answers.add_error(None, f"Too much was sent from here. Try again in {seconds} seconds.")
    if _wants_json(request):
        response = JsonResponse({"errors": answers.errors}, status=429, headers=ANYWHERE)
    else:
        response = _page(request, row, answers, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _thanked(request, row):
    onward = row.next_url or reverse("portal:capture-thanks", args=[row.slug])
    if _wants_json(request):
        answer = {"message": row.thanks, "next": request.build_absolute_uri(onward)}
        return JsonResponse(answer, headers=ANYWHERE)
    return redirect(onward)


def _wants_json(request):
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def arrival_of(request):
    """Where the visitor of our own page came from: nobody but us has seen that page."""
    return Arrival(
        page_url=request.build_absolute_uri(),
        referrer=request.headers.get("Referer", ""),
        nonce=uuid4().hex,
    )
