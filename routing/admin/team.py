from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils import timezone

from leads.admin.base import HandoffModelAdmin, PlainChoices
from leads.conditions import words
from routing import checks
from routing.models import Pool, Rep, Seat, Team, Territory

ALL_ZERO = "Every weight is 0, so nobody would get a lead. Give at least one rep a weight."


class KeptAdmin(HandoffModelAdmin):
    """The past points at these rows, so they are never deleted."""

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Team)
class TeamAdmin(KeptAdmin):
    about = "Reps who share leads, with their manager and hours."
    list_display = ("name", "manager", "calendar")
    list_select_related = ("manager", "calendar")
    search_fields = ("name",)


@admin.register(Rep)
class RepAdmin(KeptAdmin):
    about = "Who works leads, in which team, how many, and whether they take turns now."
    list_display = ("user", "team", "in_rotation", "open_cap", "daily_cap", "calendar")
    list_select_related = ("user", "team", "calendar")
    list_filter = ("team", "in_rotation")
    search_fields = ("user__email", "user__first_name", "user__last_name")
    fieldsets = [
        (None, {"fields": ["user", "team", "calendar", "in_rotation"]}),
        ("How many leads", {"fields": [("open_cap", "daily_cap")]}),
        ("Which leads", {"fields": ["languages", "skills"]}),
    ]

    def get_readonly_fields(self, request, obj=None):
        return ("user",) if obj else ()


class SeatFormSet(BaseInlineFormSet):
    def clean(self):
        super().clean()
        weights = [form.cleaned_data.get("weight") for form in self.forms if form.is_valid()]
        if weights and not any(weights):
            raise ValidationError(ALL_ZERO)


class SeatInline(PlainChoices, admin.TabularInline):
    """The weights; who has a seat is decided by the team."""

    model = Seat
    formset = SeatFormSet
    fields = ("rep", "weight", "turns", "last_turn_at")
    readonly_fields = ("rep", "turns", "last_turn_at")
    verbose_name_plural = "Turns"
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("rep__user")


@admin.register(Pool)
class PoolAdmin(KeptAdmin):
    about = "Where leads wait for a team, and how its turns are shared out."
    list_display = ("name", "team", "turns")
    list_select_related = ("team",)
    fields = ("name", "team")
    inlines = [SeatInline]

    def get_object(self, request, object_id, from_field=None):
        """The reps of the team have seats as soon as somebody looks at their weights."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            Seat.objects.complete(found)
        return found


@admin.register(Territory)
class TerritoryAdmin(HandoffModelAdmin):
    about = "Parts of the market with somebody who answers for each; rules send leads there."
    list_display = ("name", "position", "in_words", "primary", "backup", "pool")
    list_select_related = ("segment", "primary__user", "backup__user", "pool")
    search_fields = ("name",)
    fields = ("name", "position", "segment", "primary", "backup", "pool")

    @admin.display(description="leads")
    def in_words(self, territory):
        try:
            return f"{words.sentence(territory.segment.form())}."
        except ValidationError as error:
            return " ".join(error.messages)

    def save_related(self, request, form, formsets, change):
        """Warn, and no more, of leads that are in several territories."""
        super().save_related(request, form, formsets, change)
        for sentence in checks.overlaps_of(form.instance, today=timezone.now().date()):
            self.message_user(request, sentence, messages.WARNING)
