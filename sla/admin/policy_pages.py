"""The pages beside a policy: try it, compare it, apply it to open clocks, move and withdraw it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from leads.admin.base import page_of
from routing.models import Calendar
from sla import applying, deadlines, words
from sla.models import ClockKind, NotDraft, Policy

SHOWN = 200  # clocks that the preview lists


class TrialForm(forms.Form):
    start = forms.DateTimeField(
        label="A lead comes",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text="In the calendar's own time zone.",
    )
    calendar = forms.ModelChoiceField(
        Calendar.objects.filter(versions__isnull=False).distinct().order_by("name"),
        empty_label=None,
    )


class PolicyPages:
    """Mixed into the admin of policies."""

    def get_urls(self):
        def page(view):
            return self.admin_site.admin_view(view)

        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("<int:pk>/trial/", page(self.trial_view), name=f"{name}_trial"),
            path("<int:pk>/differences/", page(self.differences_view), name=f"{name}_differences"),
            path("<int:pk>/application/", page(self.apply_view), name=f"{name}_application"),
            path("<int:pk>/withdrawal/", page(self.withdraw_view), name=f"{name}_withdrawal"),
            path("<int:pk>/move/", page(self.move_view), name=f"{name}_move"),
            *super().get_urls(),
        ]

    def more(self, request, version, form, context):
        live = version.state == Policy.State.PUBLISHED
        may = request.user.has_perm(self.publish_permission)
        return {
            "may_withdraw": live and may,
            "older_clocks": len(applying.foresee(version)) if live and may else 0,
        }

    # Pages that only show

    def trial_view(self, request, pk):
        """GET: when a lead that comes then would be due, and what would be done about it."""
        policy = self._version(request, pk)
        compiled, problems = _compiled(policy)
        first = Calendar.objects.filter(versions__isnull=False).order_by("name").first()
        data = request.GET if "start" in request.GET else None
        initial = {"start": timezone.localtime().strftime("%Y-%m-%dT%H:%M"), "calendar": first}
        form = TrialForm(data, initial=initial)
        rows, zone = [], None
        if compiled and form.is_valid():
            version = form.cleaned_data["calendar"].current()
            naive = timezone.make_naive(form.cleaned_data["start"])
            zone = ZoneInfo(version.zone)
            rows = trial(compiled, version.hours(), naive.replace(tzinfo=zone), zone)
        context = {"form": form, "rows": rows, "zone": zone or "", "problems": problems}
        return self._page(request, "admin/policy_trial.html", policy, "Try it", **context)

    def differences_view(self, request, pk):
        """GET: in words, what is different from another version of the same policy."""
        policy = self._version(request, pk)
        others = Policy.objects.filter(name=policy.name).exclude(pk=pk).order_by("-version")
        wanted = request.GET.get("with", "")
        other = others.filter(pk=wanted).first() if wanted.isdecimal() else others.first()
        (mine, problems), (theirs, more) = _compiled(policy), _compiled(other)
        found = words.differences(theirs, mine) if mine and theirs else []
        context = {"other": other, "others": others, "found": found, "problems": problems + more}
        return self._page(request, "admin/policy_differences.html", policy, "Compare", **context)

    # Pages that do something

    def apply_view(self, request, pk):
        """GET: which open clocks would change, and how. POST: change them."""
        policy = self._version(request, pk)
        self._refuse_others(request)
        if policy.state != Policy.State.PUBLISHED:
            raise Http404
        if request.method == "POST":
            try:
                changes = applying.apply(
                    policy, seen=request.POST.get("seen", ""), by=request.user, now=timezone.now()
                )
            except applying.Overtaken as error:
                self.message_user(request, str(error), messages.WARNING)
            else:
                told = f"Applied to {len(changes)} open clock{'' if len(changes) == 1 else 's'}."
                self.log_change(request, policy, told)
                self.message_user(request, told)
                return redirect(page_of(policy))
        changes = applying.foresee(policy)
        context = {
            "changes": changes[:SHOWN],
            "count": len(changes),
            "seen": applying.seal(changes),
        }
        return self._page(
            request, "admin/policy_application.html", policy, "Apply to open clocks", **context
        )

    def withdraw_view(self, request, pk):
        """GET: ask. POST: take a live policy out of force."""
        policy = self._version(request, pk)
        self._refuse_others(request)
        if request.method == "POST":
            try:
                policy.withdraw(now=timezone.now())
            except NotDraft as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.log_change(request, policy, "Withdrawn.")
                self.message_user(request, f"{policy} is withdrawn. Clocks that run go on by it.")
            return redirect(page_of(policy))
        rest = Policy.objects.live().exclude(pk=pk)
        last = next((one for one in rest if one.compiled["when"] is None), None)
        return self._page(request, "admin/policy_withdrawal.html", policy, "Withdraw", last=last)

    def move_view(self, request, pk):
        """POST: try a live policy earlier or later."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        policy = self._version(request, pk)
        self._refuse_others(request)
        step = {"-1": -1, "1": 1}.get(request.POST.get("step", ""))
        if step is None:
            raise Http404
        try:
            other = policy.move(step)
        except NotDraft as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            if other:
                told = f"Tried {'before' if step < 0 else 'after'} {other.name}."
                self.log_change(request, policy, told)
                self.message_user(request, f"{policy.name} is now tried {told[6:]}")
        return redirect(reverse("admin:sla_policy_changelist"))

    def _version(self, request, pk):
        policy = self.get_object(request, str(pk))
        if policy is None:
            raise Http404
        if not self.has_view_permission(request, policy):
            raise PermissionDenied
        return policy

    def _refuse_others(self, request):
        if not request.user.has_perm(self.publish_permission):
            raise PermissionDenied

    def _page(self, request, template, policy, title, **context):
        shown = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "policy": policy,
            "original": policy,
            "title": f"{title}: {policy}",
            "now": timezone.now(),
            **context,
        }
        return TemplateResponse(request, template, shown)


def trial(compiled, hours, start, zone):
    """Return, per promise, its deadlines and its steps for a lead that comes at `start`."""
    named = words.names_in(compiled)
    rows = []
    for kind in ClockKind.values:
        if kind not in compiled["targets"]:
            continue
        target = deadlines.modern(compiled["targets"][kind])
        steps = [
            (level.at - timedelta(microseconds=level.at.microsecond), _done(kind, level, named))
            for level in deadlines.levels(target, hours, start)
        ]
        due = deadlines.due(target, hours, start)
        rows.append({"label": ClockKind(kind).label, "due": due, "steps": steps, "zone": zone})
    return rows


def _done(kind, level, named):
    done = [
        "late from here" if step["key"] == deadlines.LATE else words.doing(kind, step, named)
        for step in level.steps
    ]
    said = "; ".join(done)
    return said[:1].upper() + said[1:]


def _compiled(policy):
    if policy is None:
        return None, ["There is no other version."]
    try:
        return policy.compiled or policy.compile(), []
    except ValidationError as error:
        return None, error.messages
