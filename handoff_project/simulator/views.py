"""GET alone: whatever is asked for, nothing is written."""

from functools import wraps

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from handoff_project.simulator.forms import SimulationForm
from leads.text import whole
from routing import past, simulation
from routing.models import RuleSet
from sla import clocks, words

PAGE = 50


def for_readers(page):
    """A page beside a rule set, for those who may read rule sets in the admin."""

    @wraps(page)
    @require_safe
    def wrapped(request, pk):
        may = admin.site.has_permission(request) and request.user.has_perm("routing.view_ruleset")
        if not may:
            raise PermissionDenied
        version = get_object_or_404(RuleSet, pk=pk)
        template, context = page(request, version)
        frame = {"version": version, "opts": RuleSet._meta, "now": timezone.now()}
        return TemplateResponse(
            request, template, admin.site.each_context(request) | frame | context
        )

    return wrapped


@for_readers
def simulate(request, version):
    """Who would get a lead by this version, why, and by when they would have to do what."""
    asked = any(request.GET.get(name) for name in ("who", "values"))
    form = SimulationForm(request.GET if asked else None, user=request.user)
    context = {"form": form, "title": f"Simulate: {version}", "others": _others(version)}
    if asked and form.is_valid():
        said = form.cleaned_data
        try:
            context |= _answer(
                version, said["lead"], said["values"], at=said["at"], away=said["away"]
            )
        except ValidationError as error:
            context["problems"] = error.messages
    context["found"] = [(lead, _with(request.GET, lead=lead.pk)) for lead in form.found]
    context["query"] = _with(request.GET)
    return "admin/simulation.html", context


def _answer(version, lead, facts, *, at, away):
    today = at.date()
    if facts:
        subject = simulation.of_values(facts, today=today, lead=lead)
    else:
        subject = simulation.of_lead(lead, today=today)
    found = simulation.simulate(subject, version, now=at, away=[rep.pk for rep in away])
    due = clocks.foreseen(found.handoff, subject.judged)
    return {
        "lead": lead,
        "on_paper": bool(facts),
        "at": at,
        "away": away,
        "why": found.why,
        "decision": found.decision,
        "to": found.handoff.owner or found.handoff.pool,
        "due": [(clock, _promise(clock)) for clock in due],
    }


def _promise(clock):
    return words.within(clock.target) + words.at_latest(clock.target)


@for_readers
def past_week(request, version):
    """Who would have got the leads of the past days by this version."""
    now, number = timezone.now(), max(1, whole(request.GET.get("page", "")) or 1)
    only = request.GET.get("only", "moved") != "all"
    context = {"title": f"Last {past.DAYS} days with {version}", "only": only, "number": number}
    try:
        found = past.past(version, now=now, only_moved=only, first=(number - 1) * PAGE, size=PAGE)
    except ValidationError as error:
        return "admin/past_week.html", context | {"problems": error.messages}
    context |= {"past": found, "days": past.DAYS, "most": past.MOST, "others": _others(version)}
    context["since"] = date_format(timezone.localtime(found.since), "D j M H:i")
    # A template asks a Counter for the key "items" first.
    context |= {"skipped": list(found.skipped.items()), "basis": list(found.basis.items())}
    context["more"] = found.shown > number * PAGE
    return "admin/past_week.html", context


def _others(version):
    """The versions that people compare with: what is live, and the drafts."""
    states = (RuleSet.State.PUBLISHED, RuleSet.State.DRAFT)
    return RuleSet.objects.filter(state__in=states).exclude(pk=version.pk)


def _with(query, **changed):
    """The query of this page with something else in it."""
    found = QueryDict(mutable=True)
    found.update(query)
    for name, value in changed.items():
        found[name] = str(value)
    return found.urlencode()
