from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from handoff_project.portal.forms import PreferencesForm, sent
from leads.models import User


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request):
    """Theme, time zone, density and shortcuts of whoever is logged in."""
    # A row of its own: a refused form leaves the page's own user as it is.
    user = User.objects.get(pk=request.user.pk)
    form = PreferencesForm(sent(request), instance=user)
    if form.is_valid():
        form.save()
        messages.success(request, "Preferences saved.")
        return redirect("portal:preferences")
    return render(
        request,
        "portal/preferences.html",
        {"form": form, "now": timezone.now()},
        status=422 if form.errors else 200,
    )
