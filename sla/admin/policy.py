from django import forms
from django.contrib import admin

from leads.admin.base import RowInline
from leads.admin.versioned import VersionedAdmin
from leads.conditions import words
from sla.models import NotDraft, Policy, Target

LONGEST = 60 * 24 * 60  # minutes: sixty days


class TargetForm(forms.ModelForm):
    minutes = forms.IntegerField(label="Within business minutes", min_value=1, max_value=LONGEST)
    warn_minutes = forms.IntegerField(
        label="Remind so many minutes before", min_value=0, max_value=LONGEST, initial=5
    )


class TargetInline(RowInline):
    model = Target
    form = TargetForm
    min_num = 1
    verbose_name_plural = "Promises"
    guide = (
        "Minutes count only while the rep's or the team's calendar is open. The owner is reminded "
        "before the deadline, unless the reminder is 0."
    )
    fieldsets = [(None, {"fields": [("clock", "minutes", "warn_minutes")]})]

    def get_formset(self, request, obj=None, **kwargs):
        return super().get_formset(request, obj, validate_min=True, **kwargs)


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
class PolicyAdmin(VersionedAdmin):
    about = "How soon a lead is accepted and first touched, by kind of lead."
    form = PolicyForm
    list_display = ("__str__", "standing", "position", "segment", "published_by", "published_at")
    list_select_related = ("segment", "published_by")
    list_filter = ("state",)
    inlines = [TargetInline]
    fields = ("name", "position", "segment")
    publish_permission = "sla.publish_policy"
    refusals = (NotDraft,)
    drafted_from = ("published", "retired")

    def get_readonly_fields(self, request, obj=None):
        """The name is what makes versions one policy, so only a first version's may change."""
        return ("name",) if obj and obj.version > 1 else ()

    def new_draft(self, version, *, by):
        return version.draft_from_this()

    def in_words(self, form):
        whom = (
            f"Leads for which {words.sentence(form['when'])}."
            if form["when"]
            else ("Every lead that no earlier policy fits.")
        )
        promises = [
            _promise(label, form["targets"][clock])
            for clock, label in Target.Clock.choices
            if clock in form["targets"]
        ]
        return [("For", [whom]), ("Promised", promises)]


def _promise(label, target):
    reminder = (
        f", with a reminder {target['warn_minutes']} before" if target["warn_minutes"] else ""
    )
    return f"{label} within {target['minutes']} business minutes{reminder}."
