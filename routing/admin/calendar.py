from zoneinfo import available_timezones

from django import forms
from django.contrib import admin

from leads.admin.base import ReadOnly
from routing.admin.hours_fields import ExceptionsField, HolidaysField, WeekField
from routing.admin.hours_in_words import sentences
from routing.admin.team import KeptAdmin
from routing.models import Calendar, CalendarVersion
from routing.models.calendar import office_week


class VersionForm(forms.ModelForm):
    zone = forms.ChoiceField(
        label="Time zone",
        choices=[(zone, zone) for zone in sorted(available_timezones())],
        initial="UTC",
    )
    weekly = WeekField(
        label="Hours",
        initial=office_week,
        help_text="Spans like 09:00-12:30, 13:30-18:00. Empty is closed; 22:00-06:00 runs over "
        "night; 24:00 is an end.",
    )
    holidays = HolidaysField(
        label="Closed days", required=False, help_text="One a line, for example 2026-12-25."
    )
    exceptions = ExceptionsField(
        label="Single days",
        required=False,
        help_text="Days with hours of their own, one a line: 2026-12-24 09:00-12:00.",
    )

    def has_changed(self):
        # A new calendar needs its first version, also when the hours offered are right as they are.
        return super().has_changed() or not self.empty_permitted


class AgreedInline(ReadOnly, admin.TabularInline):
    """The versions there are: they never change."""

    model = CalendarVersion
    verbose_name_plural = "Versions, newest first: clocks keep the one they started with"
    fields = ("number", "hours", "created_at")

    def hours(self, version):
        return " ".join(sentences(version))

    def get_queryset(self, request):
        return super().get_queryset(request).order_by("-number")


class NewVersionInline(admin.StackedInline):
    """A form for one more version, filled in with the hours that hold now."""

    model = CalendarVersion
    form = VersionForm
    verbose_name = "hours from now on: what you change here becomes a new version"
    classes = ["single"]
    fields = ("zone", "weekly", "holidays", "exceptions")
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
            names = ("zone", "weekly", "holidays", "exceptions")
            kwargs["initial"] = [{name: getattr(newest, name) for name in names}]
        return kwargs
