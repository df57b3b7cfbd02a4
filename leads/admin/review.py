"""The leads on which a marketer has the last word: a list, a page for each, and both answers."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from leads.admin.base import HandoffModelAdmin, ReadOnly, page_of
from leads.models import AlreadyDecided, Lead, NeverPasses, Qualification

MAY_DECIDE = "leads.decide_qualification"
TITLE = "Leads to decide"
MOST = 200  # leads that are answered at once: each is a transaction of its own
RECENT = 10  # touchpoints that the page of a lead lists
State = Qualification.State


class ConfirmForm(forms.Form):
    note = forms.CharField(
        label="Note",
        max_length=300,
        required=False,
        help_text="Why, for the record. It may stay empty.",
    )


class DeclineForm(forms.Form):
    note = forms.CharField(
        label="Why not",
        max_length=300,
        help_text="The lead's timeline shows it.",
        error_messages={"required": "Say why it is declined."},
    )


class Answer:
    """One of the two answers, in the words of the pages."""

    def __init__(self, state, verb, noun, form, told):
        self.state, self.verb, self.noun, self.form, self.told = state, verb, noun, form, told

    def give(self, qualification, *, by, note):
        getattr(qualification, self.verb)(by=by, now=timezone.now(), note=note)


CONFIRM = Answer(
    State.CONFIRMED, "confirm", "confirmation", ConfirmForm, "confirmed and handed over"
)
DECLINE = Answer(State.DECLINED, "decline", "refusal", DeclineForm, "declined")


class StateFilter(admin.SimpleListFilter):
    """Those that wait, unless somebody asks for the others."""

    title = "answer"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [*State.choices, ("all", "All")]

    def choices(self, changelist):
        for value, label in self.lookup_choices:
            yield {
                "selected": value == self.wanted,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request, queryset):
        return queryset if self.wanted == "all" else queryset.filter(state=self.wanted)

    @property
    def wanted(self):
        return self.value() or State.WAITING


def _shows_waiting(request):
    return request.GET.get(StateFilter.parameter_name, State.WAITING) == State.WAITING


@admin.register(Qualification)
class ReviewAdmin(ReadOnly, HandoffModelAdmin):
    counted = ("lead", "leads")
    about = "Leads on which a marketer has the last word before sales gets them."
    page_name = TITLE
    change_list_template = "admin/review_list.html"
    change_form_template = "admin/review.html"
    list_filter = (StateFilter, "cause", "tier")
    search_fields = ("lead__email", "lead__name", "lead__company__name")
    actions = ("confirm_selected", "decline_selected")
    fields = ("lead",)

    def get_queryset(self, request):
        visible = Lead.objects.visible_to(request.user)
        asked = super().get_queryset(request).asked().filter(lead__in=visible)
        related = asked.select_related("lead__company", "lead__score", "definition", "actor")
        # Both are large, and no list shows them.
        return related.defer("explanation", "definition__compiled")

    def get_ordering(self, request):
        """What waits longest comes first; of the others what was answered last."""
        return ("qualified_at", "pk") if _shows_waiting(request) else ("-decided_at", "-pk")

    def get_list_display(self, request):
        scores = ("fit", "interest", "total", "tier")
        if _shows_waiting(request):
            return ("lead", "company", "asked", *scores, "waiting_since")
        return ("lead", "company", "answer", "asked", *scores)

    def has_decide_permission(self, request):
        return request.user.has_perm(MAY_DECIDE)

    @admin.display(ordering="lead__company__name")
    def company(self, qualification):
        return qualification.lead.company

    @admin.display(description="why you are asked", ordering="cause")
    def asked(self, qualification):
        causes = Qualification.Cause
        says_why = qualification.cause in (causes.BORDERLINE, causes.INCOMPLETE)
        why = qualification.get_cause_display() if says_why else "It passes; a marketer decides"
        return f"{why} (v{qualification.definition.version})"

    @admin.display(description="waiting since", ordering="qualified_at")
    def waiting_since(self, qualification):
        return _when(qualification.qualified_at)

    @admin.display(ordering="decided_at")
    def answer(self, qualification):
        by = f"{qualification.actor}, {_when(qualification.decided_at)}"
        return format_html(
            '<span class="tag tag-{}">{}</span> {}',
            qualification.state,
            qualification.get_state_display(),
            by if qualification.actor else _when(qualification.qualified_at),
        )

    # Pages

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view(self.answer_view)
        answers = [
            path(f"<int:pk>/{one.noun}/", view, {"answer": one}, name=f"{name}_{one.noun}")
            for one in (CONFIRM, DECLINE)
        ]
        return answers + super().get_urls()

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": TITLE} | (extra_context or {}))

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context |= {
                "page_name": TITLE,
                "asked_because": self.asked(obj),
                "waits": obj.state == State.WAITING,
                "may_decide": self.has_decide_permission(request),
                "confirm_form": ConfirmForm(auto_id="confirm-%s"),
                "decline_form": DeclineForm(auto_id="decline-%s"),
                "touchpoints": obj.lead.touchpoints.order_by("-occurred_at")[:RECENT],
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def answer_view(self, request, pk, answer):
        """POST: confirm or decline one lead; without the reason that it needs, ask for that."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_decide_permission(request):
            raise PermissionDenied
        found = get_object_or_404(self.get_queryset(request), pk=pk)
        form = answer.form(request.POST)
        if not form.is_valid():
            return self._ask(request, [found], answer, form)
        try:
            answer.give(found, by=request.user, note=form.cleaned_data["note"])
        except (AlreadyDecided, NeverPasses) as error:
            self.message_user(request, str(error), messages.WARNING)
            return redirect(page_of(found))
        self.log_change(request, found, answer.told.capitalize())
        self.message_user(request, f"{found.lead} is {answer.told}.")
        return redirect(self._list())

    # Many at once

    @admin.action(description="Confirm the selected leads", permissions=["decide"])
    def confirm_selected(self, request, queryset):
        return self._answer_many(request, queryset, CONFIRM)

    @admin.action(description="Decline the selected leads", permissions=["decide"])
    def decline_selected(self, request, queryset):
        return self._answer_many(request, queryset, DECLINE)

    def _answer_many(self, request, queryset, answer):
        """Ask for the note, then answer one by one, each in a transaction of its own."""
        chosen = list(queryset.order_by("qualified_at", "pk")[: MOST + 1])
        if len(chosen) > MOST:
            self.message_user(request, f"Choose at most {MOST} leads at once.", messages.ERROR)
            return None
        form = answer.form(request.POST if "answer" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, chosen, answer, form)
        self._answer_each(request, chosen, answer, note=form.cleaned_data["note"])
        return redirect(self._list())

    def _ask(self, request, chosen, answer, form):
        """Show what is about to be answered, with the form for the note."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{answer.verb.capitalize()} {_leads(len(chosen))}",
            "page_name": TITLE,
            "chosen": chosen,
            "form": form,
            "button": answer.verb.capitalize(),
            "declines": answer is DECLINE,
            "action": f"{answer.verb}_selected",
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/review_many.html", context, status=status)

    def _answer_each(self, request, chosen, answer, *, note):
        late = 0
        for found in chosen:
            try:
                answer.give(found, by=request.user, note=note)
            except (AlreadyDecided, NeverPasses):
                late += 1
            else:
                self.log_change(request, found, answer.told.capitalize())
        told = f"{_leads(len(chosen) - late)} {answer.told}."
        if late:
            told += f" {_leads(late)} had been answered already or may not pass."
        self.message_user(request, told, messages.WARNING if late else messages.SUCCESS)

    def _list(self):
        return reverse("admin:leads_qualification_changelist")


def _when(moment):
    return date_format(timezone.localtime(moment), "j M H:i")


def _leads(count):
    return f"{count} lead{'' if count == 1 else 's'}"
