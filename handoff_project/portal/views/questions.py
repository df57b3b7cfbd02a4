"""Sales asks marketing about a lead; marketing answers, once."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from handoff_project.portal.forms import sent
from handoff_project.portal.question_form import AnswerForm, AskForm
from routing.models import Handoff, Question, Refused

PAGE = 50
MAY_ANSWER = "leads.decide_qualification"


@require_safe
def questions(request):
    """The questions about the leads that somebody sees, those that wait first."""
    found = Question.objects.visible_to(request.user).order_by("-answered_at", "asked_at", "pk")
    named = found.select_related("handoff__lead__company", "asked_by", "to", "answered_by")
    context = {
        "now": timezone.now(),
        "page": Paginator(named.defer("handoff__packet"), PAGE).get_page(request.GET.get("page")),
        "may_answer": request.user.has_perm(MAY_ANSWER),
    }
    return render(request, "portal/questions.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request, pk):
    """Ask marketing about a lead; whoever sees its handoff may."""
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead")
    handoff, now = get_object_or_404(handoffs, pk=pk), timezone.now()
    form = AskForm(sent(request))
    if form.is_valid():
        try:
            Question.objects.ask(handoff, by=request.user, now=now, **form.cleaned_data)
        except Refused as error:
            messages.warning(request, str(error))
        else:
            whom = form.cleaned_data["to"] or "Marketing"
            messages.success(request, f"{whom} is asked. You are told of the answer.")
        return redirect("portal:lead", handoff.lead_id)
    context = {"form": form, "handoff": handoff, "lead": handoff.lead, "now": now}
    return render(request, "portal/ask.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request, pk):
    """Answer a question, as one of marketing."""
    asked = Question.objects.visible_to(request.user)
    related = asked.select_related("handoff__lead", "handoff__owner__user", "asked_by", "to")
    question, now = get_object_or_404(related, pk=pk), timezone.now()
    if not request.user.has_perm(MAY_ANSWER):
        raise PermissionDenied
    lead = question.handoff.lead
    form = AnswerForm(sent(request), question=question)
    if question.answered_at is None and form.is_valid():
        try:
            question.reply(by=request.user, now=now, **form.cleaned_data)
        except Refused as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"Answered. {question.asked_by} is told.")
        return redirect("portal:lead", lead.pk)
    if question.answered_at:
        messages.info(request, f"{question.answered_by} has answered this already.")
        return redirect("portal:lead", lead.pk)
    context = {"form": form, "question": question, "lead": lead, "now": now}
    return render(request, "portal/answer.html", context, status=422 if form.errors else 200)
