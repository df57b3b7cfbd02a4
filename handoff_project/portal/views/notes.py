"""What people who see a lead write down about it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from handoff_project.portal.forms import sent
from handoff_project.portal.note_form import NoteForm
from leads import notes as kept
from leads.models import Lead


@require_http_methods(["GET", "HEAD", "POST"])
def notes(request, pk):
    """Add a note to a lead; whoever sees the lead may, and reads it."""
    leads = Lead.objects.known().visible_to(request.user)
    found, now = get_object_or_404(leads, pk=pk), timezone.now()
    form = NoteForm(sent(request))
    if form.is_valid():
        said = form.cleaned_data
        if kept.add(found, said["note"], by=request.user, now=now, nonce=said["nonce"]):
            messages.success(request, "Note added. No clock was stopped.")
        else:
            messages.warning(request, "The lead was erased meanwhile: the note was not kept.")
        return redirect("portal:lead", found.pk)
    context = {"form": form, "lead": found, "now": now}
    return render(request, "portal/note.html", context, status=422 if form.errors else 200)
