"""The demo company's website: one of its forms, on a page that is not ours."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from handoff_project.demo.forms import DEMO_REQUEST
from handoff_project.portal.views.capture import arrival_of, going_on_to, open_form
from leads.capture.asking import HONEYPOT, Answers


@login_not_required
@require_safe
def demo(request):
    """A website on which a visitor can ask for a demo."""
    if not settings.DEMO:
        raise Http404
    row = open_form(DEMO_REQUEST)
    context = {
        "row": row,
        "form": Answers(row, arrival=arrival_of(request)),
        "honeypot": HONEYPOT,
    }
    return going_on_to(render(request, "portal/demo/form.html", context), row)
