from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal.views import previews, sign_off
from leads.models import MQLDefinition
from leads.scoring.examples import judged
from leads.scoring.words import differences, in_words


@require_safe
def live(request):
    """The definition that holds now, for everybody to read."""
    found = MQLDefinition.objects.live()
    words = in_words(found.compiled) if found else []
    return render(
        request,
        "portal/definition.html",
        {"now": timezone.now(), "definition": found, "words": words},
    )


@require_safe
def version(request, version):
    """One version in words, what is different from the live one, and what it would change."""
    versions = MQLDefinition.objects.visible_to(request.user)
    found, now = get_object_or_404(versions, version=version), timezone.now()
    context = {"now": now, "definition": found, "sign_off": sign_off.standing(found, request.user)}
    try:
        form = found.readable()
        context["examples"] = judged(form, today=now.date())
    except ValidationError as error:
        context["words"] = [("Not complete yet", error.messages)]
    else:
        context |= _compared(found, form, request.user, now=now)
    return render(request, "portal/definition.html", context)


def _compared(definition, form, user, *, now):
    live = MQLDefinition.objects.live()
    context = {"words": in_words(form), "live": live}
    if live and live != definition:
        context["differences"] = differences(live.compiled, form)
    context["preview"] = previews.standing(definition, form, user, live=live, now=now)
    return context
