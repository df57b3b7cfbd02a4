from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from handoff_project.portal.views import previews, sign_off
from leads.models import MQLDefinition
from leads.scoring.checks import warnings
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
    """One version in words, what is different from another one, and what it would change.

    `?against=` chooses that other one.
    """
    versions = MQLDefinition.objects.visible_to(request.user)
    found, now = get_object_or_404(versions, version=version), timezone.now()
    context = {"now": now, "definition": found, "sign_off": sign_off.standing(found, request.user)}
    try:
        form = found.readable()
        context["examples"] = judged(form, today=now.date())
    except ValidationError as error:
        context["words"] = [("Not complete yet", error.messages)]
    else:
        live = MQLDefinition.objects.live()
        context |= {"words": in_words(form), **_compared(found, form, request, live)}
        context["odd"] = warnings(form) if found.is_draft or found.in_review else []
        context["preview"] = previews.standing(found, form, request.user, live=live, now=now)
    return render(request, "portal/definition.html", context)


def _compared(definition, form, request, live):
    """What is different from the version that is asked for, and which ones there are to choose."""
    versions = MQLDefinition.objects.visible_to(request.user).exclude(pk=definition.pk)
    others = list(versions.defer("compiled"))
    wanted = request.GET.get("against", "")
    chosen = next((one for one in others if str(one.version) == wanted), None)
    against = chosen or _before(definition, others, live)
    if against is None:
        return {}
    context = {"against": against, "others": others}
    try:
        return context | {"differences": differences(against.readable(), form)}
    except ValidationError as error:
        return context | {"incomparable": error.messages}


def _before(definition, others, live):
    """What is compared with unless one is chosen: the live version, and of that the one before."""
    if live != definition:
        return live
    older = [one for one in others if one.published_at and one.published_at < live.published_at]
    return max(older, key=lambda one: one.published_at, default=None)
