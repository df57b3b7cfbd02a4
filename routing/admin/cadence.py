from django import forms
from django.contrib import admin

from leads.admin.base import RowInline
from leads.models import Score
from routing.admin.team import KeptAdmin
from routing.models import Cadence, CadenceStep
from routing.models.cadence import LONGEST


class CadenceForm(forms.ModelForm):
    tiers = forms.MultipleChoiceField(
        label="Starts by itself for tiers",
        choices=Score.Tier,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="When a lead of such a tier is accepted. None: reps start it themselves.",
    )


class StepForm(forms.ModelForm):
    text = forms.CharField(
        label="What to say",
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 2, "cols": 80}),
    )
    hours = forms.IntegerField(
        label="Hours after the start",
        min_value=1,
        max_value=LONGEST,
        error_messages={
            "min_value": "The first step is at least an hour after the start.",
            "max_value": "At most sixty days (1,440 hours).",
        },
    )


class StepInline(RowInline):
    model = CadenceStep
    form = StepForm
    min_num = 1
    verbose_name = "step"
    verbose_name_plural = "Steps"
    guide = (
        "Each step becomes a follow-up of the rep, due so many hours after the start. An answer of "
        "the lead, or a meeting, cancels what is left. What runs already keeps its steps."
    )
    fieldsets = [(None, {"fields": [("hours", "kind"), "text"]})]

    def get_formset(self, request, obj=None, **kwargs):
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(Cadence)
class CadenceAdmin(KeptAdmin):
    about = "What reps do after the first contact: mails and calls in an agreed order."
    form = CadenceForm
    list_display = ("name", "steps_in_words", "starts", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name",)
    fields = ("name", "description", "unit", "tiers", "is_active")
    inlines = [StepInline]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("steps")

    @admin.display(description="steps")
    def steps_in_words(self, cadence):
        unit = "working hours" if cadence.unit == Cadence.Unit.BUSINESS else "hours"
        steps = [f"{one.get_kind_display()} {one.hours} h" for one in cadence.steps.all()]
        return f"{', '.join(steps)} ({unit})" if steps else "No steps yet"

    @admin.display(description="starts")
    def starts(self, cadence):
        tiers = ", ".join(cadence.tiers)
        return f"By itself for tier {tiers}" if tiers else "When a rep starts it"
