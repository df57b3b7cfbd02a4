"""The demo company's website: a form whose leads come in by the same door as everybody's."""

import logging

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from handoff_project.portal.forms import DemoForm, sent
from leads.intake import receive
from leads.intake.shapes import LeadShape
from leads.models import Source

ADDRESS = 2000  # characters of a page's address that a lead keeps
# What to say where something failed that the visitor did not write and cannot put right.
OURS = "We could not take your request in. Please try again, or write to us."
log = logging.getLogger(__name__)

FIELDS = {
    ("contact", "name"): "name",
    ("contact", "email"): "email",
    ("contact", "job_title"): "job_title",
    ("contact", "country"): "country",
    ("company", "name"): "company",
    ("company", "domain"): "domain",
    ("company", "employees"): "employees",
}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def demo(request):
    """A website's demo-request form."""
    if not settings.DEMO:
        raise Http404
    form = DemoForm(sent(request))
    if form.is_valid():
        shape = LeadShape(data=lead_data(form.cleaned_data, page=request.build_absolute_uri()))
        if shape.is_valid():
            source, _ = Source.objects.get_or_create(name="Website form")
            receive.receive_lead(shape.validated_data, source=source, now=timezone.now())
            return redirect("portal:demo-thanks")
        for field, errors in errors_by_field(shape.errors):
            form.add_error(field, errors)
    return render(
        request, "portal/demo/form.html", {"form": form}, status=422 if form.errors else 200
    )


@login_not_required
@require_safe
def thanks(request):
    if not settings.DEMO:
        raise Http404
    return render(request, "portal/demo/thanks.html")


def lead_data(said, *, page):
    """Return what the form said as a sender of leads would put it; what is empty is left out."""
    parts: dict[str, dict[str, object]] = {"contact": {}, "company": {}}
    for (part, name), field in FIELDS.items():
        if said[field] not in (None, ""):
            parts[part][name] = said[field]
    answers = {"What would you like to see?": said["message"]} if said["message"] else {}
    conversion = {"kind": "demo_request", "form": "Demo request", "page_url": page[:ADDRESS]}
    return parts | {"source": "Website", "conversion": conversion | {"answers": answers}}


def errors_by_field(errors):
    """Return a shape's errors as `(field of the form, messages)`.

    What concerns no field of the form is logged, and told as one sentence under None.
    """
    found: list[tuple[str | None, list[str]]] = []
    hidden = {}
    for part, names in errors.items():
        by_name = names if isinstance(names, dict) else {"": names}
        for name, messages in by_name.items():
            if (part, name) in FIELDS:
                found.append((FIELDS[part, name], [str(message) for message in messages]))
            else:
                hidden[part, name] = messages
    if hidden:
        log.error("The demo form made a lead that intake refuses: %s", hidden)
        found.append((None, [OURS]))
    return found
