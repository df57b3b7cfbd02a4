from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal.glossary import GROUPS
from leads.models import LifecycleStage


@require_safe
def glossary(request):
    """The words that both sides share, the stages first, for everybody to read."""
    context = {"now": timezone.now(), "stages": LifecycleStage.objects.all(), "groups": GROUPS}
    return render(request, "portal/glossary.html", context)
