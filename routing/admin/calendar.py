from datetime import date

from django import forms
from django.contrib import admin
from django.utils import timezone

from leads.admin.base import ReadOnly
from routing.admin import calendar_preview
from routing.admin.hours_fields import (
    DaysOffField,
    ExceptionsField,
    PlaceField,
    WeekField,
    ZoneField,
)
from routing.admin.team import KeptAdmin
from routing.hours_in_words import changes, sentences
from routing.models import Calendar, CalendarVersion
from routing.models.calendar import office_week
from routing.public_holidays import YEARS_AHEAD

TYPED = ("zone", "weekly", "holidays", "exceptions")


class CalendarForm(forms.ModelForm):
    class Meta:
        model = Calendar
        fields = ("name",)

    def is_valid(self):
        # Who asks for a preview is shown the page once more; nothing is saved.
        return super().is_valid() and "_preview" not in self.data


class VersionForm(forms.ModelForm):
    zone = ZoneField(
        label="Time zone", initial="UTC", help_text="Start typing a city, for example Berlin."
    )
    weekly = WeekField(
        label="Hours",
        initial=office_week,
        required=False,
        help_text="A day without hours is closed. 22:00 to 06:00 runs over night and belongs to "
        "the day on which it begins; 24:00 is an end. Spans of one day must not overlap.",
    )
    place = PlaceField(
        label="Public holidays of",
        help_text="A country, or a region of one: start typing its name or code. Their dates are "
        f"written into the version, {YEARS_AHEAD} years ahead; each January a new one adds a year.",
    )
    holidays = DaysOffField(
        label="Own days off",
        required=False,
        help_text="The name is shown where a deadline is explained. Empty rows count nothing; "
        "three more come with each saving.",
    )
    exceptions = ExceptionsField(
        label="Days with hours of their own",
        required=False,
        help_text="They win over the week, and over a holiday. A date without hours is closed.",
    )

    class Meta:
        model = CalendarVersion
        fields = TYPED

    def has_changed(self):
        # A new calendar needs its first version, also when the hours offered are right as they are.
        return super().has_changed() or not self.empty_permitted

    def clean(self):
        super().clean()
        cleaned = self.cleaned_data
        if "place" in cleaned:
            self.instance.observe(*cleaned["place"], today=timezone.localdate())
        if "weekly" in cleaned and not cleaned["weekly"]:
            self.add_error("weekly", "There are no hours: nothing could ever be due.")
        return cleaned


class AgreedInline(ReadOnly, admin.TabularInline):
    """The versions there are: they never change."""

    model = CalendarVersion
    verbose_name_plural = "Versions, newest first: clocks keep the one they started with"
    fields = ("number", "hours", "changed", "created_at")

    def hours(self, version):
        return " ".join(sentences(version))

    @admin.display(description="what it changed")
    def changed(self, version):
        before = version.calendar.versions.filter(number__lt=version.number).first()
        return " ".join(changes(before, version))

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("calendar").order_by("-number")


class NewVersionInline(admin.StackedInline):
    """A form for one more version, filled in with the hours that hold now."""

    model = CalendarVersion
    form = VersionForm
    verbose_name = "hours from now on: what you change here becomes a new version"
    classes = ["single"]
    fields = ("zone", "weekly", "place", "holidays", "exceptions")
    max_num = 1
    can_delete = False

    def get_queryset(self, request):
        return super().get_queryset(request).none()

    def get_min_num(self, request, obj=None, **kwargs):
        return 0 if obj and obj.versions.exists() else 1

    def get_extra(self, request, obj=None, **kwargs):
        return 1 - self.get_min_num(request, obj)


@admin.register(Calendar)
class CalendarAdmin(KeptAdmin):
    about = "Working hours and holidays, by which deadlines are counted."
    form = CalendarForm
    change_form_template = "admin/calendar_form.html"
    list_display = ("name", "hours")
    inlines = [AgreedInline, NewVersionInline]

    def hours(self, calendar):
        newest = calendar.versions.first()
        return sentences(newest)[0] if newest else "No hours yet"

    def get_inlines(self, request, obj):
        return super().get_inlines(request, obj) if obj else [NewVersionInline]

    def get_formset_kwargs(self, request, obj, inline, prefix):
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        newest = obj.versions.first() if obj.pk else None
        if newest and isinstance(inline, NewVersionInline):
            initial = {name: getattr(newest, name) for name in TYPED}
            kwargs["initial"] = [initial | {"place": (newest.country, newest.region)}]
        return kwargs

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        version, typed = _shown(context, obj)
        asked = request.POST.get("preview_from") or request.GET.get("preview_from") or ""
        try:
            start = date.fromisoformat(asked)
        except ValueError:
            start = timezone.localdate()
        if version:
            context |= {
                "weeks": calendar_preview.weeks(version, start),
                "preview_zone": version.zone,
                "preview_is_typed": typed,
            }
        if obj:
            context["users"] = calendar_preview.users_of(obj, request, self.admin_site)
        context["preview_from"] = start
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


def _shown(context, calendar):
    """Return the version that the preview shows, and whether it is only typed so far."""
    forms_shown = (form for inline in context["inline_admin_formsets"] for form in inline.formset)
    for form in forms_shown:
        typed = isinstance(form, VersionForm) and form.is_bound
        if typed and form.is_valid() and form.has_changed():
            return form.instance, True
    return (calendar.versions.first() if calendar else None), False
