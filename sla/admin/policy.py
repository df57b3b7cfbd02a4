from django import forms
from django.contrib import admin
from django.db.models import Case, Value, When
from django.utils.html import format_html

from leads.admin.base import RowInline, page_of
from leads.admin.versioned import VersionedAdmin
from leads.models import User
from sla import words
from sla.admin.policy_pages import PolicyPages
from sla.models import NotDraft, Policy, Step, Target
from sla.models.target import LONGEST

RANK = Case(
    When(state="published", then=Value(0)), When(state="draft", then=Value(1)), default=Value(2)
)
LIMITS = {
    "min_value": "A promise takes at least %(limit_value)s minute.",
    "max_value": "A promise takes at most sixty days (86,400 minutes).",
}


class TargetForm(forms.ModelForm):
    minutes = forms.IntegerField(
        label="Within", min_value=1, max_value=LONGEST, required=False, error_messages=LIMITS
    )
    bound_hours = forms.IntegerField(label="At latest", min_value=1, max_value=1440, initial=24)

    def clean(self):
        super().clean()
        said = self.cleaned_data
        ends_with_day = said.get("unit") == Target.Unit.END_OF_DAY
        if ends_with_day:
            said["minutes"] = None
        elif said.get("minutes") is None and "minutes" not in self.errors:
            self.add_error("minutes", "Say within how many minutes.")
        return said


class TargetInline(RowInline):
    model = Target
    form = TargetForm
    min_num = 1
    verbose_name = "promise"
    verbose_name_plural = "Promises"
    guide = (
        "Each clock is promised once. Business minutes pass only while the calendar is open. The "
        "limit is a promise of its own: whichever of the two comes first is the deadline. What "
        "comes with less than the cut-off left of a business day is due at the end of the next. Of "
        "a follow-up the limit is also the latest time that a rep may set."
    )
    fieldsets = [
        (None, {"fields": [("clock", "minutes", "unit", "cut_off", "bound_hours", "bound_unit")]})
    ]

    def get_formset(self, request, obj=None, **kwargs):
        return super().get_formset(request, obj, validate_min=True, **kwargs)


class StepForm(forms.ModelForm):
    minutes = forms.IntegerField(min_value=0, max_value=LONGEST, initial=0, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        here = User.objects.filter(is_active=True)
        if self.instance.pk:
            here = here | User.objects.filter(pk__in=self.instance.people.values("pk"))
        self.fields["people"].queryset = here.distinct().order_by("first_name", "pk")
        self.fields["people"].widget.attrs["size"] = 3

    def clean(self):
        super().clean()
        said = self.cleaned_data
        said["minutes"] = said.get("minutes") or 0
        at = said.get("when") == Step.When.AT
        if at and said["minutes"]:
            self.add_error("minutes", "At the deadline it is 0 minutes; or choose before or after.")
        if not at and not said["minutes"] and "minutes" not in self.errors:
            self.add_error("minutes", "Say how many minutes before or after the deadline.")
        if said.get("action") == Step.Action.PEOPLE and not said.get("people"):
            self.add_error("people", "Choose whom to tell.")
        return said


class StepInline(RowInline):
    model = Step
    form = StepForm
    verbose_name = "step"
    verbose_name_plural = "Steps"
    guide = (
        "Steps of a promise are taken in the order of time, each once, until what was promised is "
        "done. Those that count business minutes never wake anybody at night. A person who "
        "has left is replaced by the manager, a manager by all managers, and those by RevOps."
    )
    fieldsets = [(None, {"fields": [("clock", "minutes", "unit", "when", "action", "people")]})]


class PolicyForm(forms.ModelForm):
    error_messages = {
        "name_taken": "There is a policy of this name. Open it and edit it as a new draft."
    }

    def clean_name(self):
        name = self.cleaned_data["name"]
        if self.instance.pk is None and Policy.objects.filter(name=name).exists():
            raise forms.ValidationError(self.error_messages["name_taken"], "name_taken")
        return name


@admin.register(Policy)
class PolicyAdmin(PolicyPages, VersionedAdmin):
    about = "How soon leads are reviewed, accepted, touched, followed up, and what happens if not."
    form = PolicyForm
    change_form_template = "admin/policy_form.html"
    list_select_related = ("segment", "published_by")
    list_filter = ("state",)
    inlines = [TargetInline, StepInline]
    fields = (
        *("name", "segment", "calendar_of", "pause_hours", "after_sql"),
        *("review_calendar", "review_lead"),
    )
    publish_permission = "sla.publish_policy"
    refusals = (NotDraft,)
    drafted_from = ("published", "retired")

    def get_list_display(self, request):
        place = "buttons" if request.user.has_perm(self.publish_permission) else "place"
        return ("__str__", "standing", place, "segment", "published_by", "published_at")

    def get_readonly_fields(self, request, obj=None):
        """The name is what makes versions one policy, so only a first version's may change."""
        return ("name",) if obj and obj.version > 1 else ()

    def get_ordering(self, request):
        # What is live comes first, in the order in which it is tried.
        return (RANK, "position", "name", "-version")

    @admin.display(description="tried", ordering="position")
    def place(self, policy):
        return policy.position if policy.state == Policy.State.PUBLISHED else ""

    @admin.display(description="tried", ordering="position")
    def buttons(self, policy):
        """The place of a live policy, with the buttons that move it."""
        if policy.state != Policy.State.PUBLISHED:
            return ""
        button = (
            '<button class="move" formaction="{}" name="step" value="{}" title="Try it {}" '
            'aria-label="Try {} {}">{}</button>'
        )
        url, name = page_of(policy, "move"), policy.name
        earlier = format_html(button, url, -1, "earlier", name, "earlier", "↑")
        later = format_html(button, url, 1, "later", name, "later", "↓")
        return format_html('<span class="moves">{} {}{}</span>', policy.position, earlier, later)

    def new_draft(self, version, *, by):
        return version.draft_from_this()

    def in_words(self, form):
        return words.policy(form)
