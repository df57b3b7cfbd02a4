from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from handoff_project.portal.forms import ConsentForm, sent
from leads import consents as consent
from leads.models import Lead


@require_http_methods(["GET", "HEAD", "POST"])
def consents(request, pk):
    """What a lead agreed to and took back; whoever sees the lead notes what they heard."""
    leads = Lead.objects.known().visible_to(request.user)
    found, now = get_object_or_404(leads, pk=pk), timezone.now()
    form = ConsentForm(sent(request))
    if form.is_valid():
        name, value = form.consent()
        words = form.cleaned_data["words"]
        changed = consent.note(found, name, value, by=request.user, words=words, now=now)
        messages.success(request, "Saved." if changed else "That was known already.")
        return redirect("portal:lead", found.pk)
    context = {"form": form, "lead": found, "now": now, "history": _history(found)}
    return render(request, "portal/consents.html", context, status=422 if form.errors else 200)


def _history(lead):
    return [
        {
            "label": consent.LABELS[value.field],
            "told": consent.in_words(value.field, value.value),
            "at": value.observed_at,
            "by": value.actor or value.source or "the system",
            "words": value.words,
        }
        for value in consent.history(lead)
    ]
